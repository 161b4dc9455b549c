"""The PostgreSQL server of the lake: its address without the password, and the errors of a server that cannot be used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings

CONNECT_SECONDS = 10
EXTENSIONS = ("ducklake", "postgres_scanner", "httpfs")
"""DuckDB's extensions that the lake needs, each from its own wheel."""
PACKAGES = ("psycopg2", "dagster_postgres", *(f"duckdb_extension_{name}" for name in EXTENSIONS))


def connection_string(settings: Settings) -> str:
    """The address in libpq's words and without the password, which this process and its children find in PGPASSWORD: no
    statement, message or log of DuckDB and dbt has it. WarehouseError where the address or the installation will not do.
    """
    parts = _parts(settings)
    os.environ.update(settings.lake_password())
    from psycopg2.extensions import make_dsn

    return make_dsn(**{name: value for name, value in parts.items() if name != "password"})


def shown(settings: Settings) -> str:
    """The address as it may be printed: ``user@host:port/database``."""
    parts = _parts(settings)
    user, host = parts.get("user", ""), parts.get("host", "localhost")
    return f"{user}{'@' if user else ''}{host}:{parts.get('port', '5432')}/{parts.get('dbname', user)}"


def storage_address(settings: Settings) -> str:
    """The address as SQLAlchemy takes it, for Dagster's storage; without the password, as in connection_string."""
    from sqlalchemy.engine import URL, make_url

    connection_string(settings)
    url = make_url(settings.lake_address)
    plain = URL.create("postgresql+psycopg2", url.username, None, url.host, url.port, url.database, url.query)
    return plain.render_as_string(hide_password=False)


@contextmanager
def server_connection(settings: Settings, name: str = "warehouse") -> Iterator:
    """A connection of psycopg2's, each statement a transaction of its own; ``name`` is what the server shows of it.

    WarehouseError where the server does not answer or refuses.
    """
    refuse_without_packages()
    import psycopg2

    try:
        connection = psycopg2.connect(
            connection_string(settings), connect_timeout=CONNECT_SECONDS, application_name=name[:63]
        )
    except psycopg2.OperationalError as error:
        raise unusable(settings, str(error)) from None  # the original has the whole address in its frames
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def unusable(settings: Settings, found: str) -> WarehouseError:
    return WarehouseError(
        "The lake's PostgreSQL server cannot be used.",
        where=f"WAREHOUSE_LAKE, {shown(settings)}",
        expected="a server that answers and lets this user into that database",
        found=" ".join(found.split()),
        next_step="start the server, or mend the address, or the password in it or in ~/.pgpass; without WAREHOUSE_LAKE"
        " everything works on this machine's own files",
    )


def refuse_without_packages() -> None:
    """WarehouseError where the packages of the lake are not installed."""
    absent = [name for name in PACKAGES if find_spec(name) is None]
    if absent:
        raise WarehouseError(
            "The packages of the lake are not installed.",
            where="WAREHOUSE_LAKE",
            expected="the packages of the extra lake in pyproject.toml",
            found=f"no {', '.join(absent)}",
            next_step="make setup, which installs all that requirements.lock names",
        )


def _parts(settings: Settings) -> dict[str, str]:
    refuse_without_packages()
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import parse_dsn

    try:
        return parse_dsn(settings.lake_address)
    except ProgrammingError:
        raise WarehouseError(
            "A setting is not usable.",
            where="environment variable WAREHOUSE_LAKE",
            expected="postgresql:// and then USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded",
            found="something else",
            next_step="set it to such an address, or unset it",
        ) from None  # its message repeats parts of the address
