"""Questions to a publication: one SELECT at a time, no files, no network, no settings; answers in four formats."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.text_tables import distinct_names, render_csv, render_json, render_table
from orchestration.publication.write import current
from orchestration.query.errors import query_error

if TYPE_CHECKING:
    from orchestration.store.lake.snapshots import LakeSnapshot

Published: TypeAlias = "Path | LakeSnapshot"
"""A publication that can be asked: its file, or its snapshot in the lake."""

FORMATS = ("table", "csv", "json", "parquet")
SCHEMAS = ("marts", "results", "meta")


def open_published(place: Published) -> duckdb.DuckDBPyConnection:
    """A connection that can read the publication and nothing else. WarehouseError if none is there.

    A table needs no schema before its name. The connection keeps to this publication even if a refresh puts another in
    its place.
    """
    connection = _open_file(place) if isinstance(place, Path) else place.open()
    there = {
        schema
        for (schema,) in connection.execute("select distinct table_schema from information_schema.tables").fetchall()
    }
    if path_of_search := ",".join(schema for schema in SCHEMAS if schema in there):  # another version may lack one
        connection.execute(f"set search_path = '{path_of_search}'")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _open_file(path: Path) -> duckdb.DuckDBPyConnection:
    if not path.exists():
        raise WarehouseError(
            "Nothing is published yet.",
            where=str(path),
            expected="a published warehouse",
            found="no file",
            next_step="warehouse run",
        )
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(
            "The published file cannot be opened.",
            where=str(path),
            expected="a DuckDB file that no other program has open for writing",
            found=str(error),
            next_step="close the other program, or put back a copy from the folder publications beside it",
        ) from error


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


def write_answer(place: Published, statement: str, output_format: str, out: BinaryIO) -> None:
    """Ask one question of a publication and write its answer to ``out``.

    table is aligned text with NULL written out and long decimals rounded, csv leaves NULL empty (an empty text is ""),
    json is a list of objects, parquet is binary; the last three keep every digit.
    Raises WarehouseError with the reason if the question cannot be answered.
    """
    connection = open_published(place)
    try:
        write_cursor(ask(connection, statement), output_format, out)
    except duckdb.Error as error:  # met only while the rows are fetched
        raise query_error(connection, statement, error) from error
    finally:
        connection.close()


def write_cursor(cursor: duckdb.DuckDBPyConnection, output_format: str, out: BinaryIO) -> None:
    """Write all rows that ``ask`` returned, in one of FORMATS."""
    names = distinct_names([column[0] for column in cursor.description])
    if output_format == "parquet":
        import pyarrow.parquet

        pyarrow.parquet.write_table(cursor.to_arrow_table().rename_columns(names), out)
        return
    render = {"table": render_table, "csv": render_csv, "json": render_json}[output_format]
    out.write(render(names, cursor.fetchall()).encode())


def warn_if_synthetic(place: Published) -> None:
    """Say on standard error that the answers come from the synthetic sample, if they do."""
    publication = current(place) if isinstance(place, Path) else place.record
    if publication and publication["is_synthetic"]:
        print(publication["note"], file=sys.stderr)


def rows_of(place: Published, statement: str) -> list[dict]:
    """The answer as a list of records, for the commands that print one themselves."""
    connection = open_published(place)
    try:
        result = connection.execute(statement)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    except duckdb.Error as error:
        raise WarehouseError(
            "This publication lacks something that is asked of it.",
            where=str(place),
            expected="a publication of this version of the warehouse",
            found=str(error).splitlines()[0],
            next_step="warehouse run makes a new one",
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
