"""Write CSV by RFC 4180: UTF-8, a header, CRLF line ends; numbers read back exactly."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from orchestration.outputs.export.content import Content, Table


def write_csv(table: Table, content: Content, path: Path) -> None:
    """Write one table as CSV. README, codebook and data package name the publication, which CSV has no field for.

    Parameters
    ----------
    table : Table
        The table to write.
    content : Content
        Not used; every format has these parameters.
    path : Path
        File to write.
    """
    columns = [column.to_pylist() for column in table.data.columns]
    write_rows(path, table.data.column_names, zip(*columns, strict=True))


def write_rows(path: Path, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file; None is an empty cell, a boolean is true or false.

    Parameters
    ----------
    path : Path
        File to write.
    names : sequence of str
        Column names.
    rows : iterable of sequence
        Cells.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)  # writes the shortest text that reads back to the same float
        writer.writerow(names)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> object:
    return ("true" if value else "false") if isinstance(value, bool) else value
