"""From the audited file to the lake: all tables of a publication in one transaction, which is one snapshot."""

import json
from dataclasses import dataclass

import duckdb

from orchestration.errors import WarehouseError
from orchestration.lake.catalogue import PUBLISHED, attached, data_path, quoted
from orchestration.lake.server import shown
from orchestration.lake.snapshots import AUTHOR, newest, snapshots
from orchestration.publication import current
from orchestration.settings import Settings

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

    Who reads sees the publication before or this one, whole. Raises WarehouseError on failure; the one before stands.
    """
    record = current(settings.warehouse_path)
    with attached(settings, PUBLISHED, writing=True) as connection:
        try:
            connection.execute(f"attach {quoted(settings.warehouse_path)} as local (read_only)")
            connection.execute("begin")
            rows = _replace_tables(connection)
            message = f"{quoted(AUTHOR)}, {quoted(record['publication_id'])}"
            extra = quoted(json.dumps({"publication": record, "tables": list(rows)}))
            connection.execute(f"call ducklake_set_commit_message('lake', {message}, extra_info => {extra})")
            connection.execute("commit")
            forget_old(settings, connection)
        except duckdb.Error as error:
            raise WarehouseError(
                "The publication could not be written to the lake; the one before stands there.",
                where=f"{shown(settings)}, files below {data_path(settings, PUBLISHED)}",
                expected="a server and a folder that this machine may write, with room left",
                found=str(error),
                next_step="mend what this names, then warehouse run, which publishes what is missing",
            ) from error
    return Published(record["publication_id"], newest(settings).version, rows, data_path(settings, PUBLISHED))


def _replace_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Every table of the file with its descriptions in place of those in the lake; what the file lacks goes."""
    tables = _tables(connection, "local")
    for name in _tables(connection, "lake").keys() - tables.keys():
        connection.execute(f"drop table lake.{name}")
    for schema in {name.partition(".")[0] for name in tables}:
        connection.execute(f"create schema if not exists lake.{schema}")
    rows = {}
    for name, comment in tables.items():
        connection.execute(f"create or replace table lake.{name} as from local.{name}")
        (rows[name],) = connection.execute(f"select count(*) from local.{name}").fetchone()
        connection.execute(f"comment on table lake.{name} is {quoted(comment)}")
    for schema, table, column, comment in connection.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = 'local' and comment is not null"
    ).fetchall():
        connection.execute(f'comment on column lake.{schema}.{table}."{column}" is {quoted(comment)}')
    return rows


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, str]:
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
