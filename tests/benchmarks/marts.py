"""The SQL of models and data tests in worlds 1, 10 and 100 times as large: seconds, memory and growth exponents.

The SQL is what dbt compiles, run node after node in DuckDB alone. The part refresh measures what dbt adds, which does
not grow with the panel. A failing test ends the benchmark, because the larger world is then invalid. Tests against
golden figures run at size 1 only, since the figures are those of one world. The dyad-years are another part. DuckDB is
limited to 4 GB, so that a large world spills to disk. Seeds are loaded before the measurement.
"""

import json
import shutil
from pathlib import Path

from tests.benchmarks.alone import BIN, Run, alone, process, timed
from tests.benchmarks.measurement import Measurement, growth
from tests.benchmarks.workspace import Workspace
from tests.benchmarks.world import MEMORY_LIMIT, multiply

MOST_SECONDS = 2.0  # of the models' SQL at size 1
MOST_MEMORY = 4608.0  # MB of the process: DuckDB's limit, and what it does not count
WHAT = {"model": "models' SQL", "test": "data tests' SQL"}


def measure(workspace: Workspace) -> list[Measurement]:
    folder = workspace.part("marts")
    runs: dict[int, list[Run]] = {}
    for size in workspace.sizes:
        world = folder / f"world{size}"
        alone(multiply, workspace.data / "raw", world, size)
        compile_sql(world, workspace.excluded + ([] if size == 1 else ["tag:real_data,test_type:singular"]))
        runs[size] = [alone(run_sql, world) for _ in range(workspace.rounds if size == 1 else 1)]
        shutil.rmtree(world)
    first, last = workspace.sizes[0], workspace.sizes[-1]
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
    what = f"{runs[last][0].found['state_years']:,} state-years, peak memory, DuckDB limited to {MEMORY_LIMIT}"
    found.append(Measurement("marts", what, "MB", peaks, target=MOST_MEMORY))
    return found


def compile_sql(world: Path, excluded: list[str]) -> None:
    """Make world/seeded.duckdb with the seeds, and world/target/manifest.json with the SQL."""
    options = {
        "project-dir": world / "dbt_project",
        "profiles-dir": world / "dbt_project",
        "target-path": world / "target",
        "log-path": world / "logs",
    }
    common = [f"--{name}={value}" for name, value in options.items()] + [f"--exclude={nodes}" for nodes in excluded]
    variables = {"WAREHOUSE_RAW_DIR": str(world / "raw"), "WAREHOUSE_BUILD_PATH": str(world / "build.duckdb")}
    variables["WAREHOUSE_DBT_TARGET"] = "build"
    for command in ("seed", "compile"):
        process([BIN / "dbt", command, *common], **variables)
    (world / "build.duckdb").rename(world / "seeded.duckdb")


def run_sql(world: str) -> dict:
    """Build and test the world from its seeds: seconds and processor time of models and tests, and time by node."""
    import duckdb

    folder = Path(world)
    database = folder / "build.duckdb"  # the name that the SQL uses
    shutil.copy(folder / "seeded.duckdb", database)
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    by_node: dict[str, dict[str, float]] = {}
    with duckdb.connect(
        str(database), config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(folder / "spill")}
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
