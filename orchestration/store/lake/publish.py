"""From the audited file to the lake: all tables of a publication in one transaction, which is one snapshot."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from orchestration.core.database import quote_literal, single_row
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.store.lake.catalogue import PUBLISHED, attached, existing_or_new_data_path
from orchestration.store.lake.server import public_address
from orchestration.store.lake.snapshots import AUTHOR, newest, snapshots
from orchestration.store.protocol import SharedPublication
from orchestration.store.publication_file import PublicationFile

# Named choice: no query takes as long, so that a reader never loses a file in the middle of one.
GRACE = "interval 1 day"


def publish_to_lake(settings: Settings) -> SharedPublication:
    """Copy warehouse.duckdb into the lake as one snapshot that carries its publication id, and expire old snapshots.

    Readers see the previous publication or this one, complete. A publication that the lake already has is not copied
    again.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address``.

    Returns
    -------
    SharedPublication
        The publication's snapshot, row counts and location.

    Raises
    ------
    WarehouseError
        If nothing is published locally, the lake has a newer publication, or the lake cannot be written. The lake's
        current publication is then unchanged.
    """
    file = PublicationFile(settings.warehouse_path)
    record = file.record()
    if record is None:
        raise WarehouseError(
            "The data folder has no publication to copy into the lake.",
            where=str(settings.warehouse_path),
            next_step="warehouse run",
        )
    publication_id = str(record["publication_id"])
    shared = newest(settings)
    if shared is not None and shared.publication_id > publication_id:
        raise WarehouseError(
            "Refusing to overwrite a newer publication in the lake.",
            where=str(shared),
            expected=f"nothing newer than {publication_id}",
            found=shared.publication_id,
            next_step="warehouse run, which publishes again if anything on this machine differs",
        )
    with attached(settings, PUBLISHED, writing=True) as connection:
        file.attach_to(connection, "local")
        tables = _tables(connection, "local")
        if shared is None or shared.publication_id < publication_id:
            with _described(
                settings, "The publication could not be written to the lake; the previous one is still current there."
            ):
                connection.execute("begin")
                _replace_tables(connection, tables)
                message = f"{quote_literal(AUTHOR)}, {quote_literal(publication_id)}"
                extra = quote_literal(json.dumps({"publication": record, "tables": list(tables)}))
                connection.execute(f"call ducklake_set_commit_message('lake', {message}, extra_info => {extra})")
                connection.execute("commit")
        with _described(settings, "The publication is in the lake, but old ones could not be removed from it."):
            expire_old_snapshots(settings, connection)
        rows = {name: single_row(connection.execute(f"select count(*) from local.{name}"))[0] for name in tables}
    snapshot = newest(settings)
    assert snapshot is not None, "the publication was committed above"
    return SharedPublication(publication_id, snapshot.version, rows, existing_or_new_data_path(settings, PUBLISHED))


@contextmanager
def _described(settings: Settings, problem: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(
            problem,
            where=f"{public_address(settings)}, files below {existing_or_new_data_path(settings, PUBLISHED)}",
            expected="a server and a folder that this machine may write, with free space",
            found=str(error),
            next_step="Correct what this names, then warehouse run, which publishes what is missing.",
        ) from error


def _replace_tables(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> None:
    """Replace the lake's tables and descriptions by those of the file; drop tables that the file does not have."""
    for name in _tables(connection, "lake").keys() - tables.keys():
        connection.execute(f"drop table lake.{name}")
    for schema in {name.partition(".")[0] for name in tables}:
        connection.execute(f"create schema if not exists lake.{schema}")
    for name, comment in tables.items():
        connection.execute(f"create or replace table lake.{name} as from local.{name}")
        connection.execute(f"comment on table lake.{name} is {quote_literal(comment)}")
    for schema, table, column, comment in connection.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = 'local' and comment is not null"
    ).fetchall():
        connection.execute(f'comment on column lake.{schema}.{table}."{column}" is {quote_literal(comment)}')


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, str]:
    """Description of each ``schema.table``."""
    return dict(
        connection.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables()"
            " where database_name = ? order by all",
            [database],
        ).fetchall()
    )


def expire_old_snapshots(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the newest WAREHOUSE_KEEP_PUBLICATIONS snapshots, and delete files that no kept snapshot needs.

    A file is deleted `GRACE` after the last snapshot that needs it expired; so is a file of a killed publication.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address``.
    connection : duckdb.DuckDBPyConnection
        With the catalogue attached as ``lake`` for writing.
    """
    kept = [one.version for one in snapshots(settings)[-settings.keep_publications :]]
    gone = connection.execute(
        f"select snapshot_id from lake.snapshots() where snapshot_id < {kept[0]} order by all"
    ).fetchall()
    if gone:
        versions = ", ".join(str(version) for (version,) in gone)
        connection.execute(f"call ducklake_expire_snapshots('lake', versions => [{versions}])")
    connection.execute(f"call ducklake_cleanup_old_files('lake', older_than => now() - {GRACE})")
    connection.execute(f"call ducklake_delete_orphaned_files('lake', older_than => now() - {GRACE})")
