"""The dbt-duckdb plugin of the target ``dev``: plain ``dbt`` finds raw tables and says whether they are synthetic."""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.core.database import quote_literal
from orchestration.core.errors import WarehouseError
from orchestration.core.locks import REFRESH, hold
from orchestration.core.settings import SAMPLE, Settings, from_environment
from orchestration.ingest.acquisition import open_acquisition
from orchestration.ingest.loads import read_load
from orchestration.ingest.membership import MEMBERSHIP_TABLE
from orchestration.ingest.sample.mirror import SYNTHETIC_VERSION


class Plugin(BasePlugin):
    """What dbt-duckdb calls when it opens the database of the target ``dev``."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Write the raw tables of the sample if there are none, and say on stderr which data dbt reads.

        Parameters
        ----------
        plugin_config : dict of str to Any
            The plugin's entry in the profile; it has no options.

        Raises
        ------
        SystemExit
            If the raw tables cannot be written or read; the message says why.
        """
        try:
            settings = from_environment(os.environ)
            ensure_raw_tables(settings)
            self.data = data_read(settings)
        except WarehouseError as error:
            raise SystemExit(str(error)) from error
        print(f"dbt target dev: {self.data}, raw tables in {settings.raw_dir}", file=sys.stderr)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Record the kind of data in the database as ``main.data_origin``.

        Parameters
        ----------
        conn : duckdb.DuckDBPyConnection
            The open database of the target.
        """
        conn.execute(f"create or replace view main.data_origin as select {quote_literal(self.data)} as data")


def ensure_raw_tables(settings: Settings) -> None:
    """Write the raw tables of the synthetic sample, if the data folder has no raw table at all.

    The next refresh replaces them.

    Parameters
    ----------
    settings : Settings
        With the data folder, which is created if it does not exist.

    Raises
    ------
    WarehouseError
        If a refresh of this data folder is running, or a raw table cannot be written.
    """
    if any(settings.raw_dir.glob("*.parquet")):
        return
    print("dbt target dev: no raw tables yet, writing those of the SYNTHETIC sample", file=sys.stderr)
    with hold(settings.lock_path, REFRESH):
        acquisition = open_acquisition(replace(settings, sources=SAMPLE))
        entries = acquisition.catalog.raw_tables.values()
        for entry in sorted(entries, key=lambda entry: entry.table.name != MEMBERSHIP_TABLE):
            fetched = acquisition.fetch(entry.source.name, entry.file)
            acquisition.build(entry.source.name, entry.file, entry.table, fetched, loaded_at=datetime.now(UTC))


def data_read(settings: Settings) -> str:
    """Say which data the raw tables hold.

    Parameters
    ----------
    settings : Settings
        With the folder of the raw tables.

    Returns
    -------
    str
        ``SYNTHETIC sample`` or ``real data``.

    Raises
    ------
    WarehouseError
        If the raw table of the state system cannot be read.
    """
    is_synthetic = read_load(settings.raw_dir, MEMBERSHIP_TABLE).version == SYNTHETIC_VERSION
    return "SYNTHETIC sample" if is_synthetic else "real data"
