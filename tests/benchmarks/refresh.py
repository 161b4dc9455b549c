"""``make bench``: a cold refresh and one in which nothing changed, each as a ratio to ``dbt build`` alone in the same round.

Whole processes, timed from outside; medians over the rounds. Peak memory is that of the largest single process.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import REPOSITORY, find_mirror

ROUNDS = 5
BIN = Path(sys.executable).parent


def timed(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def one_round(folder: Path, sources: str) -> dict[str, float]:
    """Cold refresh, refresh with nothing changed, and dbt build alone on the raw tables of the first."""
    data = folder / "data"
    environment = os.environ | {"WAREHOUSE_DATA_DIR": str(data), "WAREHOUSE_OFFLINE": "1"}
    run = [str(BIN / "warehouse"), "run", "--sources", sources]
    cold = timed(run, environment)
    unchanged = timed(run, environment)
    project = str(REPOSITORY / "dbt_project")
    dbt = [str(BIN / "dbt"), "build", "--project-dir", project, "--profiles-dir", project]
    dbt += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    if sources == "sample":
        dbt += ["--exclude", "tag:real_data"]
    alone = environment | {"WAREHOUSE_RAW_DIR": str(data / "raw"), "WAREHOUSE_BUILD_PATH": str(folder / "alone.duckdb")}
    timed(dbt, alone)  # parses the project, as the installation has done for the refresh
    (folder / "alone.duckdb").unlink()
    return {"cold": cold, "unchanged": unchanged, "dbt build alone": timed(dbt, alone)}


def main() -> None:
    mirror = find_mirror()
    sources = str(mirror) if mirror else "sample"
    rounds = []
    for number in range(ROUNDS):
        folder = Path(tempfile.mkdtemp(prefix="bench"))
        try:
            rounds.append(one_round(folder, sources))
        finally:
            shutil.rmtree(folder)
        print(f"round {number + 1}: {json.dumps({k: round(v, 2) for k, v in rounds[-1].items()})}", file=sys.stderr)
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    table = {
        "cold refresh / dbt build alone (at most 4)": [r["cold"] / r["dbt build alone"] for r in rounds],
        "refresh with nothing changed / cold refresh (at most 0.33)": [r["unchanged"] / r["cold"] for r in rounds],
    }
    for name, ratios in table.items():
        print(f"{name:60} median {statistics.median(ratios):5.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"{'largest process (at most 1024 MB)':60} {peak_mb:5.0f} MB")


if __name__ == "__main__":
    main()
