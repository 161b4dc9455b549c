"""Questions to a publication: one SELECT at a time, no files, no network, no settings; answers in four formats."""

import re
import sys
from typing import Any, BinaryIO

import duckdb

from orchestration.core.database import column_names, rows_as_dicts
from orchestration.core.errors import WarehouseError
from orchestration.core.text_tables import distinct_names, render_csv, render_json, render_table
from orchestration.query.errors import query_error
from orchestration.store.protocol import StoredPublication

FORMATS = ("table", "csv", "json", "parquet")
SCHEMAS = ("marts", "results", "meta")


def open_published(publication: StoredPublication) -> duckdb.DuckDBPyConnection:
    """Open a connection that can read one publication and nothing else.

    A table needs no schema before its name. The connection keeps reading this publication even if a refresh replaces
    it.

    Parameters
    ----------
    publication : StoredPublication
        A file or a snapshot of the lake.

    Returns
    -------
    duckdb.DuckDBPyConnection
        Without access to files, network and settings; the caller closes it.

    Raises
    ------
    WarehouseError
        If the publication does not exist or cannot be read.
    """
    connection = publication.open()
    found = connection.execute("select distinct table_schema from information_schema.tables").fetchall()
    existing = {schema for (schema,) in found}
    if search_path := ",".join(schema for schema in SCHEMAS if schema in existing):  # another version may lack one
        connection.execute(f"set search_path = '{search_path}'")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def described_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The description of every ``schema.table`` of an open publication, in the order of the names."""
    return dict(
        connection.execute(
            "select table_schema || '.' || table_name, coalesce(table_comment, '') from information_schema.tables order by all"
        ).fetchall()
    )


def ask(connection: duckdb.DuckDBPyConnection, statement: str) -> duckdb.DuckDBPyConnection:
    """Run one SELECT (also FROM, WITH, SHOW, DESCRIBE, SUMMARIZE, EXPLAIN) and return its cursor.

    Raises WarehouseError for anything else, and with the place and the nearest names for what DuckDB cannot answer.
    """
    try:
        statements = connection.extract_statements(statement)
        if len(statements) != 1:
            raise _not_one_question(statement, f"{len(statements)} statements" if statements else "no statement")
        plain = re.sub(r"\A(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", "", statement, flags=re.DOTALL)
        explained = re.sub(r"\Aexplain\s+(?:analyze\s+)?(?:\(.*?\)\s*)?", "", plain, flags=re.IGNORECASE | re.DOTALL)
        word = plain.split(maxsplit=1)[0].upper()
        if word == "PRAGMA" or [s.type.name for s in connection.extract_statements(explained)] != ["SELECT"]:
            raise _not_one_question(statement, f"a statement with {word}")
        return connection.execute(statement)
    except duckdb.Error as error:
        raise query_error(connection, statement, error) from error


def write_answer(publication: StoredPublication, statement: str, output_format: str, out: BinaryIO) -> None:
    """Ask one question of a publication and write its answer to ``out``.

    table is aligned text with NULL written out and long decimals rounded, csv leaves NULL empty (an empty text is ""),
    json is a list of objects, parquet is binary; the last three keep every digit.
    Raises WarehouseError with the reason if the question cannot be answered.
    """
    connection = open_published(publication)
    try:
        write_cursor(ask(connection, statement), output_format, out)
    except duckdb.Error as error:  # met only while the rows are fetched
        raise query_error(connection, statement, error) from error
    finally:
        connection.close()


def write_cursor(cursor: duckdb.DuckDBPyConnection, output_format: str, out: BinaryIO) -> None:
    """Write all rows that ``ask`` returned, in one of FORMATS."""
    names = distinct_names(column_names(cursor))
    if output_format == "parquet":
        import pyarrow.parquet

        pyarrow.parquet.write_table(cursor.to_arrow_table().rename_columns(names), out)
        return
    render = {"table": render_table, "csv": render_csv, "json": render_json}[output_format]
    out.write(render(names, cursor.fetchall()).encode())


def warn_if_synthetic(publication: StoredPublication) -> None:
    """Print a note on standard error if the publication holds the synthetic sample."""
    record = publication.record()
    if record and record["is_synthetic"]:
        print(record["note"], file=sys.stderr)


def rows_of(publication: StoredPublication, statement: str) -> list[dict[str, Any]]:
    """Run a statement of our own and return its rows.

    Parameters
    ----------
    publication : StoredPublication
        The publication to query.
    statement : str
        SQL that a publication of this version can answer.

    Returns
    -------
    list of dict
        Value by column name, one dictionary for each row.

    Raises
    ------
    WarehouseError
        If the publication is missing, or of a version with another schema.
    """
    connection = open_published(publication)
    try:
        return rows_as_dicts(connection.execute(statement))
    except duckdb.Error as error:
        raise WarehouseError(
            "The publication's schema is incompatible with this version.",
            where=str(publication),
            expected="a publication of this version of the warehouse",
            found=str(error).splitlines()[0],
            next_step="warehouse run publishes a new one",
        ) from error
    finally:
        connection.close()


def _not_one_question(statement: str, found: str) -> WarehouseError:
    return WarehouseError(
        "Only a question can be asked here, one at a time.",
        where=statement if len(statement) <= 200 else statement[:200] + " ...",
        expected="one SELECT, FROM, WITH, SHOW, DESCRIBE, SUMMARIZE or EXPLAIN",
        found=found,
        next_step="ask for rows with SELECT; files are written by --output (in the shell: .output FILE)",
    )
