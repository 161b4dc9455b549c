"""From the audited file to the lake: all tables of a publication in one transaction, which is one snapshot."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.publication.write import current
from orchestration.store.lake.catalogue import PUBLISHED, attached, data_path, quoted
from orchestration.store.lake.server import shown
from orchestration.store.lake.snapshots import AUTHOR, newest, snapshots

# Named choice: no question takes as long, so that a reader in the middle of one never loses a file under it.
GRACE = "interval 1 day"


@dataclass(frozen=True)
class Published:
    """What a publication to the lake did. snapshot: its version; rows by ``schema.table``; place: of the Parquet files."""

    publication_id: str
    snapshot: int
    rows: dict[str, int]
    place: str


def publish_to_lake(settings: Settings) -> Published:
    """Copy warehouse.duckdb into the lake as one snapshot that carries its publication id, and forget old snapshots.

    Who reads sees the publication before or this one, whole. A publication that the lake has already is left as it is.
    Raises WarehouseError on failure, and where the lake has a newer one; what the lake publishes stands.
    """
    record = current(settings.warehouse_path)
    if record is None:
        raise WarehouseError(
            "Nothing is published here that the lake could take over.",
            where=str(settings.warehouse_path),
            next_step="warehouse run",
        )
    publication_id = str(record["publication_id"])
    shared = newest(settings)
    if shared is not None and shared.publication_id > publication_id:
        raise WarehouseError(
            "The lake has a newer publication than this machine, which must not go back.",
            where=str(shared),
            expected=f"nothing newer than {publication_id}",
            found=shared.publication_id,
            next_step="warehouse run, which publishes anew if anything here differs",
        )
    with attached(settings, PUBLISHED, writing=True) as connection:
        connection.execute(f"attach {quoted(settings.warehouse_path)} as local (read_only)")
        tables = _tables(connection, "local")
        if shared is None or shared.publication_id < publication_id:
            with _told(settings, "The publication could not be written to the lake; the one before stands there."):
                connection.execute("begin")
                _replace_tables(connection, tables)
                message = f"{quoted(AUTHOR)}, {quoted(publication_id)}"
                extra = quoted(json.dumps({"publication": record, "tables": list(tables)}))
                connection.execute(f"call ducklake_set_commit_message('lake', {message}, extra_info => {extra})")
                connection.execute("commit")
        with _told(settings, "The publication is in the lake, but old ones could not be removed from it."):
            forget_old(settings, connection)
        rows = {name: connection.execute(f"select count(*) from local.{name}").fetchone()[0] for name in tables}
    return Published(publication_id, newest(settings).version, rows, data_path(settings, PUBLISHED))


@contextmanager
def _told(settings: Settings, problem: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(
            problem,
            where=f"{shown(settings)}, files below {data_path(settings, PUBLISHED)}",
            expected="a server and a folder that this machine may write, with room left",
            found=str(error),
            next_step="mend what this names, then warehouse run, which publishes what is missing",
        ) from error


def _replace_tables(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> None:
    """Every table of the file with its descriptions in place of those in the lake; what the file lacks goes."""
    for name in _tables(connection, "lake").keys() - tables.keys():
        connection.execute(f"drop table lake.{name}")
    for schema in {name.partition(".")[0] for name in tables}:
        connection.execute(f"create schema if not exists lake.{schema}")
    for name, comment in tables.items():
        connection.execute(f"create or replace table lake.{name} as from local.{name}")
        connection.execute(f"comment on table lake.{name} is {quoted(comment)}")
    for schema, table, column, comment in connection.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = 'local' and comment is not null"
    ).fetchall():
        connection.execute(f'comment on column lake.{schema}.{table}."{column}" is {quoted(comment)}')


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, str]:
    """The description of each ``schema.table``."""
    return dict(
        connection.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables() where database_name = ? order by all",
            [database],
        ).fetchall()
    )


def forget_old(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the newest WAREHOUSE_KEEP_PUBLICATIONS snapshots; the newest always stays. A file that no kept snapshot needs
    is removed GRACE after that came to be so, and so is a file that a killed publication left."""
    kept = [one.version for one in snapshots(settings)[-settings.keep_publications :]]
    gone = connection.execute(
        f"select snapshot_id from lake.snapshots() where snapshot_id < {kept[0]} order by all"
    ).fetchall()
    if gone:
        versions = ", ".join(str(version) for (version,) in gone)
        connection.execute(f"call ducklake_expire_snapshots('lake', versions => [{versions}])")
    connection.execute(f"call ducklake_cleanup_old_files('lake', older_than => now() - {GRACE})")
    connection.execute(f"call ducklake_delete_orphaned_files('lake', older_than => now() - {GRACE})")
