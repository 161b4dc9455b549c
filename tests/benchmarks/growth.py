"""How the mart's SQL grows: the whole dbt build on panels 1, 10 and 100 times as large, with time, memory and growth exponents.

``python -m tests.benchmarks.growth [--sizes 1,10,100]`` takes the raw tables of a refresh (of the sample, where there is no mirror
of the real files) and exits with 1 when the build grows faster than size ** 1.1 between the two largest sizes. Judged is processor
time, which suffers less from neighbours on the machine than SQL time does, above that of the smallest build, where most is dbt's own.

The panel is made larger by copies of the whole world: copy i of a state has its code plus 10000 * i, and so on for treaties, disputes,
wars, rivalries and labels, in every raw table and mapping seed. The major powers are those of the first copy: each is in every state's
environment, and more of them would be another question, not a larger panel. Trade differs a little between copies and shares of world
capability are divided by their number, because tests forbid two states the same totals and want the shares to sum to one. Columns of
the selectorate deposit that no model reads are left out.

SQL time is what dbt's log says each statement of a node took, summed; two nodes at a time share two threads, so that the sum may
exceed the wall. On a machine in use by others it is inflated, two or three times at a load of 6 on two cores: mind the load average printed.
Seeds are loaded beforehand: dbt reads them row by row in Python, and mapping lists grow with the sources, not with the panel. Above
the size of 1 the tests that compare with golden figures are left out, for those are of one world.
"""

import argparse
import itertools
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
    **{table: {"ccode": STATE} for table in ("state_system_spells", "state_system_years", "external_threat")},
    **{table: {"ccode": STATE} for table in ("national_capabilities", "national_trade", "allen_digiuseppe_2013")},
    "atop": {"atopid": RECORD, "member": STATE},
    "atop_alliances": {"atopid": RECORD},
    "mid_disputes": {"dispnum": RECORD},
    "mid_participants": {"dispnum": RECORD, "ccode": STATE},
    "direct_contiguity": {"state1no": STATE, "state2no": STATE},
    "interstate_wars": {"WarNum": RECORD, "ccode": STATE},
    "rivalries_tss": {"tssr_id": RECORD, "ccode1": STATE, "ccode2": STATE},
    "rivalries_td": {"rivalryno": RECORD, "ccode1": STATE, "ccode2": STATE},
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
    **dict.fromkeys(("polity5", "selectorate_w4", "selectorate_deposit"), "ccode"),
    **dict.fromkeys(("country_mappings", "country_mappings_maddison"), "label"),
}
VARIED = {  # what a number becomes in copy i of so many
    "national_trade": {"imports": "{number} + 0.0123 * i", "exports": "{number} + 0.0457 * i"},
    "national_capabilities": {"cinc": "{number} / {size}"},
}
READ = {"selectorate_deposit": "country_name, ccode, year, RegType, LegislativeSelection, xrcomp, xropen, parcomp"}

LAYERS = ("staging", "intermediate", "marts")
GROUPS = {layer: (layer,) for layer in LAYERS}
GROUPS |= {"models": LAYERS, "data tests": ("test",), "unit tests": ("unit_test",)}


@dataclass(frozen=True)
class Build:
    """One dbt build. By node: layer (or kind of test), seconds of SQL, and seconds in which dbt executed it, its own Python
    included. Of the process: seconds of wall and of processor, peak memory in MB. And the state-years built."""

    layer: dict[str, str]
    sql: dict[str, float]
    execution: dict[str, float]
    wall: float
    cpu: float
    peak_mb: float
    state_years: int


def copies_of(table: str, relation: str, size: int) -> str:
    """The select that repeats a table of text once per copy of the world; copy 0 keeps its codes and labels."""
    changed = {
        column: f"""cast(cast(cast("{column}" as double) as bigint) + {step} * i as varchar)"""
        for column, step in STEPS.get(table, {}).items()
    }
    for column, formula in VARIED.get(table, {}).items():
        number = f'cast("{column}" as double)'
        changed[column] = f'if({number} < 0, "{column}", cast({formula.format(number=number, size=size)} as varchar))'
    if label := LABELS.get(table):
        changed[label] = f"""if(i = 0, "{label}", i || '#' || "{label}")"""
    replaced = ", ".join(f'{expression} as "{column}"' for column, expression in changed.items())
    world = f"(select * replace ({replaced}) from {relation} cross join range({size}) as copies(i))"
    return f"select {READ.get(table, '* exclude (i)')} from {world}"


def multiply(raw: Path, folder: Path, size: int) -> None:
    """Raw tables and a dbt project of a world ``size`` times as large, in ``folder``."""
    (folder / "raw").mkdir()
    project = folder / "dbt_project"
    shutil.copytree(REPOSITORY / "dbt_project", project)
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(folder / "spill")}) as connection:
        for source in sorted(raw.glob("*.parquet")):
            copy = folder / "raw" / source.name
            if source.stem in STEPS or source.stem in LABELS:
                connection.execute(f"""copy ({copies_of(source.stem, f"'{source}'", size)}) to '{copy}'""")
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
    options = {
        "project-dir": folder / "dbt_project",
        "profiles-dir": folder / "dbt_project",
        "target-path": folder / "target",
        "log-path": folder / "logs",
        "log-format-file": "json",
        "log-file-max-bytes": 0,  # one file, however long
    }
    common = [f"--{name}={value}" for name, value in options.items()] + [f"--exclude={nodes}" for nodes in exclude]
    places = {"WAREHOUSE_RAW_DIR": str(folder / "raw"), "WAREHOUSE_BUILD_PATH": str(folder / "build.duckdb")}

    def dbt(*arguments: str) -> tuple[float, float, float]:
        started = time.perf_counter()
        with open(folder / "console", "w+") as console:
            process = subprocess.Popen([DBT, *arguments, *common], env=os.environ | places, stdout=console)
            _, status, usage = os.wait4(process.pid, 0)  # the peak of this process alone, unlike RUSAGE_CHILDREN
            if status:
                console.seek(0)
                sys.exit("".join(line for line in console if "PASS" not in line and "START" not in line))
        return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

    dbt("seed")
    (folder / "logs" / "dbt.log").unlink()
    wall, cpu, peak_mb = dbt("build", "--exclude-resource-type=seed")
    layer, sql, execution = {}, defaultdict(float), {}
    for result in json.loads((folder / "target" / "run_results.json").read_text())["results"]:
        node = result["unique_id"]
        kind = node.split(".")[0]
        layer[node] = result["relation_name"].split('"')[3] if kind == "model" else kind
        span = next(timing for timing in result["timing"] if timing["name"] == "execute")
        begun, ended = (datetime.fromisoformat(span[end]) for end in ("started_at", "completed_at"))
        execution[node] = (ended - begun).total_seconds()
    for line in (folder / "logs" / "dbt.log").read_text().splitlines():
        event = json.loads(line)
        if event["info"]["name"] == "SQLQueryStatus" and "node_info" in event["data"]:
            sql[event["data"]["node_info"]["unique_id"]] += event["data"]["elapsed"]
    with duckdb.connect(str(folder / "build.duckdb"), read_only=True) as connection:
        state_years = connection.execute("select count(*) from marts.country_years").fetchone()[0]
    return Build(layer, sql, execution, wall, cpu, peak_mb, state_years)


def refresh(folder: Path) -> tuple[Path, bool]:
    """Raw tables of a refresh, and whether they are real."""
    mirror = find_mirror()
    source = [str(mirror), "--offline"] if mirror else ["sample"]
    environment = os.environ | {"WAREHOUSE_DATA_DIR": str(folder / "data")}
    subprocess.run([WAREHOUSE, "run", "--sources", *source], env=environment, check=True, stdout=subprocess.DEVNULL)
    return folder / "data" / "raw", mirror is not None


def report(builds: dict[int, Build]) -> float:
    """Print the table; the growth exponent by which the benchmark judges."""
    sizes = sorted(builds)
    largest = builds[sizes[-1]]
    common = set.intersection(*(set(build.layer) for build in builds.values()))

    def row(name: str, figures: list[float], digits: int = 2) -> None:
        pairs = itertools.pairwise(zip(sizes, figures, strict=True))
        growths = [math.log(found / before) / math.log(size / smaller) for (smaller, before), (size, found) in pairs]
        cells = [f"{figure:12,.{digits}f}" for figure in figures] + [f"{growth:14.2f}" for growth in growths]
        print(f"{name:44}" + "".join(cells))

    heads = [f"{f'{size}x':>12}" for size in sizes] + [f"{f'{a}x to {b}x':>14}" for a, b in itertools.pairwise(sizes)]
    print(f"\n{'':44}" + "".join(heads))
    row("state-years", [builds[size].state_years for size in sizes], 0)
    for name, layers in GROUPS.items():
        nodes = [node for node in common if largest.layer[node] in layers]
        row(f"SQL of {name}, s", [sum(builds[size].sql[node] for node in nodes) for size in sizes])
    row("with dbt's own work on these nodes, s", [sum(builds[size].execution[n] for n in common) for size in sizes])
    row("dbt build, wall, s", [builds[size].wall for size in sizes])
    row("dbt build, processor, s", [builds[size].cpu for size in sizes])
    row("dbt build, peak memory, MB", [builds[size].peak_mb for size in sizes], 0)
    print(f"\nthe {SLOWEST} slowest nodes at {sizes[-1]}x, s of SQL")
    for node in sorted(common, key=largest.sql.__getitem__, reverse=True)[:SLOWEST]:
        name = re.sub(r"\.[0-9a-f]{10}$", "", node).split(".")[-1]
        row(name[:43], [builds[size].sql[node] for size in sizes])
    own, before, found = (builds[size].cpu for size in (sizes[0], sizes[-2], sizes[-1]))
    return math.log((found - own) / (before - own)) / math.log((sizes[-1] - sizes[0]) / (sizes[-2] - sizes[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1,10,100", help="three or more, comma-separated, ascending")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    builds = {}
    with tempfile.TemporaryDirectory(prefix="growth") as temporary:
        raw, is_real = refresh(Path(temporary))
        for size in sizes:
            folder = Path(temporary) / f"world{size}"
            folder.mkdir()
            multiply(raw, folder, size)
            golden = ["tag:real_data"] if not is_real else ["tag:real_data,test_type:singular"] if size > 1 else []
            builds[size] = build(folder, golden)
            shutil.rmtree(folder)
            print(f"{size}x: {len(builds[size].layer)} nodes, load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
    growth = report(builds)
    if 1 in builds:
        seconds, executing = sum(builds[1].sql.values()), sum(builds[1].execution.values())
        print(f"\nall models and tests at 1x: {seconds:.2f} s of SQL (under {MOST_SECONDS:.0f}),")
        print(f"{executing:.2f} s with dbt's own work, added up over two threads that wait for each other")
    print(f"growth exponent of the build, {sizes[-2]}x to {sizes[-1]}x: {growth:.2f} (at most {MOST_GROWTH})")
    sys.exit(growth > MOST_GROWTH)


if __name__ == "__main__":
    main()
