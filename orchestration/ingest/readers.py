"""Read one raw table from a source file: every cell as the published text, an empty cell as NULL.

Cells of a CSV file are taken verbatim. Numbers of binary formats (Stata, Excel, R) become the repr of the double, whole
numbers without a decimal point. Names, types and ranges are checked in ``contracts``. Reader libraries are imported
where they are used, because some take seconds to import.
"""

import csv
import io
import itertools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.core.errors import WarehouseError
from orchestration.ingest.archives import extract, member_names, unpack_stream
from orchestration.ingest.records import RawTable

DOWNLOAD_AGAIN = "Download the file again from its publisher; if it is the same, correct the source record."
ERROR_CELL = re.compile(rb"""<c\s[^>]*\bt=["']e["'][^>]*>""")
MAX_CELL_CHARACTERS = 131_072  # of a CSV file; a longer cell has a quote that is not closed
CHUNK = 50_000  # rows of a CSV file that are held as Python strings before they go to Arrow
MAX_WHOLE = 10**15  # from here on a whole double is rendered by its repr; no source has a value this large


def read_table(table: RawTable, path: Path) -> pa.Table:
    """Read one raw table from a source file.

    Parameters
    ----------
    table : RawTable
        Format, encoding and location of the table within the file.
    path : Path
        The source file.

    Returns
    -------
    pyarrow.Table
        One string column for each published column, rows in published order.

    Raises
    ------
    WarehouseError
        If the file is empty, an HTML page, damaged or not in the recorded format or encoding, or if a row has too few
        or too many cells. The message names the file, the table and the line.
    """
    where = f"{path.name}{'!' + table.archive_member if table.archive_member else ''}, table {table.name}"
    content = path.read_bytes()
    if table.archive_member:
        content = extract(content, table.archive_member, name=f"{path.name}, table {table.name}")
    _refuse_non_data(content, table, where)
    return READERS[table.format](table, content, where)


def looks_like_html(start: bytes) -> bool:
    """Whether a file begins like an HTML page, for example a publisher's error page.

    Parameters
    ----------
    start : bytes
        The first bytes of the file; 1,024 are enough.

    Returns
    -------
    bool
        True for a doctype or an ``html`` tag, after a byte order mark and white space.
    """
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:15].lower()
    return text.startswith((b"<!doctype html", b"<html"))


def _refuse_non_data(content: bytes, table: RawTable, where: str) -> None:
    if not content.strip():
        _fail("A source file is empty.", where, f"a {table.format} file with data", f"{len(content)} bytes")
    if looks_like_html(content[:1024]):
        _fail("A source file is an HTML page, not data.", where, f"a {table.format} file", "an HTML page")


def _read_csv(table: RawTable, content: bytes, where: str) -> pa.Table:
    encoding = _required(table.encoding)
    _refuse_other_text(content, encoding, where)
    without_mark = "utf-8-sig" if encoding == "utf-8" else encoding
    stream = io.TextIOWrapper(io.BytesIO(content), without_mark, newline="")
    for _ in range(table.skip_lines):
        stream.readline()
    rows = _csv_rows(stream, table.skip_lines, where)
    header = next(rows)
    chunks = []
    while cells := list(itertools.chain.from_iterable(itertools.islice(rows, CHUNK))):
        chunks.append([_verbatim(cells[i :: len(header)]) for i in range(len(header))])
    columns = [pa.chunked_array([chunk[i] for chunk in chunks], pa.string()) for i in range(len(header))]
    if table.trailing_empty_column:
        header, columns = _without_trailing_column(header, columns, where)
    return _table(header, columns)


def _refuse_other_text(content: bytes, encoding: str, where: str) -> None:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = _line_of(content[: error.start])
        found = f"byte 0x{content[error.start]:02x} at offset {error.start}"
        _fail("A source file is not in the recorded encoding.", f"{where}, line {line}", encoding, found)
    if "\0" in text:
        line = _line_of(content[: content.index(b"\0")])
        _fail("A source file contains a NUL byte.", f"{where}, line {line}", "text", "a NUL byte")


def _line_of(before: bytes) -> int:
    return before.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1


def _csv_rows(stream: io.TextIOBase, skipped: int, where: str) -> Iterator[list[str]]:
    """Header, then rows of a CSV text with any line ends; every row must have as many cells as the header.

    A cell must not contain a line break (no source has one), so that row n is on line n and an unbalanced quote is
    reported on its own line. Blank lines are allowed only at the end.
    """
    csv.field_size_limit(MAX_CELL_CHARACTERS)  # global to the process; other libraries change it
    reader = csv.reader(stream, strict=True)
    width = line = blank = 0

    def at(line: int) -> str:
        return f"{where}, line {skipped + line}"

    try:
        for line, row in enumerate(reader, start=1):
            if reader.line_num != line:
                _fail(
                    "A cell contains a line break.",
                    at(line),
                    "every quote closed on its line",
                    "a line break in quotes",
                )
            if not row:
                blank = blank or line
                continue
            if blank:
                _fail("Blank line between rows.", at(blank), "a row", "a blank line")
            width = width or len(row)
            if len(row) != width:
                _fail("A row has too few or too many cells.", at(line), f"{width} cells", f"{len(row)} cells")
            yield row
    except csv.Error as error:
        _fail("A line is not valid CSV.", at(line + 1), "cells separated by commas", str(error))
    if not width:
        _fail("A source file is empty.", where, "a header and rows", f"nothing after {skipped} lines")


def _without_trailing_column(
    header: list[str], columns: list[pa.ChunkedArray], where: str
) -> tuple[list[str], list[pa.ChunkedArray]]:
    """Drop the last column, which is empty because this publisher ends every line with a comma."""
    *columns, last = columns
    if header[-1] or last.null_count < len(last):
        filled = header[-1] or last.drop_null()[0].as_py()
        _fail("The trailing column is not empty.", f"{where}, last column", "no text", repr(filled))
    return header[:-1], columns


def _read_stata(_: RawTable, content: bytes, where: str) -> pa.Table:
    import pyreadstat

    columns, _meta = _parse(
        "Stata",
        lambda: pyreadstat.read_dta(io.BytesIO(content), output_format="dict", disable_datetime_conversion=True),
        where,
    )
    return _table(list(columns), [_rendered(values) for values in columns.values()])


def _read_excel(table: RawTable, content: bytes, where: str) -> pa.Table:
    from python_calamine import CalamineWorkbook

    sheet = _required(table.sheet)
    _refuse_error_cells(content, where)
    workbook = _parse("Excel", lambda: CalamineWorkbook.from_filelike(io.BytesIO(content)), where)
    if sheet not in workbook.sheet_names:
        found = f"sheets: {', '.join(workbook.sheet_names)}"
        _fail("Sheet not found in a workbook.", where, sheet, found)
    cells = _parse("Excel", lambda: workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False), where)
    while cells and not any(_text(cell) for cell in cells[-1]):
        cells.pop()
    if not cells:
        _fail("A sheet is empty.", f"{where}, sheet {sheet}", "a header and rows", "no cells")
    columns = list(zip(*cells, strict=True))
    while not any(_text(cell) for cell in columns[-1]):
        columns.pop()
    header = [_text(column[0]) or "" for column in columns]
    return _table(header, [_rendered(column[1:]) for column in columns])


def _refuse_error_cells(content: bytes, where: str) -> None:
    """Refuse a cell with an error such as #N/A, which the reader library would return as empty; no source has one.

    Every part is decompressed within the limits of ``archives`` first, because the library has no limits.
    """
    for name in member_names(content, where):
        part = b"" if name.endswith("/") else extract(content, name, name=where)
        if name.startswith("xl/worksheets/") and (cell := ERROR_CELL.search(part)):
            found = " ".join(cell[0].decode(errors="replace").split())[:100]
            _fail("A cell of a workbook holds an error.", f"{where}, part {name}", "text, a number or nothing", found)


def _read_rdata(table: RawTable, content: bytes, where: str) -> pa.Table:
    import rdata
    from rdata.conversion import DEFAULT_CLASS_MAP, dataframe_constructor

    # A tibble is a data frame with two more class names; without them rdata warns about both.
    classes = {**DEFAULT_CLASS_MAP, "tbl_df": dataframe_constructor, "tbl": dataframe_constructor}
    name = _required(table.object)
    content = unpack_stream(content, where)
    with warnings.catch_warnings(action="error"):  # rdata warns about what it cannot read, and drops it
        objects: Mapping[str, Any] = _parse(
            "R", lambda: rdata.read_rda(io.BytesIO(content), constructor_dict=classes), where
        )
    if name not in objects:
        found = f"objects: {', '.join(map(str, objects))}"
        _fail("Object not found in an R data file.", where, name, found)
    frame = objects[name]
    if not hasattr(frame, "columns"):
        found = type(frame).__name__
        _fail("An R object is not a data frame.", f"{where}, object {name}", "a data frame", found)
    columns = [frame[column].astype(object).where(frame[column].notna(), None).tolist() for column in frame.columns]
    return _table([str(column) for column in frame.columns], [_rendered(values) for values in columns])


READERS: dict[str, Callable[[RawTable, bytes, str], pa.Table]] = {
    "csv": _read_csv,
    "stata": _read_stata,
    "excel": _read_excel,
    "rdata": _read_rdata,
}


def _required(field: str | None) -> str:
    assert field is not None, "RawTable requires this field for its format"
    return field


def _parse(kind: str, parse: Callable[[], Any], where: str) -> Any:  # noqa: ANN401 - a library's own object
    """Call a reader library, and turn whatever it raises on a damaged file into a WarehouseError."""
    try:
        return parse()
    except Exception as error:  # the libraries raise exceptions of any class on a damaged file
        found = " ".join(str(error).split())[:200] or type(error).__name__
        _fail(f"A source file cannot be read as {kind} data.", where, f"a complete {kind} file", found)


def _table(header: Iterable[str], columns: Iterable[pa.Array | pa.ChunkedArray]) -> pa.Table:
    return pa.Table.from_arrays(list(columns), names=list(header))


def _verbatim(cells: Sequence[str]) -> pa.Array:
    text = pa.array(cells, pa.string())
    return pc.if_else(pc.equal(text, pa.scalar("")), None, text)


def _rendered(values: Sequence[Any]) -> pa.Array:
    """Text of a column of a binary format; each distinct value is rendered once."""
    try:
        distinct = pa.array(values, from_pandas=True).dictionary_encode()
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # a spreadsheet may have text and numbers in one column
        return pa.array([_text(value) for value in values], pa.string())
    texts = pa.array([_text(value) for value in distinct.dictionary.to_pylist()], pa.string())
    return texts.take(distinct.indices)


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_WHOLE:
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def _fail(problem: str, where: str, expected: str, found: str) -> NoReturn:
    raise WarehouseError(problem, where=where, expected=expected, found=found, next_step=DOWNLOAD_AGAIN)
