"""The SQL of models and data tests, in dbt builds of worlds 1, 10 and 100 times as large: seconds, memory and growth exponents.

SQL time is what dbt's log says each statement of a node took, summed; two nodes at a time share two threads, so that the sum may exceed the
wall, and on a machine in use by others it is inflated. The exponent of the whole build is therefore taken on processor time above that of the
smallest, most of which is dbt's own. Seeds are loaded beforehand: dbt reads them row by row in Python, and mapping lists grow with the
sources, not with the panel. The tests that compare with golden figures are left out above the size of 1, for those are of one world; the
dyad-years have a part of their own. DuckDB is held to 4 GB, so that a large world spills.
"""

import json
import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.alone import BIN, Run, alone, process
from tests.benchmarks.measurement import MOST_GROWTH, Measurement, exponent, growth
from tests.benchmarks.place import Place
from tests.benchmarks.world import multiply

MOST_SECONDS = 2.0  # of the models' SQL at size 1
MOST_MEMORY = 5120.0  # MB of the dbt process: DuckDB's 4 GB and dbt's own
KINDS = {"model": "models' SQL", "test": "data tests' SQL"}


@dataclass(frozen=True)
class Build:
    """One dbt build: seconds of SQL by node, and the process."""

    sql: dict[str, float]
    run: Run

    def seconds(self, kind: str, nodes: set[str] | None = None) -> float:
        """SQL of the nodes of one kind ("model", "test"), of those named if any are."""
        return sum(
            s for node, s in self.sql.items() if node.startswith(f"{kind}.") and (nodes is None or node in nodes)
        )


def measure(place: Place) -> list[Measurement]:
    folder = place.part("marts")
    builds: dict[int, list[Build]] = {}
    for size in place.sizes:
        world = folder / f"world{size}"
        alone(multiply, place.data / "raw", world, size)
        golden = [] if size == 1 else ["tag:real_data,test_type:singular"]
        rounds = place.rounds if size == 1 else 1
        builds[size] = build(world, place.left_out + golden, rounds)
        shutil.rmtree(world)
    first, last = place.sizes[0], place.sizes[-1]
    found = [
        Measurement(
            "marts",
            f"{what} at 1x",
            "s",
            [build.seconds(kind) for build in builds[first]],
            target=MOST_SECONDS if kind == "model" else None,
            peak_mb=max(build.run.peak_mb for build in builds[first]),
        )
        for kind, what in KINDS.items()
    ]
    common = set.intersection(*(set(build.sql) for runs in builds.values() for build in runs))
    for kind, what in KINDS.items():
        found += growth(
            "marts", what, {s: [build.seconds(kind, common) for build in runs] for s, runs in builds.items()}
        )
    if len(place.sizes) > 2:
        own, before, most = (median(build.run.cpu for build in builds[size]) for size in (first, *place.sizes[-2:]))
        value = exponent(place.sizes[-2] - first, last - first, before - own, most - own)
        what = f"growth of the dbt build's processor time above {first}x, {place.sizes[-2]}x to {last}x"
        found.append(Measurement("marts", what, "exponent", [value], target=MOST_GROWTH))
    peaks = [build.run.peak_mb for build in builds[last]]
    found.append(Measurement("marts", f"dbt build at {last}x, peak memory", "MB", peaks, target=MOST_MEMORY))
    return found


def build(folder: Path, left_out: list[str], rounds: int) -> list[Build]:
    """Seeds first, untimed; then everything else, timed, each round from the file with the seeds alone."""
    database, seeded, log = folder / "build.duckdb", folder / "seeded.duckdb", folder / "logs" / "dbt.log"
    options = {
        "project-dir": folder / "dbt_project",
        "profiles-dir": folder / "dbt_project",
        "target-path": folder / "target",
        "log-path": folder / "logs",
        "log-format-file": "json",
        "log-file-max-bytes": 0,  # one file, however long
    }
    common = [f"--{name}={value}" for name, value in options.items()] + [f"--exclude={nodes}" for nodes in left_out]
    places = {"WAREHOUSE_RAW_DIR": str(folder / "raw"), "WAREHOUSE_BUILD_PATH": str(database)}
    process([BIN / "dbt", "seed", *common], **places)
    database.rename(seeded)
    builds = []
    for _ in range(rounds):
        shutil.copy(seeded, database)
        log.unlink()
        run = process([BIN / "dbt", "build", "--exclude-resource-type=seed", *common], **places)
        sql: dict[str, float] = defaultdict(float)
        for line in log.read_text().splitlines():
            event = json.loads(line)
            if event["info"]["name"] == "SQLQueryStatus" and "node_info" in event["data"]:
                sql[event["data"]["node_info"]["unique_id"]] += event["data"]["elapsed"]
        builds.append(Build(dict(sql), run))
    return builds
