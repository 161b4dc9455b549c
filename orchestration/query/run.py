"""Run one read-only statement on a publication, and write its result in one of four formats."""

import re
import sys
from typing import Any, BinaryIO

import duckdb

from orchestration.core.database import column_names, rows_as_dicts
from orchestration.core.errors import WarehouseError
from orchestration.core.text_tables import distinct_names, render_csv, render_json, render_table
from orchestration.query.errors import excerpt, query_error
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
    if search_path := ",".join(schema for schema in SCHEMAS if schema in existing):  # another version may not have all
        connection.execute(f"set search_path = '{search_path}'")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def described_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Read the description of every table of an open publication.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        From `open_published`.

    Returns
    -------
    dict of str to str
        Description by ``schema.table``, in the order of the names.
    """
    return dict(
        connection.execute(
            "select table_schema || '.' || table_name, coalesce(table_comment, '') from information_schema.tables"
            " order by all"
        ).fetchall()
    )


def run_query(connection: duckdb.DuckDBPyConnection, statement: str) -> duckdb.DuckDBPyConnection:
    """Run one read-only statement of a user.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        From `open_published`.
    statement : str
        One SELECT, FROM, WITH, SHOW, DESCRIBE, SUMMARIZE or EXPLAIN.

    Returns
    -------
    duckdb.DuckDBPyConnection
        The connection, with the result to fetch. Fetching can raise duckdb.Error.

    Raises
    ------
    WarehouseError
        If it is another statement, more than one, or if DuckDB cannot run it; the message points at the position and
        suggests similar names.
    """
    try:
        statements = connection.extract_statements(statement)
        if len(statements) != 1:
            raise _not_a_select(statement, f"{len(statements)} statements" if statements else "no statement")
        uncommented = re.sub(r"\A(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", "", statement, flags=re.DOTALL)
        explained = re.sub(
            r"\Aexplain\s+(?:analyze\s+)?(?:\(.*?\)\s*)?", "", uncommented, flags=re.IGNORECASE | re.DOTALL
        )
        word = uncommented.split(maxsplit=1)[0].upper()
        if word == "PRAGMA" or [s.type.name for s in connection.extract_statements(explained)] != ["SELECT"]:
            raise _not_a_select(statement, f"a statement with {word}")
        return connection.execute(statement)
    except duckdb.Error as error:
        raise query_error(connection, statement, error) from error


def write_result(publication: StoredPublication, statement: str, output_format: str, out: BinaryIO) -> None:
    """Run one read-only statement and write its result.

    Parameters
    ----------
    publication : StoredPublication
        The publication to query.
    statement : str
        As for `run_query`.
    output_format : {"table", "csv", "json", "parquet"}
        table: aligned text with NULL written out and long decimals rounded; csv: NULL is empty and an empty text is
        ``""``; json: a list of objects. All but table keep every digit.
    out : BinaryIO
        Stream for the result, text in UTF-8.

    Raises
    ------
    WarehouseError
        If the statement is refused or fails.
    """
    connection = open_published(publication)
    try:
        write_cursor(run_query(connection, statement), output_format, out)
    except duckdb.Error as error:  # raised while rows are fetched
        raise query_error(connection, statement, error) from error
    finally:
        connection.close()


def write_cursor(cursor: duckdb.DuckDBPyConnection, output_format: str, out: BinaryIO) -> None:
    """Write all rows of a result.

    Parameters
    ----------
    cursor : duckdb.DuckDBPyConnection
        From `run_query`. Repeated column names are made distinct.
    output_format : {"table", "csv", "json", "parquet"}
        As for `write_result`.
    out : BinaryIO
        Stream for the result.

    Raises
    ------
    duckdb.Error
        If the statement fails while rows are fetched.
    """
    names = distinct_names(column_names(cursor))
    if output_format == "parquet":
        import pyarrow.parquet

        pyarrow.parquet.write_table(cursor.to_arrow_table().rename_columns(names), out)
        return
    render = {"table": render_table, "csv": render_csv, "json": render_json}[output_format]
    out.write(render(names, cursor.fetchall()).encode())


def introduce(publication: StoredPublication, *, is_shared: bool) -> None:
    """Print on standard error which publication is read if it is shared, and its note if its data are the sample."""
    record = publication.record()
    if record and is_shared:  # by another machine, which may publish at any time
        print(f"publication {record['publication_id']}, {publication}", file=sys.stderr)
    if record and record["is_synthetic"]:
        print(record["note"], file=sys.stderr)


def rows_of(publication: StoredPublication, statement: str) -> list[dict[str, Any]]:
    """Run a statement of the warehouse itself and return its rows.

    Parameters
    ----------
    publication : StoredPublication
        The publication to query.
    statement : str
        SQL that is valid for a publication of this version.

    Returns
    -------
    list of dict
        Value by column name, one dictionary for each row.

    Raises
    ------
    WarehouseError
        If the publication does not exist or has the schema of another version.
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
            next_step="Publish a new one with warehouse run.",
        ) from error
    finally:
        connection.close()


def _not_a_select(statement: str, found: str) -> WarehouseError:
    return WarehouseError(
        "Only a single read-only SELECT statement is allowed.",
        where=excerpt(statement),
        expected="one SELECT, FROM, WITH, SHOW, DESCRIBE, SUMMARIZE or EXPLAIN",
        found=found,
        next_step="Use SELECT; write the result to a file with --output FILE (in the shell: .output FILE).",
    )
