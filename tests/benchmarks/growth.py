"""How the mart's SQL grows: the whole dbt build on panels 1, 10 and 100 times as large, with time, memory and growth exponents.

``python -m tests.benchmarks.growth [--sizes 1,10,100]``; exits with 1 when the models' SQL time, between the two largest sizes, grows
faster than size ** 1.1. The panel is made larger by copies of the whole world: copy i of a state has its code plus 10000 * i, and the
same goes for treaties, disputes, wars, rivalries and labels in every raw table and mapping seed. Three things of the world stay as
they are. The major powers are those of the first copy: they are in every state's environment, so more of them would be another
question, not a larger panel. Trade differs a little between copies, because a test forbids two states the same totals. Codes of the
selectorate deposit's 127 columns that nothing reads are left out.

SQL time is dbt's own, of each node from the end of its compilation to the end of its execution, summed: two nodes at a time share two
threads. Seeds are loaded beforehand: dbt reads them row by row in Python, and mapping lists do not grow with the panel but with the
number of sources. Above the size of 1 the tests that compare with golden figures are left out, for those are of one world.
"""

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from tests.conftest import REPOSITORY, WAREHOUSE, find_mirror

DBT = WAREHOUSE.with_name("dbt")
MEMORY_LIMIT = "4GB"  # of DuckDB; dbt itself comes on top
MOST_GROWTH = 1.1
MOST_SECONDS = 10.0  # of SQL, for all models and tests at size 1
SLOWEST = 12

STATE, RECORD = 10_000, 100_000  # steps from copy to copy: COW-like codes reach 8152 in ATOP, record numbers 7050
STEPS = {
    "state_system_spells": {"ccode": STATE},
    "state_system_years": {"ccode": STATE},
    "atop": {"atopid": RECORD, "member": STATE},
    "atop_alliances": {"atopid": RECORD},
    "national_capabilities": {"ccode": STATE},
    "allen_digiuseppe_2013": {"ccode": STATE},
    "mid_disputes": {"dispnum": RECORD},
    "mid_participants": {"dispnum": RECORD, "ccode": STATE},
    "direct_contiguity": {"state1no": STATE, "state2no": STATE},
    "interstate_wars": {"WarNum": RECORD, "ccode": STATE},
    "national_trade": {"ccode": STATE},
    "rivalries_tss": {"tssr_id": RECORD, "ccode1": STATE, "ccode2": STATE},
    "rivalries_td": {"rivalryno": RECORD, "ccode1": STATE, "ccode2": STATE},
    "external_threat": {"ccode": STATE},
    "country_mappings": {"cow_code": STATE},
    "country_mappings_maddison": {"cow_code": STATE},
    "state_code_corrections": {"record_number": RECORD, "published_code": STATE, "cow_code": STATE},
}
LABELS = {
    "gapminder_infant_mortality": "Infant mortality rate",
    "gapminder_infant_mortality_2010": "Infant Mortality Rate",
    "world_bank_infant_mortality": "Country Code",
    "clio_infra_infant_mortality": "country",
    "child_mortality": "Entity",
    "maddison": "countrycode",
    "polity5": "ccode",
    "selectorate_w4": "ccode",
    "selectorate_deposit": "ccode",
    "country_mappings": "label",
    "country_mappings_maddison": "label",
}
VARIED = {"national_trade": {"imports": 0.0123, "exports": 0.0457}}
READ = {
    "selectorate_deposit": "country_name, ccode, year, RegType, LegislativeSelection, xrcomp, xropen, parcomp".split(", ")
}


@dataclass(frozen=True)
class Build:
    """One dbt build: seconds of SQL by node, seconds of the process, its peak memory in MB, and state-years."""

    sql: dict[str, float]
    kinds: dict[str, str]
    wall: float
    peak_mb: float
    state_years: int

    def seconds(self, kind: str, nodes: set[str]) -> float:
        return sum(self.sql[node] for node in nodes if kind in ("all nodes", self.kinds[node]) or kind == self.layer(node))

    def layer(self, node: str) -> str:
        return "models" if self.kinds[node] in ("staging", "intermediate", "marts") else self.kinds[node]


def copies_of(table: str, relation: str, size: int) -> str:
    """The select that repeats a table of text once per copy of the world; copy 0 keeps its labels as they are."""
    changed = {
        column: f"""cast(cast(cast("{column}" as double) as bigint) + {step} * i as varchar)"""
        for column, step in STEPS.get(table, {}).items()
    }
    for column, step in VARIED.get(table, {}).items():
        number = f'cast("{column}" as double)'
        changed[column] = f"""if({number} < 0 or i = 0, "{column}", cast({number} + {step} * i as varchar))"""
    if label := LABELS.get(table):
        changed[label] = f"""if(i = 0, "{label}", i || '#' || "{label}")"""
    columns = ", ".join(f'"{column}"' for column in READ[table]) if table in READ else "* exclude (i)"
    replaced = ", ".join(f'{expression} as "{column}"' for column, expression in changed.items())
    world = f"(select * replace ({replaced}) from {relation} cross join range({size}) as copies(i))"
    return f"select {columns} from {world}"


def multiply(raw: Path, folder: Path, size: int) -> None:
    """Raw tables and a dbt project of a world ``size`` times as large, in ``folder``."""
    (folder / "raw").mkdir()
    project = folder / "dbt_project"
    shutil.copytree(REPOSITORY / "dbt_project", project)
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(folder / "spill")}) as connection:
        for source in sorted(raw.glob("*.parquet")):
            copy = folder / "raw" / source.name
            if source.stem in STEPS or source.stem in LABELS:
                select = copies_of(source.stem, f"'{source}'", size)
                connection.execute(f"copy ({select}) to '{copy}'")
            else:  # major powers, and tables that only tests of golden figures read
                shutil.copy(source, copy)
        for seed in sorted((project / "seeds").glob("*.csv")):
            if seed.stem in STEPS:
                rows = f"read_csv('{REPOSITORY / 'dbt_project' / 'seeds' / seed.name}', all_varchar = true)"
                connection.execute(f"copy ({copies_of(seed.stem, rows, size)}) to '{seed}' (header)")
    # A state's region is read off its code: off the code it has in the first copy. And DuckDB gets its memory limit.
    replace_in(project / "macros" / "cow_region.sql", "{{ cow_code }}", f"{{{{ cow_code }}}} % {STATE}")
    replace_in(project / "profiles.yml", "threads: 2", f"threads: 2\n      settings: {{memory_limit: {MEMORY_LIMIT}}}")


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if old not in text:
        sys.exit(f"{path.name} no longer says {old!r}: the benchmark's copy of the project needs another way")
    path.write_text(text.replace(old, new))


def build(folder: Path, exclude: list[str]) -> Build:
    """Seeds first, untimed; then everything else, timed."""
    project = folder / "dbt_project"
    common = ["--project-dir", project, "--profiles-dir", project, "--target-path", folder / "target"]
    common += ["--log-path", folder / "logs"]
    environment = os.environ | {
        "WAREHOUSE_RAW_DIR": str(folder / "raw"),
        "WAREHOUSE_BUILD_PATH": str(folder / "build.duckdb"),
    }

    def dbt(*arguments: str | Path) -> tuple[float, float]:
        command = [DBT, *arguments, *common, *(["--exclude", *exclude] if exclude else [])]
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)  # unlike RUSAGE_CHILDREN, the peak of this process alone
        if status:
            log = (folder / "logs" / "dbt.log").read_text().splitlines()
            sys.exit("\n".join(["dbt failed:", *log[-60:]]))
        return time.perf_counter() - started, usage.ru_maxrss / 1024

    dbt("seed")
    wall, peak_mb = dbt("build", "--exclude-resource-type", "seed")
    run = json.loads((folder / "target" / "run_results.json").read_text())
    manifest = json.loads((folder / "target" / "manifest.json").read_text())
    sql, kinds = {}, {}
    for result in run["results"]:
        node = result["unique_id"]
        execute = next(timing for timing in result["timing"] if timing["name"] == "execute")
        begun, ended = (datetime.fromisoformat(execute[key]) for key in ("started_at", "completed_at"))
        sql[node] = (ended - begun).total_seconds()
        kind = node.split(".")[0]
        kinds[node] = manifest["nodes"][node]["fqn"][1] if kind == "model" else {"test": "data tests"}.get(kind, "unit tests")
    with duckdb.connect(str(folder / "build.duckdb"), read_only=True) as connection:
        state_years = connection.execute("select count(*) from marts.country_years").fetchone()[0]
    return Build(sql, kinds, wall, peak_mb, state_years)


def refresh(folder: Path) -> tuple[Path, bool]:
    """Raw tables of a refresh, and whether they are real."""
    mirror = find_mirror()
    source = [str(mirror), "--offline"] if mirror else ["sample"]
    environment = os.environ | {"WAREHOUSE_DATA_DIR": str(folder / "data")}
    subprocess.run([WAREHOUSE, "run", "--sources", *source], env=environment, check=True, stdout=subprocess.DEVNULL)
    return folder / "data" / "raw", mirror is not None


def exponent(small: float, large: float, growth: float) -> float:
    return math.log(large / small) / math.log(growth)


def report(builds: dict[int, Build]) -> float:
    """Print the table; the exponent of the models' SQL time between the two largest sizes."""
    sizes = sorted(builds)
    common = set.intersection(*(set(build.sql) for build in builds.values()))

    def row(name: str, figures: list[float], digits: int = 2) -> float:
        growths = [exponent(figures[n], figures[n + 1], sizes[n + 1] / sizes[n]) for n in range(len(sizes) - 1)]
        cells = "".join(f"{figure:12,.{digits}f}" for figure in figures) + "".join(f"{growth:14.2f}" for growth in growths)
        print(f"{name:44}{cells}")
        return growths[-1] if growths else 0.0

    steps = "".join(f"{f'{a}x to {b}x':>14}" for a, b in zip(sizes, sizes[1:], strict=False))
    print(f"\n{'':44}" + "".join(f"{f'{size}x':>12}" for size in sizes) + steps)
    row("state-years", [builds[size].state_years for size in sizes], 0)
    growth = 0.0
    for kind in ("staging", "intermediate", "marts", "models", "data tests", "unit tests"):
        found = row(f"SQL of {kind}, s", [builds[size].seconds(kind, common) for size in sizes])
        growth = found if kind == "models" else growth
    row("dbt build, wall, s", [builds[size].wall for size in sizes])
    row("dbt build, peak memory, MB", [builds[size].peak_mb for size in sizes], 0)
    print(f"\nthe {SLOWEST} slowest nodes at {sizes[-1]}x, s of SQL")
    for node in sorted(common, key=builds[sizes[-1]].sql.__getitem__, reverse=True)[:SLOWEST]:
        row(re.sub(r"\.[0-9a-f]{10}$", "", node).split(".")[-1][:43], [builds[size].sql[node] for size in sizes])
    return growth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1,10,100", help="comma-separated, ascending")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    builds: dict[int, Build] = defaultdict()
    with tempfile.TemporaryDirectory(prefix="growth") as temporary:
        raw, is_real = refresh(Path(temporary))
        for size in sizes:
            folder = Path(temporary) / f"world{size}"
            folder.mkdir()
            multiply(raw, folder, size)
            golden = ["tag:real_data,test_type:singular"] if is_real and size > 1 else []
            builds[size] = build(folder, golden if is_real else ["tag:real_data"])
            shutil.rmtree(folder)
            print(f"{size}x: {len(builds[size].sql)} nodes built in {builds[size].wall:.1f} s", file=sys.stderr)
    growth = report(builds)
    if 1 in builds:
        print(f"\nall models and tests at 1x: {sum(builds[1].sql.values()):.2f} s of SQL (under {MOST_SECONDS:.0f})")
    print(f"growth exponent of the models' SQL: {growth:.2f} (at most {MOST_GROWTH})")
    sys.exit(growth > MOST_GROWTH)


if __name__ == "__main__":
    main()
