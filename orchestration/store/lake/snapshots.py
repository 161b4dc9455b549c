"""The lake's publications, each one snapshot: listing them, and opening one to query it."""

import json
from dataclasses import dataclass, field

import duckdb

from orchestration.core.database import memory_connection, quote_literal, single_row
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.store.lake.catalogue import PUBLISHED, attach, attached, data_path, extensions_for, load
from orchestration.store.lake.server import public_address
from orchestration.store.protocol import Record

AUTHOR = "alliance-formation-warehouse"


@dataclass(frozen=True)
class LakeSnapshot:
    """One publication in the lake; implements `StoredPublication`.

    Attributes
    ----------
    settings : Settings
        With the ``lake_address``.
    publication_id : str
        Its id.
    version : int
        Number of its snapshot.
    meta : Record
        Its row of meta.publication.
    tables : frozenset of str
        Its tables as ``schema.table``.
    """

    settings: Settings = field(repr=False)
    publication_id: str
    version: int
    meta: Record = field(repr=False)
    tables: frozenset[str] = field(repr=False)

    def __str__(self) -> str:
        return f"{public_address(self.settings)}, snapshot {self.version}"

    def record(self) -> Record:
        """Row of meta.publication; see `StoredPublication`."""
        return self.meta

    def attach_to(self, connection: duckdb.DuckDBPyConnection, alias: str) -> None:
        """Attach this snapshot read-only; see `StoredPublication`."""
        attach(connection, self.settings, PUBLISHED, alias, snapshot=self.version)

    def open(self) -> duckdb.DuckDBPyConnection:
        """Open views on this snapshot's files, and nothing else; see `StoredPublication`.

        The connection knows neither server nor catalogue, whose functions would let a query reach beyond the
        publication. It remains usable while the files exist: a day longer than the publication is kept.
        """
        with attached(self.settings, PUBLISHED, snapshot=self.version) as lake:
            tables = lake.execute(
                "select schema_name, table_name, comment from duckdb_tables() where database_name = 'lake' order by all"
            ).fetchall()
            columns = lake.execute(
                "select schema_name, table_name, column_name, comment from duckdb_columns()"
                " where database_name = 'lake' and comment is not null"
            ).fetchall()
            files = {(schema, table): self._files(lake, schema, table) for schema, table, _ in tables}
        paths = [path for of_table in files.values() for path in of_table]
        connection = memory_connection()
        load(connection, self.settings, *extensions_for(paths[0]))
        connection.execute(f"set allowed_paths = {_listed(paths)}")
        try:
            for schema, table, comment in tables:
                connection.execute(f"create schema if not exists {schema}")
                parquet = f"read_parquet({_listed(files[schema, table])})"
                connection.execute(f"create view {schema}.{table} as from {parquet}")
                if comment:
                    connection.execute(f"comment on view {schema}.{table} is {quote_literal(comment)}")
        except duckdb.Error as error:
            connection.close()
            raise WarehouseError(
                "The lake's data files cannot be read from here.",
                where=f"{self}; files below {data_path(self.settings, PUBLISHED)}",
                expected="the folder or bucket of the Parquet files, reachable from this machine",
                found=str(error).splitlines()[0],
                next_step="Mount it, or set WAREHOUSE_LAKE_DATA to its location on this machine.",
            ) from error
        for schema, table, column, comment in columns:
            connection.execute(f'comment on column {schema}.{table}."{column}" is {quote_literal(comment)}')
        return connection

    def size_bytes(self) -> int:
        """Size of its Parquet files in bytes; see `StoredPublication`."""
        with attached(self.settings, PUBLISHED, snapshot=self.version) as lake:
            (size,) = single_row(lake.execute("select sum(file_size_bytes) from ducklake_table_info('lake')"))
        return int(size or 0)

    def _files(self, lake: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
        listed = lake.execute(
            f"select data_file, delete_file from ducklake_list_files('lake', {quote_literal(table)},"
            f" schema => {quote_literal(schema)},"
            f" snapshot_version => {self.version})"
        ).fetchall()
        assert listed, "a published table has at least one file"
        assert not any(deleted for _, deleted in listed), "a publication's tables are written whole"
        return [path for path, _ in listed]


def snapshots(settings: Settings) -> list[LakeSnapshot]:
    """List every publication in the lake.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address``.

    Returns
    -------
    list of LakeSnapshot
        Oldest first; empty if there is none.

    Raises
    ------
    WarehouseError
        If the lake cannot be reached.
    """
    if data_path(settings, PUBLISHED) is None:
        return []
    with attached(settings, PUBLISHED) as connection:
        rows = connection.execute(
            "select snapshot_id, commit_message, commit_extra_info from lake.snapshots()"
            f" where author = {quote_literal(AUTHOR)} order by snapshot_id"
        ).fetchall()
    found = []
    for version, publication_id, extra in rows:
        info = json.loads(extra)
        found.append(LakeSnapshot(settings, publication_id, version, info["publication"], frozenset(info["tables"])))
    return found


def newest(settings: Settings) -> LakeSnapshot | None:
    """Find the lake's current publication; None if nothing is published there. Errors as in `snapshots`."""
    found = snapshots(settings)
    return found[-1] if found else None


def _listed(paths: list[str]) -> str:
    return f"[{', '.join(quote_literal(path) for path in paths)}]"
