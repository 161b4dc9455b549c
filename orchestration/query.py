"""Questions to the published file: read-only, no files, no network, no settings; answers in four formats."""

import csv
import io
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import duckdb

from orchestration.errors import WarehouseError
from orchestration.publication import current

FORMATS = ("table", "csv", "json", "parquet")


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection that can read the publication and nothing else. WarehouseError if none is there."""
    if not path.exists():
        raise WarehouseError(
            "Nothing is published yet.",
            where=str(path),
            expected="a published warehouse",
            found="no file",
            next_step="warehouse run",
        )
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(
            "The published file cannot be opened.",
            where=str(path),
            expected="a DuckDB file that no other program has open for writing",
            found=str(error),
            next_step="close the other program, or put back a copy from the folder publications beside it",
        ) from error
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def write_answer(path: Path, statement: str, output_format: str, out: BinaryIO) -> None:
    """Run one statement on the published file and write its answer to ``out``.

    table is aligned text with NULL written out, csv leaves NULL empty, json is a list of objects, parquet is binary.
    Raises WarehouseError with DuckDB's explanation if the statement cannot be answered.
    """
    connection = open_published(path)
    try:
        result = connection.execute(statement)
        if result.description is None:
            return
        if output_format == "parquet":
            import pyarrow.parquet

            pyarrow.parquet.write_table(result.to_arrow_table(), out)
            return
        names = [column[0] for column in result.description]
        text = {"table": render_table, "csv": _csv, "json": _json}[output_format](names, result.fetchall())
        out.write(text.encode())
    except duckdb.Error as error:
        raise WarehouseError(
            "The query cannot be answered.",
            where=statement if len(statement) <= 200 else statement[:200] + " ...",
            expected="one read-only SQL statement on the schemas marts, results and meta",
            found=str(error).strip(),
            next_step='warehouse sql "select table_name, column_name, description from meta.columns" lists what there is',
        ) from error
    finally:
        connection.close()


def warn_if_synthetic(path: Path) -> None:
    """Say on standard error that the answers come from the synthetic sample, if they do."""
    publication = current(path)
    if publication and publication["is_synthetic"]:
        print(publication["note"], file=sys.stderr)


def rows_of(path: Path, statement: str) -> list[dict]:
    """The answer as a list of records, for the commands that print one themselves."""
    connection = open_published(path)
    try:
        result = connection.execute(statement)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    finally:
        connection.close()


def _csv(names: list[str], rows: list[tuple]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([None if value is None else _cell(value) for value in row] for row in rows)
    return out.getvalue()


def _json(names: list[str], rows: list[tuple]) -> str:
    records = [dict(zip(names, row, strict=True)) for row in rows]
    return json.dumps(records, indent=1, default=str) + "\n"


def render_table(names: list[str], rows: list[tuple]) -> str:
    """Aligned plain text: numbers to the right, NULL written out, a count below."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(names)]
    to_right = [all(row[i] is None or _is_number(row[i]) for row in rows) for i in range(len(names))]

    def line(values: list[str]) -> str:
        aligned = (v.rjust(w) if right else v.ljust(w) for v, w, right in zip(values, widths, to_right, strict=True))
        return "  ".join(aligned).rstrip()

    body = [line(names), line(["-" * w for w in widths]), *(line(row) for row in cells)]
    return "\n".join(body) + f"\n({len(rows):,} row{'' if len(rows) == 1 else 's'})\n"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _cell(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
