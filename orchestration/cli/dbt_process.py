"""The process that runs dbt for a refresh: it works in the data folder, and never outlives the refresh that started it."""

import os
import threading
import time


def main() -> None:
    """dbt's own command line, in WAREHOUSE_DATA_DIR.

    The profile names build.duckdb and raw/ relative to that folder, so that a parse of the project fits every data
    folder. A dbt left behind by a killed refresh would write into the build of the next one: it ends with its parent.
    """
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    os.chdir(os.environ["WAREHOUSE_DATA_DIR"])
    from dbt.cli.main import cli

    cli()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(1)
