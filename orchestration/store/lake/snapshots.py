"""The lake's publications, each one snapshot: which there are, and opening one to ask it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.store.lake.catalogue import (
    PUBLISHED,
    attach,
    attached,
    connect,
    data_path,
    extensions_for,
    load,
    quoted,
)
from orchestration.store.lake.server import shown

AUTHOR = "alliance-formation-warehouse"


@dataclass(frozen=True)
class LakeSnapshot:
    """One publication in the lake. version: its snapshot's number; record: its row of meta.publication; tables: its
    tables as ``schema.table``."""

    settings: Settings = field(repr=False)
    publication_id: str
    version: int
    record: Mapping[str, object] = field(repr=False)
    tables: frozenset[str] = field(repr=False)

    def __str__(self) -> str:
        return f"{shown(self.settings)}, snapshot {self.version}"

    def attach(self, alias: str):
        """A context: a connection with this snapshot attached under ``alias``, to read."""
        return attached(self.settings, PUBLISHED, alias, snapshot=self.version)

    def attach_to(self, connection: duckdb.DuckDBPyConnection, alias: str) -> None:
        """Attach this snapshot under ``alias`` to a connection that is there already, to read."""
        attach(connection, self.settings, PUBLISHED, alias, snapshot=self.version)

    def open(self) -> duckdb.DuckDBPyConnection:
        """A connection to views on this snapshot's files, which it may read and nothing else.

        It knows neither server nor catalogue, whose functions would let a question reach further than the publication,
        and it goes on while the files are there: a day longer than the publication is kept.
        """
        with self.attach("lake") as lake:
            tables = lake.execute(
                "select schema_name, table_name, comment from duckdb_tables() where database_name = 'lake' order by all"
            ).fetchall()
            columns = lake.execute(
                "select schema_name, table_name, column_name, comment from duckdb_columns()"
                " where database_name = 'lake' and comment is not null"
            ).fetchall()
            files = {(schema, table): self._files(lake, schema, table) for schema, table, _ in tables}
        paths = [path for of_table in files.values() for path in of_table]
        connection = connect()
        load(connection, *extensions_for(paths[0]))
        connection.execute(f"set allowed_paths = {_listed(paths)}")
        try:
            for schema, table, comment in tables:
                connection.execute(f"create schema if not exists {schema}")
                parquet = f"read_parquet({_listed(files[schema, table])})"
                connection.execute(f"create view {schema}.{table} as from {parquet}")
                if comment:
                    connection.execute(f"comment on view {schema}.{table} is {quoted(comment)}")
        except duckdb.Error as error:
            connection.close()
            raise WarehouseError(
                "The lake's data files cannot be read from here.",
                where=f"{self}; files below {data_path(self.settings, PUBLISHED)}",
                expected="the folder or bucket of the Parquet files, reachable from this machine",
                found=str(error).splitlines()[0],
                next_step="mount it, or set WAREHOUSE_LAKE_DATA to where this machine has it",
            ) from error
        for schema, table, column, comment in columns:
            connection.execute(f'comment on column {schema}.{table}."{column}" is {quoted(comment)}')
        return connection

    def size_bytes(self) -> int:
        with self.attach("lake") as lake:
            (size,) = lake.execute("select sum(file_size_bytes) from ducklake_table_info('lake')").fetchone()
        return int(size or 0)

    def _files(self, lake: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
        listed = lake.execute(
            f"select data_file, delete_file from ducklake_list_files('lake', {quoted(table)}, schema => {quoted(schema)},"
            f" snapshot_version => {self.version})"
        ).fetchall()
        assert listed and not any(deleted for _, deleted in listed), "a publication's tables are written whole"
        return [path for path, _ in listed]


def snapshots(settings: Settings) -> list[LakeSnapshot]:
    """Every publication in the lake, oldest first. WarehouseError where the lake cannot be reached; none is no error."""
    if data_path(settings, PUBLISHED) is None:
        return []
    with attached(settings, PUBLISHED) as connection:
        rows = connection.execute(
            "select snapshot_id, commit_message, commit_extra_info from lake.snapshots()"
            f" where author = {quoted(AUTHOR)} order by snapshot_id"
        ).fetchall()
    found = []
    for version, publication_id, told in rows:
        told = json.loads(told)
        found.append(LakeSnapshot(settings, publication_id, version, told["publication"], frozenset(told["tables"])))
    return found


def newest(settings: Settings) -> LakeSnapshot | None:
    """The publication that stands in the lake, or None where there is none."""
    found = snapshots(settings)
    return found[-1] if found else None


def _listed(paths: list[str]) -> str:
    return f"[{', '.join(quoted(path) for path in paths)}]"
