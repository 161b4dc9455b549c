"""The process that runs dbt: it works in the data folder and never outlives the process that started it."""

import os
import threading
import time

from orchestration.core.settings import from_environment
from orchestration.store import open_store


def main() -> None:
    """Run dbt's own command line in WAREHOUSE_DATA_DIR.

    The profile names build.duckdb and ``raw`` relative to that folder, so that one parse of the project fits every data
    folder. A dbt process left behind by a killed refresh would write into the build of the next one, so it ends with
    its parent.
    """
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    if os.environ["WAREHOUSE_DBT_TARGET"] == "lake":
        os.environ.update(open_store(from_environment(os.environ)).build_environment())
    os.chdir(os.environ["WAREHOUSE_DATA_DIR"])
    from dbt.cli.main import cli

    cli()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(1)
