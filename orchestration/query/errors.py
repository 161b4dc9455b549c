"""What DuckDB says of a question it cannot answer, in the project's form: the place in the statement and the nearest names."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

import duckdb

from orchestration.core.errors import WarehouseError

NO_COLUMN = re.compile(
    r'Referenced column "(?P<column>[^"]+)" (?:was )?not found|does not have a column named "(?P<named>[^"]+)"'
)
NO_TABLE = re.compile(r'Table with name "?([^"]+?)"? does not exist')
INDENT = " " * 12  # WarehouseError puts its texts that far in; the caret must stay below its word


def query_error(connection: duckdb.DuckDBPyConnection, statement: str, error: duckdb.Error) -> WarehouseError:
    """The error to show for ``error``, which DuckDB raised for ``statement``."""
    if isinstance(error, duckdb.InterruptException):
        return WarehouseError("The query was stopped.")
    message, _, place = str(error).strip().partition("\n\nLINE ")
    where = f"LINE {place}" if place else statement if len(statement) <= 200 else statement[:200] + " ..."
    columns = _published_columns(connection)
    problem, found, next_step = _explained(message, statement, columns)
    return WarehouseError(problem, where=where.rstrip().replace("\n", "\n" + INDENT), found=found, next_step=next_step)


def _explained(message: str, statement: str, columns: dict[str, list[str]]) -> tuple[str, str, str]:
    if (match := NO_COLUMN.search(message)) and (name := match["column"] or match["named"]):
        mentioned = [table for table in columns if re.search(rf"\b{table.split('.')[1]}\b", statement)]
        return f"There is no column {name} in what is asked.", "", _column_hint(name, columns, mentioned)
    if (match := NO_TABLE.search(message)) and "/" not in match[1]:
        return f"There is no table {match[1]}.", "", _table_hint(match[1], columns)
    if match or "disabled" in message:
        return (
            "A question reads the publication and nothing else: no files, no network, no settings.",
            message.splitlines()[0],
            "ask the published tables; --output FILE (in the shell: .output FILE) keeps an answer",
        )
    return "The query cannot be answered.", " ".join(message.split()), "mend the statement at that place"


def _column_hint(name: str, columns: dict[str, list[str]], mentioned: list[str]) -> str:
    """Another table's column of that very name; else the nearest names, at first of the tables asked."""
    homes = [table for table, names in columns.items() if name.lower() in names]
    if homes:
        return f"{name} is a column of {', '.join(homes)}: join it, or ask there"
    asked = {column for table in mentioned for column in columns[table]}
    near = _near(name, asked) or _near(name, {column for names in columns.values() for column in names}, 0.8)
    if not near:
        return f'warehouse sql "describe {(mentioned or list(columns))[0]}" lists the columns'
    tables = mentioned if asked & set(near) else list(columns)
    told = (f"{column} ({', '.join(table for table in tables if column in columns[table])})" for column in near)
    return f"did you mean {' or '.join(told)}?"


def _table_hint(name: str, columns: dict[str, list[str]]) -> str:
    wanted = name.lower().split(".")[-1]
    near = _near(wanted, [table.split(".")[1] for table in columns])
    if near:
        return f"did you mean {' or '.join(t for n in near for t in columns if t.endswith('.' + n))}?"
    return f"there are {', '.join(columns)}"


def _near(name: str, candidates: Iterable[str], likeness: float = 0.6) -> list[str]:
    return get_close_matches(name.lower(), sorted(candidates), n=3, cutoff=likeness)


def _published_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    rows = connection.execute(
        "select schema_name || '.' || table_name, list(column_name order by column_index) from duckdb_columns()"
        " where not internal and database_name = current_database() group by all order by all"
    ).fetchall()
    return dict(rows)
