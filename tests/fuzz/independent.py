"""Read a file with other readers than the warehouse's own: rows of text, with None for an empty cell.

CSV and Stata by pandas, Excel by openpyxl, members of archives by zipfile. There is no second reader of R data.
"""

import io
import math
import zipfile
from collections.abc import Sequence

import openpyxl
import pandas as pd

from orchestration.ingest.records import RawTable

Rows = list[list[object]]


def rows_of(table: RawTable, content: bytes) -> Rows:
    """The header and all rows; numbers of binary formats as numbers. Raises whatever the other reader raises."""
    if table.archive_member:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(table.archive_member)
    rows = {"csv": _csv, "stata": _stata, "excel": _excel}[table.format](table, content)
    while rows and not any(cell not in (None, "") for cell in rows[-1]):
        rows.pop()
    return rows


def same_cell(ours: str | None, theirs: object) -> bool:
    if theirs is None or theirs == "" or (isinstance(theirs, float) and math.isnan(theirs)):
        return ours is None
    if isinstance(theirs, (int, float)) and not isinstance(theirs, bool):
        return ours is not None and float(ours) == float(theirs)
    return ours == str(theirs)


def difference(ours: Sequence[Sequence[str | None]], theirs: Rows) -> str | None:
    """The first cell that differs, or None."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows, but the other reader finds {len(theirs)}"
    for number, (our_row, their_row) in enumerate(zip(ours, theirs, strict=True)):
        if len(our_row) != len(their_row):
            return f"row {number}: {len(our_row)} cells, but the other reader finds {len(their_row)}"
        for position, (our, their) in enumerate(zip(our_row, their_row, strict=True)):
            if not same_cell(our, their):
                return f"row {number}, cell {position}: {our!r}, but the other reader finds {their!r}"
    return None


def _csv(table: RawTable, content: bytes) -> Rows:
    text = content.decode("utf-8-sig")
    for _ in range(table.skip_lines):
        text = io.StringIO(text, newline=None).read().partition("\n")[2]
    frame = pd.read_csv(
        io.StringIO(text, newline=""), header=None, dtype=str, keep_default_na=False, skip_blank_lines=False,
        index_col=False,
    )  # fmt: skip
    rows = frame.to_numpy().tolist()
    return [row[:-1] for row in rows] if table.trailing_empty_column else rows


def _stata(_: RawTable, content: bytes) -> Rows:
    frame = pd.read_stata(io.BytesIO(content), convert_dates=False, convert_categoricals=False, preserve_dtypes=True)
    return [list(frame.columns), *frame.astype(object).to_numpy().tolist()]


def _excel(table: RawTable, content: bytes) -> Rows:
    sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=True)[table.sheet]
    rows = [
        [None if isinstance(cell, str) and not cell.strip() else cell for cell in row]  # only blanks count as empty
        for row in sheet.iter_rows(values_only=True)
    ]
    while rows and all(row and row[-1] is None for row in rows):
        rows = [row[:-1] for row in rows]
    return rows
