"""Write the publishers' file formats: the same bytes for the same columns.

Encodings, line ends, quoting, sheets and archives follow the published files; dates inside a format are fixed. Slow
libraries are imported where they are used, because a run with an existing sample does not need them.
"""

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from orchestration.ingest.records import RawTable, SourceFile

if TYPE_CHECKING:
    import pandas as pd

STRUCTURAL = r'[,"\r\n]'  # characters that divide cells and rows of a CSV file
FIXED_DATE = datetime(1980, 1, 1)  # the earliest date in a zip archive
SYNTHETIC_NOTE = "SYNTHETIC: invented by a program to try the pipeline; it says nothing about the world."

CRLF, CR, LF = "\r\n", "\r", "\n"
LINE_ENDS = {
    "API_SP.DYN.IMRT.IN_DS2_en_csv_v2_2.csv": CRLF,
    "COW country codes.csv": CR,
    "Inter-StateWarData_v4.0.csv": CR,
    "MIDA 5.0.csv": CRLF,
    "MIDB 5.0.csv": CRLF,
    "National_COW_4.0.csv": CRLF,
    "p5v2018.csv": CRLF,
    "system2016.csv": CRLF,
}  # all other files: LF
ARROW_TYPES: dict[str, pa.DataType] = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64()}
TEXT_QUOTED = {"mid_participants", "direct_contiguity"}
ALL_QUOTED = {"world_bank_infant_mortality", "world_bank_countries"}
BYTE_ORDER_MARK = {"world_bank_countries": "\ufeff"}


def arrange(table: RawTable, values: Mapping[str, Any]) -> pa.Table:
    """Arrange columns as published.

    Parameters
    ----------
    table : RawTable
        Record of the table.
    values : Mapping of str to Any
        Column name to an array, or to one value for all rows; columns that are not given are empty.

    Returns
    -------
    pyarrow.Table
        Typed columns, in published order.

    Raises
    ------
    KeyError
        If the table does not have one of the columns.
    """
    unknown = set(values) - set(table.columns)
    if unknown:
        raise KeyError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    rows = max(len(value) for value in values.values() if isinstance(value, np.ndarray))
    columns: dict[str, pa.Array] = {}
    for name, kind in table.column_types.items():
        value = values.get(name)
        if not isinstance(value, np.ndarray):
            constant: Any = pa.scalar(value, ARROW_TYPES[kind])
            columns[name] = pa.repeat(constant, rows)
        else:
            columns[name] = pa.array(value, from_pandas=True).cast(ARROW_TYPES[kind])
    return pa.table(columns)


def file_bytes(file: SourceFile, tables: Mapping[str, pa.Table]) -> bytes:
    """Write one source file in the publisher's format.

    Parameters
    ----------
    file : SourceFile
        Record of the file.
    tables : Mapping of str to pyarrow.Table
        All its tables, by name.

    Returns
    -------
    bytes
        Content of the file.
    """
    if all(table.archive_member for table in file.tables):
        return _zipped(
            {str(table.archive_member): _table_bytes(file, table, tables[table.name]) for table in file.tables}
        )
    if file.tables[0].format == "excel":
        return _excel({str(table.sheet): tables[table.name] for table in file.tables})
    return _table_bytes(file, file.tables[0], tables[file.tables[0].name])


def _table_bytes(file: SourceFile, table: RawTable, content: pa.Table) -> bytes:
    writers = {"csv": _csv, "stata": _stata, "rdata": _rdata}
    return writers[table.format](file, table, content)


def _csv(file: SourceFile, table: RawTable, content: pa.Table) -> bytes:
    end = LINE_ENDS.get(file.file, LF)
    header = [_quoted_if_needed(name) for name in content.column_names]
    is_quoted = table.name in TEXT_QUOTED or _needs_quotes(content)
    quoting: Literal["needed", "all_valid", "none"] = "needed" if is_quoted else "none"
    if table.name in ALL_QUOTED:
        cells: list[Any] = [pc.fill_null(column.cast(pa.string()), pa.scalar("")) for column in content.columns]
        content = pa.table(cells, names=header)
        header = [f'"{name}"' for name in header]
        quoting = "all_valid"
    if table.trailing_empty_column:
        content = content.append_column("", pa.nulls(content.num_rows, pa.string()))
        header.append("")
    out = io.BytesIO()
    mark = BYTE_ORDER_MARK.get(table.name, "")
    out.write((mark + ",".join(header) + end).encode(str(table.encoding)))
    options = pyarrow.csv.WriteOptions(  # type: ignore[call-arg]  # the stubs lack eol
        include_header=False, quoting_style=quoting, eol=end, batch_size=65_536
    )
    pyarrow.csv.write_csv(content, out, options)
    return out.getvalue()


def _quoted_if_needed(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if re.search(STRUCTURAL, name) else name


def _needs_quotes(content: pa.Table) -> bool:
    """Whether a text has a comma, a quote or a line end."""
    texts = [column for column in content.columns if pa.types.is_string(column.type)]
    return any(pc.any(pc.match_substring_regex(column, STRUCTURAL)).as_py() for column in texts)


def _named(content: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    return zip(content.column_names, content.columns, strict=True)


def _frame(content: pa.Table, no_text: str | None) -> "pd.DataFrame":
    """Convert to pandas: text as objects, with `no_text` for empty cells; numbers as doubles, as in Stata and R files.

    A column without any number has the narrowest type of Stata, a byte.
    """
    import pandas as pd

    columns: dict[str, Any] = {}
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
    """Compress with bzip2 as the publisher does; unlike gzip, it has no date."""
    import rdata

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file.file
        rdata.write_rda(path, {str(table.object): _frame(content, None)}, compression="bzip2")
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
