"""CSV by RFC 4180: UTF-8, header, CRLF; missing is empty; booleans true and false; numbers that read back exactly."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from orchestration.outputs.export.content import Content, Table


def write_csv(table: Table, content: Content, path: Path) -> None:
    """A CSV file has no place for the publication: it stands in the folder's README, codebook and data package."""
    columns = [column.to_pylist() for column in table.data.columns]
    write_rows(path, table.data.column_names, zip(*columns, strict=True))


def write_rows(path: Path, names: Sequence[str], rows: Iterable[Sequence]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)  # floats in the fewest digits that read back to the same number
        writer.writerow(names)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> object:
    return ("true" if value else "false") if isinstance(value, bool) else value
