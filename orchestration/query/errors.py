"""DuckDB's errors for users: the position in the statement, and similar names of tables and columns."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

import duckdb

from orchestration.core.errors import WarehouseError

NO_COLUMN = re.compile(
    r'Referenced column "(?P<column>[^"]+)" (?:was )?not found|does not have a column named "(?P<named>[^"]+)"'
)
NO_CATALOG = re.compile(r'Catalog "(?P<catalog>[^"]+)" does not exist')
NO_TABLE = re.compile(r'Table with name "?([^"]+?)"? does not exist')
INDENT = " " * 12  # the indent of WarehouseError's texts, so that the caret stays below its word
SHOWN_CHARACTERS = 200


def query_error(connection: duckdb.DuckDBPyConnection, statement: str, error: duckdb.Error) -> WarehouseError:
    """Explain an error that DuckDB raised for a statement.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Connection to the publication, for the names that exist.
    statement : str
        The statement that failed.
    error : duckdb.Error
        DuckDB's error.

    Returns
    -------
    WarehouseError
        For the caller to raise. It points at the position and suggests similar names.
    """
    if isinstance(error, duckdb.InterruptException):
        return WarehouseError("The query was interrupted.")
    message, _, position = str(error).strip().partition("\n\nLINE ")
    where = f"LINE {position}" if position else excerpt(statement)
    columns = _published_columns(connection)
    problem, found, next_step = _explained(message, statement, columns)
    return WarehouseError(problem, where=where.rstrip().replace("\n", "\n" + INDENT), found=found, next_step=next_step)


def excerpt(statement: str) -> str:
    """Shorten a statement to its first `SHOWN_CHARACTERS` characters for an error message."""
    return statement if len(statement) <= SHOWN_CHARACTERS else statement[:SHOWN_CHARACTERS] + " ..."


def _explained(message: str, statement: str, columns: dict[str, list[str]]) -> tuple[str, str, str]:
    """Problem, found and next step of an error, from DuckDB's message."""
    if (match := NO_COLUMN.search(message)) and (name := match["column"] or match["named"]):
        mentioned = [table for table in columns if re.search(rf"\b{table.split('.')[1]}\b", statement)]
        return f"Column {name} not found.", "", _column_hint(name, columns, mentioned)
    if (match := NO_TABLE.search(message)) and "/" not in match[1]:
        return f"Table {match[1]} not found.", "", _table_hint(match[1], columns)
    if catalog := NO_CATALOG.search(message):
        names = set(re.findall(rf"\b{re.escape(catalog[1])}\.([\w.]+)", statement)) & columns.keys()
        next_step = f"Query {' and '.join(sorted(names))}." if names else "Name tables as schema.table."
        return f"{catalog[1]} is not a database that readers see: they query the publication.", "", next_step
    if match or "disabled" in message:
        return (
            "A query can only read the publication, not files, the network or settings.",
            message.splitlines()[0],
            "Query the published tables; write the result with --output FILE (in the shell: .output FILE).",
        )
    return "The query failed.", " ".join(message.split()), "Correct the statement at this position."


def _column_hint(name: str, columns: dict[str, list[str]], mentioned: list[str]) -> str:
    """Tables that have the column; else similar names, first in the tables that the statement mentions."""
    homes = [table for table, names in columns.items() if name.lower() in names]
    if homes:
        return f"Join or query {' or '.join(homes)}, which has the column {name}."
    available = {column for table in mentioned for column in columns[table]}
    similar = _similar(name, available) or _similar(name, {c for names in columns.values() for c in names}, 0.8)
    if not similar:
        return f'List the columns with warehouse sql "describe {(mentioned or list(columns))[0]}".'
    tables = mentioned if available & set(similar) else list(columns)
    named = (f"{column} ({', '.join(table for table in tables if column in columns[table])})" for column in similar)
    return f"Did you mean {' or '.join(named)}?"


def _table_hint(name: str, columns: dict[str, list[str]]) -> str:
    wanted = name.lower().split(".")[-1]
    similar = _similar(wanted, [table.split(".")[1] for table in columns])
    if similar:
        return f"Did you mean {' or '.join(t for n in similar for t in columns if t.endswith('.' + n))}?"
    return f"Query one of {', '.join(columns)}."


def _similar(name: str, candidates: Iterable[str], similarity: float = 0.6) -> list[str]:
    return get_close_matches(name.lower(), sorted(candidates), n=3, cutoff=similarity)


def _published_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    rows = connection.execute(
        "select schema_name || '.' || table_name, list(column_name order by column_index) from duckdb_columns()"
        " where not internal and database_name = current_database() group by all order by all"
    ).fetchall()
    return dict(rows)
