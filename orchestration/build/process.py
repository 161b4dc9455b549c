"""Starting dbt: one command line, in a process of its own, with the settings in its environment."""

import subprocess
import sys
from pathlib import Path

from orchestration.core.settings import DBT_PROJECT, Settings, child_environment

TAIL = 2000  # characters of dbt's output that an error message quotes


def dbt_executable() -> str:
    """Find the command ``warehouse-dbt`` of this installation, independent of PATH."""
    return str(Path(sys.executable).with_name("warehouse-dbt"))


def run_dbt(
    settings: Settings, *arguments: str, target: Path, work_dir: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one dbt command on the project and wait for it.

    Parameters
    ----------
    settings : Settings
        Settings of the process.
    *arguments : str
        dbt's command and its options.
    target : Path
        Folder for dbt's artifacts and log.
    work_dir : Path, optional
        Folder that dbt runs in, where it finds build.duckdb and ``raw``; by default the data folder.

    Returns
    -------
    subprocess.CompletedProcess
        Its exit status and output; a failure of dbt raises nothing.
    """
    environment = child_environment(settings)
    if work_dir:
        environment["WAREHOUSE_DATA_DIR"] = str(work_dir)
    command = [dbt_executable(), "--quiet", *arguments, "--target-path", str(target), "--log-path", str(target)]
    command += ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def output_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last `TAIL` characters that a dbt command printed, for an error message."""
    return (done.stdout + done.stderr).strip()[-TAIL:]
