"""DuckDB's connection to one of the lake's two catalogues: the publications, and dbt's build."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import duckdb

from orchestration.core.database import memory_connection, quote_literal, single_row
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.store.lake.server import EXTENSIONS, connection_string, public_address, server_connection

PUBLISHED, BUILD = "alliance_formation", "alliance_formation_build"
"""The catalogues: schemas in the PostgreSQL database, and folders below the location of the Parquet files."""


@contextmanager
def attached(
    settings: Settings, catalogue: str, alias: str = "lake", *, writing: bool = False, snapshot: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to a database in memory with a catalogue attached; parameters and errors as in `attach`.

    Yields
    ------
    duckdb.DuckDBPyConnection
        Closed at the end of the block.
    """
    connection = memory_connection()
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
    """Attach a catalogue to an open connection.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Any connection that may load extensions.
    settings : Settings
        With a ``lake_address``.
    catalogue : str
        `PUBLISHED` or `BUILD`.
    alias : str
        Name of the attached database.
    writing : bool
        Whether to write; the catalogue is then created if it does not exist.
    snapshot : int, optional
        Read the catalogue as of this snapshot.

    Raises
    ------
    WarehouseError
        If the server or the catalogue is not available.
    """
    location = data_path(settings, catalogue)
    if location is None and not writing:
        raise nothing_published(settings)
    location = location or new_data_path(settings, catalogue)
    options = [f"metadata_schema '{catalogue}'", f"data_path {quote_literal(location)}", "override_data_path true"]
    # Rows inlined in the catalogue would be missed by readers of the files.
    options.append("data_inlining_row_limit 0" if writing else "read_only")
    if snapshot is not None:
        options.append(f"snapshot_version {snapshot}")
    load(connection, settings, "ducklake", "postgres_scanner", *extensions_for(location))
    address = quote_literal(f"ducklake:postgres:{connection_string(settings)}")
    try:
        connection.execute(f"attach {address} as {alias} ({', '.join(options)})")
    except duckdb.Error as error:
        raise WarehouseError(
            "The lake's catalogue cannot be opened.",
            where=f"{public_address(settings)}, schema {catalogue}",
            expected="a DuckLake catalogue that this user may read" + (" and write" if writing else ""),
            found=str(error),
            next_step="See docs/lake.md on users and their permissions.",
        ) from error


def nothing_published(settings: Settings) -> WarehouseError:
    """Make the error for a lake without a publication."""
    return WarehouseError(
        "Nothing is published in the lake yet.",
        where=public_address(settings),
        next_step="warehouse run, on the machine that refreshes the lake",
    )


def data_path(settings: Settings, catalogue: str) -> str | None:
    """Location of a catalogue's Parquet files for this machine.

    Returns
    -------
    str or None
        WAREHOUSE_LAKE_DATA if set, otherwise what the catalogue records; None if the catalogue does not exist.
    """
    with server_connection(settings) as server, server.cursor() as cursor:
        cursor.execute("select to_regclass(%s)", [f"{catalogue}.ducklake_metadata"])
        if cursor.fetchone() == (None,):
            return None
        if settings.lake_data:
            return new_data_path(settings, catalogue)
        cursor.execute(f"select value from {catalogue}.ducklake_metadata where key = 'data_path'")
        row = cursor.fetchone()
        return str(row[0]) if row else None


def new_data_path(settings: Settings, catalogue: str) -> str:
    """Location of the Parquet files of a catalogue that does not exist yet."""
    return f"{settings.lake_data or settings.data_dir / 'lake'}/{catalogue}/"


def existing_or_new_data_path(settings: Settings, catalogue: str) -> str:
    """Location of a catalogue's Parquet files, whether or not it exists."""
    return data_path(settings, catalogue) or new_data_path(settings, catalogue)


def load(connection: duckdb.DuckDBPyConnection, settings: Settings, *extensions: str) -> None:
    """Load extensions from their wheels; nothing is downloaded."""
    for name in extensions:
        connection.execute(f"load {quote_literal(_extension(name))}")
    if "httpfs" in extensions and settings.s3_endpoint:
        connection.execute("set global s3_url_style = 'path'")


def extensions_for(location: str) -> list[str]:
    """Extensions that reading a location needs: none for a folder."""
    return ["httpfs"] if "://" in location else []


def extension_directory(settings: Settings) -> Path:
    """Make a folder in DuckDB's own layout with links to the extensions in the wheels: dbt loads them by name.

    Returns
    -------
    Path
        ``duckdb_extensions`` in the data folder.
    """
    folder = settings.data_dir / "duckdb_extensions"
    with duckdb.connect(":memory:") as connection:
        (platform,) = single_row(connection.execute("pragma platform"))
    versioned = folder / f"v{duckdb.__version__}" / platform
    versioned.mkdir(parents=True, exist_ok=True)
    for name in EXTENSIONS:
        link = versioned / f"{name}.duckdb_extension"
        link.unlink(missing_ok=True)
        link.symlink_to(_extension(name))
    return folder


def _extension(name: str) -> Path:
    spec = find_spec(f"duckdb_extension_{name}")
    assert spec is not None, "server_connection has checked that the wheels are installed"
    assert spec.origin is not None, "a package of one wheel"
    return Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
