"""The SQL of models and data tests in worlds 1, 10 and 100 times as large: seconds, memory and growth exponents.

The SQL is what dbt compiles, run node after node in bare DuckDB; what dbt adds is in the part refresh, and does not grow with the panel. A
test that fails ends the benchmark, for then the larger world is not a sound one. Tests that compare with golden figures are left out above
the size of 1, for those are of one world; the dyad-years have a part of their own. DuckDB is held to 4 GB, so that a large world spills.
Seeds are loaded beforehand.
"""

import json
import shutil
from pathlib import Path

from tests.benchmarks.alone import BIN, Run, alone, process, timed
from tests.benchmarks.measurement import Measurement, growth
from tests.benchmarks.place import Place
from tests.benchmarks.world import MEMORY_LIMIT, multiply

MOST_SECONDS = 2.0  # of the models' SQL at size 1
MOST_MEMORY = 4608.0  # MB of the process: DuckDB's limit, and what it does not count
WHAT = {"model": "models' SQL", "test": "data tests' SQL"}


def measure(place: Place) -> list[Measurement]:
    folder = place.part("marts")
    runs: dict[int, list[Run]] = {}
    for size in place.sizes:
        world = folder / f"world{size}"
        alone(multiply, place.data / "raw", world, size)
        compile_sql(world, place.left_out + ([] if size == 1 else ["tag:real_data,test_type:singular"]))
        runs[size] = [alone(run_sql, world) for _ in range(place.rounds if size == 1 else 1)]
        shutil.rmtree(world)
    first, last = place.sizes[0], place.sizes[-1]
    peak_mb = max(run.peak_mb for run in runs[first])
    found = [
        Measurement(
            "marts",
            f"{what} at 1x",
            "s",
            [run.found[kind]["seconds"] for run in runs[first]],
            target=MOST_SECONDS if kind == "model" else None,
            peak_mb=peak_mb,
        )
        for kind, what in WHAT.items()
    ]
    common = set.intersection(*(set(run.found["cpu_by_node"]) for taken in runs.values() for run in taken))
    for kind, what in WHAT.items():
        nodes = [node for node in common if node.startswith(f"{kind}.")]
        cpu = {s: [sum(run.found["cpu_by_node"][n] for n in nodes) for run in taken] for s, taken in runs.items()}
        found += growth("marts", f"{what}, processor time", cpu)
    peaks = [run.peak_mb for run in runs[last]]
    what = f"{runs[last][0].found['state_years']:,} state-years, peak memory, DuckDB held to {MEMORY_LIMIT}"
    found.append(Measurement("marts", what, "MB", peaks, target=MOST_MEMORY))
    return found


def compile_sql(world: Path, left_out: list[str]) -> None:
    """world/seeded.duckdb, which has the seeds, and world/target/manifest.json, which has the SQL."""
    options = {
        "project-dir": world / "dbt_project",
        "profiles-dir": world / "dbt_project",
        "target-path": world / "target",
        "log-path": world / "logs",
    }
    common = [f"--{name}={value}" for name, value in options.items()] + [f"--exclude={nodes}" for nodes in left_out]
    places = {"WAREHOUSE_RAW_DIR": str(world / "raw"), "WAREHOUSE_BUILD_PATH": str(world / "build.duckdb")}
    for command in ("seed", "compile"):
        process([BIN / "dbt", command, *common], **places)
    (world / "build.duckdb").rename(world / "seeded.duckdb")


def run_sql(world: str) -> dict:
    """Build and test the world from its seeds: seconds and processor time of models and of tests, the latter also by node."""
    import duckdb

    place = Path(world)
    database = place / "build.duckdb"  # the name by which the SQL calls it
    shutil.copy(place / "seeded.duckdb", database)
    nodes = json.loads((place / "target" / "manifest.json").read_text())["nodes"]
    by_node: dict[str, dict[str, float]] = {}
    with duckdb.connect(
        str(database), config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(place / "spill")}
    ) as connection:
        for schema in ("staging", "intermediate", "marts"):
            connection.execute(f"create schema {schema}")
        for name in in_order(nodes):
            node = nodes[name]
            if node["resource_type"] == "model":
                create = f"create table {node['schema']}.{node['name']} as {node['compiled_code']}"
                by_node[name] = timed(lambda create=create: connection.execute(create))[0]
            else:
                count = f"select count(*) from ({node['compiled_code']})"
                by_node[name], failing = timed(lambda count=count: connection.execute(count).fetchone()[0])
                if failing and node["config"]["severity"].lower() == "error":
                    raise AssertionError(f"{name} found {failing} rows")
        state_years = connection.execute("select count(*) from marts.country_years").fetchone()[0]
    sums = {
        kind: {
            unit: sum(taken[unit] for name, taken in by_node.items() if name.startswith(f"{kind}."))
            for unit in ("seconds", "cpu")
        }
        for kind in WHAT
    }
    return sums | {"cpu_by_node": {name: taken["cpu"] for name, taken in by_node.items()}, "state_years": state_years}


def in_order(nodes: dict[str, dict]) -> list[str]:
    """Compiled models, each after those it reads, and then the tests."""
    order: list[str] = []

    def visit(name: str) -> None:
        node = nodes.get(name)
        if node is None or name in order or node["resource_type"] != "model" or not node.get("compiled_code"):
            return
        for needed in node["depends_on"]["nodes"]:
            visit(needed)
        order.append(name)

    for name in nodes:
        visit(name)
    return order + [n for n, node in nodes.items() if node["resource_type"] == "test" and node.get("compiled_code")]
