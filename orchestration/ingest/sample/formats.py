"""The publishers' file formats: columns in, bytes out, the same bytes for the same columns.

What belongs here: encodings, line ends, quoting, sheets, archives, and fixed dates wherever a format carries one.
What does not: any value of the world. The slow libraries are imported where they are used: a run that finds its sample
in place never needs them.
"""

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from orchestration.ingest.catalog import RawTable, SourceFile

FIXED_DATE = datetime(1980, 1, 1)  # the earliest a zip archive can hold
SYNTHETIC_NOTE = "SYNTHETIC: invented by a program to try the pipeline; it says nothing about the world."

CRLF, CR, LF = "\r\n", "\r", "\n"
LINE_ENDS = {
    "09508e1d-4bb1-419a-a275-77169f9cc773_v2.csv": CRLF,
    "COW country codes.csv": CR,
    "Inter-StateWarData_v4.0.csv": CR,
    "MIDA 5.0.csv": CRLF,
    "MIDB 5.0.csv": CRLF,
    "NMC-60-abridged.csv": CRLF,
    "National_COW_4.0.csv": CRLF,
    "majors2016.csv": CRLF,
    "p5v2018.csv": CRLF,
    "system2016.csv": CRLF,
}  # all others: LF
TEXT_QUOTED = {"mid_participants", "direct_contiguity"}
WORLD_BANK_TABLES = {"world_bank_infant_mortality", "world_bank_countries"}  # byte order mark, every cell quoted
WORLD_BANK_PREAMBLE = [
    '"Data Source","SYNTHETIC World Development Indicators",',
    "",
    '"Last Updated Date","SYNTHETIC",',
    "",
]


def arrange(table: RawTable, values: Mapping) -> pa.Table:
    """The published columns in published order, typed; a scalar fills its column, a column not given is empty.

    Raises KeyError for a value of a column the publisher does not have.
    """
    unknown = set(values) - set(table.columns)
    if unknown:
        raise KeyError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    rows = max(len(value) for value in values.values() if isinstance(value, np.ndarray))
    columns = {}
    for name, kind in table.column_types.items():
        arrow_type = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64()}[kind]
        value = values.get(name)
        if not isinstance(value, np.ndarray):
            columns[name] = pa.repeat(pa.scalar(value, arrow_type), rows)
        else:
            columns[name] = pa.array(value, from_pandas=True).cast(arrow_type)
    return pa.table(columns)


def file_bytes(file: SourceFile, tables: Mapping[str, pa.Table]) -> bytes:
    """One source file with all its tables, by name, as its publisher would have written it."""
    if all(table.archive_member for table in file.tables):
        return _zipped({table.archive_member: _table_bytes(file, table, tables[table.name]) for table in file.tables})
    if file.tables[0].format == "excel":
        return _excel({table.sheet: tables[table.name] for table in file.tables})
    return _table_bytes(file, file.tables[0], tables[file.tables[0].name])


def _table_bytes(file: SourceFile, table: RawTable, content: pa.Table) -> bytes:
    writers = {"csv": _csv, "stata": _stata, "rdata": _rdata}
    return writers[table.format](file, table, content)


def _csv(file: SourceFile, table: RawTable, content: pa.Table) -> bytes:
    end = LINE_ENDS.get(file.file, LF)
    header = list(content.column_names)
    quoting, lead = "needed" if table.name in TEXT_QUOTED else "none", ""
    if table.name in WORLD_BANK_TABLES:
        content = pa.table({name: column.cast(pa.string()).fill_null("") for name, column in _named(content)})
        header = [f'"{name}"' for name in header]
        quoting = "all_valid"
        lead = "\ufeff" + "".join(line + end for line in WORLD_BANK_PREAMBLE[: table.skip_lines])
    if table.trailing_empty_column:
        content = content.append_column("", pa.nulls(content.num_rows, pa.string()))
        header.append("")
    out = io.BytesIO()
    out.write((lead + ",".join(header) + end).encode(table.encoding))
    pyarrow.csv.write_csv(
        content, out, pyarrow.csv.WriteOptions(include_header=False, quoting_style=quoting, eol=end, batch_size=65_536)
    )
    return out.getvalue()


def _named(content: pa.Table):
    return zip(content.column_names, content.columns, strict=True)


def _frame(content: pa.Table, no_text: str | None):
    """A pandas frame: text as objects, `no_text` where empty; numbers as doubles, as Stata and R files carry them.

    A column with no number at all is a column of missing bytes, the narrowest that Stata has.
    """
    import pandas as pd

    columns = {}
    for name, column in _named(content):
        if pa.types.is_string(column.type):
            text = [no_text if cell is None else cell for cell in column.to_pylist()]
            columns[name] = pd.Series(text, dtype=object)
        elif column.null_count == len(column):
            columns[name] = pd.array([None] * len(column), dtype="Int8")
        else:
            columns[name] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return pd.DataFrame(columns)


def _stata(file: SourceFile, table: RawTable, content: pa.Table) -> bytes:
    out = io.BytesIO()
    _frame(content, "").to_stata(
        out, write_index=False, version=118, time_stamp=FIXED_DATE, data_label="SYNTHETIC sample"
    )
    return out.getvalue()


def _rdata(file: SourceFile, table: RawTable, content: pa.Table) -> bytes:
    """bzip2, as the publisher's file; unlike gzip it carries no date."""
    import rdata

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file.file
        rdata.write_rda(path, {table.object: _frame(content, None)}, compression="bzip2")
        return path.read_bytes()


def _excel(sheets: Mapping[str, pa.Table]) -> bytes:
    import openpyxl

    workbook = openpyxl.Workbook(write_only=True)
    workbook.properties.created = FIXED_DATE
    workbook.create_sheet("About").append([SYNTHETIC_NOTE])
    for name, content in sheets.items():
        sheet = workbook.create_sheet(name)
        sheet.append([int(column) if column.isdigit() else column for column in content.column_names])
        for row in zip(*(column.to_pylist() for column in content.columns), strict=True):
            sheet.append(row)
    out = io.BytesIO()
    workbook.save(out)
    with zipfile.ZipFile(out) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    core = "docProps/core.xml"  # openpyxl writes the time of saving
    members[core] = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + _stamp().encode(), members[core])
    return _zipped(members)


def _stamp() -> str:
    return FIXED_DATE.strftime("%Y-%m-%dT%H:%M:%SZ")


def _zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, date_time=FIXED_DATE.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()
