"""DuckDB helpers: quoting, rows as dictionaries, and a connection in memory that downloads nothing."""

from typing import Any

import duckdb


def quote_literal(text: object) -> str:
    """Quote a value as an SQL string literal.

    Parameters
    ----------
    text : object
        Any value; its ``str`` is quoted, with single quotes doubled.

    Returns
    -------
    str
        The literal, with its quotes.
    """
    return "'" + str(text).replace("'", "''") + "'"


def quote_identifier(name: str) -> str:
    """Quote a name as an SQL identifier.

    Parameters
    ----------
    name : str
        Any name, such as one that SQL reserves.

    Returns
    -------
    str
        The identifier, with its quotes.
    """
    return '"' + name.replace('"', '""') + '"'


def memory_connection() -> duckdb.DuckDBPyConnection:
    """Open a database in memory that never downloads an extension.

    Returns
    -------
    duckdb.DuckDBPyConnection
        A new connection; the caller closes it.
    """
    return duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )


def column_names(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    """Column names of an executed query, in order; no row is fetched."""
    return [column[0] for column in cursor.description or ()]


def rows_as_dicts(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Fetch every row of an executed query as a dictionary from column name to value."""
    names = column_names(cursor)
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def single_row(cursor: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """Fetch the only row of a query that always returns exactly one, such as an aggregate."""
    (row,) = cursor.fetchall()
    return tuple(row)
