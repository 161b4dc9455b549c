"""The PostgreSQL server of the lake: its address without the password, its connection, and its errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings, invalid_setting

if TYPE_CHECKING:
    import psycopg2.extensions

CONNECT_SECONDS = 10
EXTENSIONS = ("ducklake", "postgres_scanner", "httpfs")
"""DuckDB's extensions that the lake needs, each from its own wheel."""
PACKAGES = ("psycopg2", "dagster_postgres", *(f"duckdb_extension_{name}" for name in EXTENSIONS))


def connection_string(settings: Settings) -> str:
    """Format the address for libpq, without the password.

    This process and its children find the password in PGPASSWORD (`Settings.environment`), so that no statement,
    message or log of DuckDB and dbt contains it.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address``.

    Returns
    -------
    str
        A connection string such as ``host=... dbname=...``.

    Raises
    ------
    WarehouseError
        If the address is malformed or the lake's packages are not installed.
    """
    parts = _parts(settings)
    from psycopg2.extensions import make_dsn

    return make_dsn(**{name: value for name, value in parts.items() if name != "password"})


def public_address(settings: Settings) -> str:
    """Format the address for messages: ``user@host:port/database``."""
    parts = _parts(settings)
    user, host = parts.get("user", ""), parts.get("host", "localhost")
    return f"{user}{'@' if user else ''}{host}:{parts.get('port', '5432')}/{parts.get('dbname', user)}"


def storage_address(settings: Settings) -> str:
    """Format the address for SQLAlchemy (Dagster's storage), without the password as in `connection_string`."""
    from sqlalchemy.engine import URL, make_url

    connection_string(settings)
    url = make_url(_address(settings))
    plain = URL.create("postgresql+psycopg2", url.username, None, url.host, url.port, url.database, url.query)
    return plain.render_as_string(hide_password=False)


@contextmanager
def server_connection(settings: Settings, name: str = "warehouse") -> "Iterator[psycopg2.extensions.connection]":
    """Connect to the server with psycopg2; each statement is its own transaction.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address``.
    name : str
        Application name that the server lists for the connection.

    Yields
    ------
    psycopg2.extensions.connection
        Closed at the end of the block.

    Raises
    ------
    WarehouseError
        If the server does not answer or refuses the connection.
    """
    require_packages()
    import psycopg2

    try:
        connection = psycopg2.connect(
            connection_string(settings), connect_timeout=CONNECT_SECONDS, application_name=name[:63]
        )
    except psycopg2.OperationalError as error:
        raise unavailable(settings, str(error)) from None  # the original has the whole address in its frames
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def unavailable(settings: Settings, found: str) -> WarehouseError:
    """Make the error for a server that cannot be used; ``found`` is its own message."""
    return WarehouseError(
        "The lake's PostgreSQL server is not available.",
        where=f"WAREHOUSE_LAKE, {public_address(settings)}",
        expected="a running server that accepts this user for that database",
        found=" ".join(found.split()),
        next_step="Start the server, or correct the address, or the password in it or in ~/.pgpass. Without"
        " WAREHOUSE_LAKE everything works on local files.",
    )


def require_packages() -> None:
    """Raise WarehouseError if the packages of the extra ``lake`` are not installed."""
    absent = [name for name in PACKAGES if find_spec(name) is None]
    if absent:
        raise WarehouseError(
            "The packages of the lake are not installed.",
            where="WAREHOUSE_LAKE",
            expected="the packages of the extra lake in pyproject.toml",
            found=f"no {', '.join(absent)}",
            next_step="make setup, which installs everything in requirements.lock",
        )


def _address(settings: Settings) -> str:
    assert settings.lake_address is not None, "only a LakeStore calls this package"
    return settings.lake_address


def _parts(settings: Settings) -> dict[str, str]:
    require_packages()
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import parse_dsn

    try:
        return parse_dsn(_address(settings))
    except ProgrammingError:
        raise invalid_setting(
            "WAREHOUSE_LAKE",
            expected="postgresql:// and then USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded",
            found="another",
        ) from None  # its message repeats parts of the address
