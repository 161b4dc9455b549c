"""One small file per raw table, in its publisher's format, cut from the SYNTHETIC sample; and its rows as a frame."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import rdata

from orchestration.ingest.catalog import RawTableEntry
from orchestration.ingest.readers import read_table
from orchestration.ingest.records import RawTable

ROWS = 24


@dataclass(frozen=True)
class Small:
    """The first ROWS rows of a raw table's file. frame: its rows, for the formats that have no text of their own."""

    entry: RawTableEntry
    content: bytes
    frame: pd.DataFrame | None

    @property
    def table(self) -> RawTable:
        return self.entry.table


def small(entry: RawTableEntry, path: Path) -> Small:
    table = entry.table
    if table.format == "csv":
        content = zipfile.ZipFile(path).read(table.archive_member) if table.archive_member else path.read_bytes()
        lines = content.splitlines(keepends=True)
        return Small(entry, archived(table, b"".join(lines[: table.skip_lines + 1 + ROWS])), None)
    rows: pa.Table = read_table(table, path).slice(0, ROWS)
    frame = rows.to_pandas()
    for name, kind in table.column_types.items():
        frame[name] = frame[name].astype("float64") if kind != "text" else frame[name].astype(object)
    return Small(entry, archived(table, written(table, frame)), frame)


def written(table: RawTable, frame: pd.DataFrame) -> bytes:
    """The frame as a file of the table's format."""
    out = io.BytesIO()
    if table.format == "stata":
        text = frame.select_dtypes(object).columns
        frame.assign(**{name: frame[name].fillna("") for name in text}).to_stata(out, write_index=False, version=118)
    elif table.format == "excel":
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet(table.sheet)
        sheet.append([int(name) if str(name).isdigit() else name for name in frame.columns])
        for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False):
            sheet.append(list(row))
        book.save(out)
    else:
        rdata.write_rda(out, {table.object: frame.astype(dict.fromkeys(frame.select_dtypes(object), object))})
    return out.getvalue()


def archived(table: RawTable, content: bytes) -> bytes:
    """The file in the archive it is published in, if it is."""
    if not table.archive_member:
        return content
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "SYNTHETIC")
        archive.writestr(table.archive_member, content)
    return out.getvalue()
