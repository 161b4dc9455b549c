"""A refresh from nothing and one without changes, compared with ``dbt build`` alone: whole processes, in turn.

dbt builds and tests the same models on the raw tables of the refresh, from a kept parse as in the refresh.
"""

import shutil

from tests.benchmarks.alone import BIN, Run, process
from tests.benchmarks.measurement import Measurement, ratio
from tests.benchmarks.workspace import Workspace
from tests.support.shell import REPOSITORY

PROJECT = REPOSITORY / "dbt_project"


def measure(workspace: Workspace) -> list[Measurement]:
    folder = workspace.part("refresh")
    data = folder / "data"

    def dbt(command: str) -> Run:
        options = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", folder / "target"]
        options += ["--log-path", folder / "logs"] + [f"--exclude={nodes}" for nodes in workspace.excluded]
        (folder / "alone.duckdb").unlink(missing_ok=True)
        variables = {"WAREHOUSE_RAW_DIR": str(data / "raw"), "WAREHOUSE_BUILD_PATH": str(folder / "alone.duckdb")}
        variables["WAREHOUSE_DBT_TARGET"] = "build"
        return process([BIN / "dbt", command, *options], **variables)

    cold, unchanged, alone = [], [], []
    for number in range(workspace.rounds):
        shutil.rmtree(data, ignore_errors=True)
        cold.append(workspace.refresh(data))
        unchanged.append(workspace.refresh(data))
        if number == 0:
            dbt("compile")  # makes the parse that is kept
        alone.append(dbt("build"))

    def beside(what: str, ours: list[Run], theirs: list[Run], target: float) -> Measurement:
        seconds = ([run.seconds for run in runs] for runs in (ours, theirs))
        peak_mb, their_peak_mb = (max(run.peak_mb for run in runs) for runs in (ours, theirs))
        return ratio("refresh", what, *seconds, target=target, peak_mb=peak_mb, their_peak_mb=their_peak_mb)

    return [
        beside("cold refresh / dbt build alone", cold, alone, 4.0),
        beside("refresh with nothing changed / cold refresh", unchanged, cold, 0.33),
        Measurement("refresh", "largest process", "MB", [run.peak_mb for run in cold], target=1024.0),
    ]
