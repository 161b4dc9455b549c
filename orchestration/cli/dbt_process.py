"""The process that runs dbt on the shared build: for a refresh, or by hand under the refresh lock."""

import os
import sys
import threading
import time

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import DBT_PROJECT, from_environment
from orchestration.store import open_store


def main() -> None:
    """Run dbt's own command line in WAREHOUSE_DATA_DIR, with the target of the shared build.

    The profile names build.duckdb and ``raw`` relative to that folder, so that one parse of the project fits every data
    folder. A refresh sets WAREHOUSE_DBT_TARGET and holds the lock already. Its dbt process ends with its parent: left
    behind by a killed refresh, it would write into the build of the next one.
    """
    if "WAREHOUSE_DBT_TARGET" in os.environ:
        threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
        _run_dbt()
    else:
        _run_by_hand()


def _run_by_hand() -> None:
    """Take the refresh lock, and remove the record of the build, so that what dbt changes cannot be published."""
    from orchestration.build.record import remove_build_record  # a refresh starts dbt without the readers of sources

    try:
        settings = from_environment(os.environ)
        with open_store(settings).hold_refresh():
            remove_build_record(settings)
            folders = {"DBT_PROJECT_DIR": str(DBT_PROJECT), "DBT_PROFILES_DIR": str(DBT_PROJECT)}
            os.environ.update(settings.environment() | folders)
            _run_dbt()
    except WarehouseError as error:
        sys.exit(str(error))


def _run_dbt() -> None:
    if os.environ["WAREHOUSE_DBT_TARGET"] == "lake":
        os.environ.update(open_store(from_environment(os.environ)).build_environment())
    os.chdir(os.environ["WAREHOUSE_DATA_DIR"])
    from dbt.cli.main import cli

    cli()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(1)
