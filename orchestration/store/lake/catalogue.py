"""DuckDB's connection to one of the lake's two catalogues: what is published, and where dbt builds."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.store.lake.server import EXTENSIONS, connection_string, server_connection, shown

PUBLISHED, BUILD = "alliance_formation", "alliance_formation_build"
"""The catalogues: schemas in the PostgreSQL database, and folders in the place of the Parquet files."""


@contextmanager
def attached(
    settings: Settings, catalogue: str, alias: str = "lake", *, writing: bool = False, snapshot: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory with the catalogue attached, as attach does it."""
    connection = connect()
    try:
        attach(connection, settings, catalogue, alias, writing=writing, snapshot=snapshot)
        yield connection
    finally:
        connection.close()


def attach(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    catalogue: str,
    alias: str,
    *,
    writing: bool = False,
    snapshot: int | None = None,
) -> None:
    """Attach the catalogue: to write, where it is made if there is none; to read; or to read it as it was at a snapshot.

    Raises WarehouseError where server or catalogue cannot be had.
    """
    place = data_path(settings, catalogue)
    if place is None and not writing:
        raise nothing_there(settings)
    place = place or new_data_path(settings, catalogue)
    options = [f"metadata_schema '{catalogue}'", f"data_path {quoted(place)}", "override_data_path true"]
    # Rows that lie in the catalogue instead of a file would not be found by those who read the files.
    options.append("data_inlining_row_limit 0" if writing else "read_only")
    if snapshot is not None:
        options.append(f"snapshot_version {snapshot}")
    load(connection, "ducklake", "postgres_scanner", *extensions_for(place))
    address = quoted(f"ducklake:postgres:{connection_string(settings)}")
    try:
        connection.execute(f"attach {address} as {alias} ({', '.join(options)})")
    except duckdb.Error as error:
        raise WarehouseError(
            "The lake's catalogue cannot be opened.",
            where=f"{shown(settings)}, schema {catalogue}",
            expected="a DuckLake catalogue that this user may read" + (" and write" if writing else ""),
            found=str(error),
            next_step="see docs/lake.md on users and their rights",
        ) from error


def nothing_there(settings: Settings) -> WarehouseError:
    return WarehouseError(
        "Nothing is published in the lake yet.",
        where=shown(settings),
        next_step="warehouse run, on the machine that refreshes the lake",
    )


def data_path(settings: Settings, catalogue: str) -> str | None:
    """Where a catalogue's Parquet files lie for this machine, None where there is no such catalogue: WAREHOUSE_LAKE_DATA
    if set, or else what the catalogue says."""
    with server_connection(settings) as server, server.cursor() as cursor:
        cursor.execute("select to_regclass(%s)", [f"{catalogue}.ducklake_metadata"])
        if cursor.fetchone() == (None,):
            return None
        if settings.lake_data:
            return new_data_path(settings, catalogue)
        cursor.execute(f"select value from {catalogue}.ducklake_metadata where key = 'data_path'")
        return cursor.fetchone()[0]


def new_data_path(settings: Settings, catalogue: str) -> str:
    return f"{settings.lake_data or settings.data_dir / 'lake'}/{catalogue}/"


def connect() -> duckdb.DuckDBPyConnection:
    """A connection in memory that downloads no extension."""
    nothing_else = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    return duckdb.connect(":memory:", config=nothing_else)


def load(connection: duckdb.DuckDBPyConnection, *extensions: str) -> None:
    """Load these extensions from their wheels. A store of one's own (DUCKDB_S3_ENDPOINT) has its buckets in the path of an address."""
    for name in extensions:
        connection.execute(f"load {quoted(_extension(name))}")
    if "httpfs" in extensions and os.environ.get("DUCKDB_S3_ENDPOINT"):
        connection.execute("set global s3_url_style = 'path'")


def extensions_for(place: str) -> list[str]:
    """What it takes to reach files there: nothing for a folder."""
    return ["httpfs"] if "://" in place else []


def extension_directory(settings: Settings) -> Path:
    """A folder laid out as DuckDB wants it for its extensions, which are links to those in the wheels: dbt loads by name."""
    folder = settings.data_dir / "duckdb_extensions"
    with duckdb.connect(":memory:") as connection:
        ((platform,),) = connection.execute("pragma platform").fetchall()
    place = folder / f"v{duckdb.__version__}" / platform
    place.mkdir(parents=True, exist_ok=True)
    for name in EXTENSIONS:
        link = place / f"{name}.duckdb_extension"
        link.unlink(missing_ok=True)
        link.symlink_to(_extension(name))
    return folder


def _extension(name: str) -> Path:
    package = Path(find_spec(f"duckdb_extension_{name}").origin).parent
    return package / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"


def quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
