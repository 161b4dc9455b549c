"""Reading one raw table from a source file: every cell as the text that was published, an empty cell as NULL.

Cells of a CSV file are taken verbatim. Numbers of binary formats (Stata, Excel, R) are rendered as Python's repr of the
double, whole numbers without a decimal point. Nothing is interpreted here: names, types and ranges are checked in
contracts.py. Reader libraries are imported where they are used, since some take seconds.
"""

import csv
import io
import itertools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.core.errors import WarehouseError
from orchestration.ingest.archives import extract, member_names, unpack_stream
from orchestration.ingest.catalog import RawTable

FETCH_AGAIN = "Fetch the file again from its publisher; if it is the same, correct the source's record."
ERROR_CELL = re.compile(rb"""<c\s[^>]*\bt=["']e["'][^>]*>""")
LONGEST_CELL = 131_072  # characters of a CSV file's cell; beyond it a quote was not closed
CHUNK = 50_000  # rows of a CSV file that are held as Python's text before they go to Arrow
LARGEST_WHOLE = 10**15  # from here on a whole double is rendered by its repr; no source has one so large


def read_table(table: RawTable, path: Path) -> pa.Table:
    """Read ``table`` from the file at ``path``: one string column per published column, rows in published order.

    Raises WarehouseError naming the file, the table and the place for a file that is empty, is a web page, is damaged,
    is not in the format or encoding on record, or has a row with too few or too many cells.
    """
    place = f"{path.name}{'!' + table.archive_member if table.archive_member else ''}, table {table.name}"
    content = path.read_bytes()
    if table.archive_member:
        content = extract(content, table.archive_member, name=f"{path.name}, table {table.name}")
    _refuse_non_data(content, table, place)
    return READERS[table.format](table, content, place)


def looks_like_html(start: bytes) -> bool:
    """Whether a file begins like a web page, as a publisher's error page saved under the file's name does."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:15].lower()
    return text.startswith((b"<!doctype html", b"<html"))


def _refuse_non_data(content: bytes, table: RawTable, place: str) -> None:
    if not content.strip():
        _fail("A source file is empty.", place, f"a {table.format} file with data", f"{len(content)} bytes")
    if looks_like_html(content[:1024]):
        _fail("A source file is an HTML page, not data.", place, f"a {table.format} file", "an HTML page")


def _read_csv(table: RawTable, content: bytes, place: str) -> pa.Table:
    _refuse_other_text(content, table.encoding, place)
    without_mark = "utf-8-sig" if table.encoding == "utf-8" else table.encoding
    stream = io.TextIOWrapper(io.BytesIO(content), without_mark, newline="")
    for _ in range(table.skip_lines):
        stream.readline()
    rows = _csv_rows(stream, table.skip_lines, place)
    header = next(rows)
    chunks = []
    while cells := list(itertools.chain.from_iterable(itertools.islice(rows, CHUNK))):
        chunks.append([_verbatim(cells[i :: len(header)]) for i in range(len(header))])
    columns = [pa.chunked_array((chunk[i] for chunk in chunks), pa.string()) for i in range(len(header))]
    if table.trailing_empty_column:
        header, columns = _without_trailing_column(header, columns, place)
    return _table(header, columns)


def _refuse_other_text(content: bytes, encoding: str, place: str) -> None:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = _line_of(content[: error.start])
        found = f"byte 0x{content[error.start]:02x} at offset {error.start}"
        _fail("A source file is not in the encoding on record.", f"{place}, line {line}", encoding, found)
    if "\0" in text:
        line = _line_of(content[: content.index(b"\0")])
        _fail("A source file has a NUL byte in it.", f"{place}, line {line}", "text", "a NUL byte")


def _line_of(before: bytes) -> int:
    return before.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1


def _csv_rows(stream: io.TextIOBase, skipped: int, place: str) -> Iterator[list[str]]:
    """Header, then rows of a CSV text, with any line ends; every row must have as many cells as the header.

    A cell may not hold a line break (no source has one), so that row n stands on line n and a stray quote is found
    where it stands. Blank lines may stand only at the end.
    """
    csv.field_size_limit(LONGEST_CELL)  # one for the whole process, which other libraries change
    reader = csv.reader(stream, strict=True)
    width = line = blank = 0

    def at(line: int) -> str:
        return f"{place}, line {skipped + line}"

    try:
        for line, row in enumerate(reader, start=1):
            if reader.line_num != line:
                _fail("A cell runs over the end of its line.", at(line), "every quote closed", "a line break in quotes")
            if not row:
                blank = blank or line
                continue
            if blank:
                _fail("A line is blank between rows.", at(blank), "a row", "nothing")
            width = width or len(row)
            if len(row) != width:
                _fail("A row has too few or too many cells.", at(line), f"{width} cells", f"{len(row)} cells")
            yield row
    except csv.Error as error:
        _fail("A line cannot be read as CSV.", at(line + 1), "cells with commas between", str(error))
    if not width:
        _fail("A source file is empty.", place, "a header and rows", f"nothing after {skipped} lines")


def _without_trailing_column(
    header: list[str], columns: list[pa.ChunkedArray], place: str
) -> tuple[list[str], list[pa.ChunkedArray]]:
    """Drop the last column, which this publisher leaves empty by ending every line with a comma."""
    *columns, last = columns
    if header[-1] or last.null_count < len(last):
        filled = header[-1] or last.drop_null()[0].as_py()
        _fail("The trailing column is not empty.", f"{place}, last column", "no text", repr(filled))
    return header[:-1], columns


def _read_stata(_: RawTable, content: bytes, place: str) -> pa.Table:
    import pyreadstat

    columns, _meta = _parse(
        "Stata",
        lambda: pyreadstat.read_dta(io.BytesIO(content), output_format="dict", disable_datetime_conversion=True),
        place,
    )
    return _table(list(columns), [_rendered(values) for values in columns.values()])


def _read_excel(table: RawTable, content: bytes, place: str) -> pa.Table:
    from python_calamine import CalamineWorkbook

    _refuse_error_cells(content, place)
    workbook = _parse("Excel", lambda: CalamineWorkbook.from_filelike(io.BytesIO(content)), place)
    if table.sheet not in workbook.sheet_names:
        _fail("A workbook lacks the sheet wanted.", place, table.sheet, f"the sheets {', '.join(workbook.sheet_names)}")
    cells = _parse("Excel", lambda: workbook.get_sheet_by_name(table.sheet).to_python(skip_empty_area=False), place)
    while cells and not any(_text(cell) for cell in cells[-1]):
        cells.pop()
    if not cells:
        _fail("A sheet is empty.", f"{place}, sheet {table.sheet}", "a header and rows", "no cells")
    columns = list(zip(*cells, strict=True))
    while not any(_text(cell) for cell in columns[-1]):
        columns.pop()
    header = [_text(column[0]) or "" for column in columns]
    return _table(header, [_rendered(column[1:]) for column in columns])


def _refuse_error_cells(content: bytes, place: str) -> None:
    """A cell with an error such as #N/A would be read as an empty one; no source has any. Every part is unpacked within
    the bounds of an archive first, which the reader library does not keep to."""
    for name in member_names(content, place):
        part = b"" if name.endswith("/") else extract(content, name, name=place)
        if name.startswith("xl/worksheets/") and (cell := ERROR_CELL.search(part)):
            found = " ".join(cell[0].decode(errors="replace").split())[:100]
            _fail("A cell of a workbook holds an error.", f"{place}, part {name}", "text, a number or nothing", found)


def _read_rdata(table: RawTable, content: bytes, place: str) -> pa.Table:
    import rdata
    from rdata.conversion import DEFAULT_CLASS_MAP, dataframe_constructor

    # A tibble is a data frame with two more class names; naming them keeps rdata from warning about both.
    classes = {**DEFAULT_CLASS_MAP, "tbl_df": dataframe_constructor, "tbl": dataframe_constructor}
    content = unpack_stream(content, place)
    with warnings.catch_warnings(action="error"):  # what rdata only warns of, it has not understood
        objects = _parse("R", lambda: rdata.read_rda(io.BytesIO(content), constructor_dict=classes), place)
    if table.object not in objects:
        found = f"the objects {', '.join(map(str, objects))}"
        _fail("An R data file lacks the object wanted.", place, table.object, found)
    frame = objects[table.object]
    if not hasattr(frame, "columns"):
        found = type(frame).__name__
        _fail("An R object is not a data frame.", f"{place}, object {table.object}", "a data frame", found)
    columns = [frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame.columns]
    return _table([str(name) for name in frame.columns], [_rendered(values) for values in columns])


READERS: dict[str, Callable[[RawTable, bytes, str], pa.Table]] = {
    "csv": _read_csv,
    "stata": _read_stata,
    "excel": _read_excel,
    "rdata": _read_rdata,
}


def _parse(kind: str, parse: Callable, place: str):
    """Call a reader library; whatever it raises on a damaged file is told as one clear message."""
    try:
        return parse()
    except Exception as error:  # noqa: BLE001 - the libraries raise whatever a damaged file leads them to
        found = " ".join(str(error).split())[:200] or type(error).__name__
        _fail(f"A source file cannot be read as {kind} data.", place, f"a whole {kind} file", found)


def _table(header: Iterable[str], columns: Iterable[pa.Array | pa.ChunkedArray]) -> pa.Table:
    return pa.Table.from_arrays(list(columns), names=list(header))


def _verbatim(cells: Sequence[str]) -> pa.Array:
    text = pa.array(cells, pa.string())
    return pc.if_else(pc.equal(text, ""), None, text)


def _rendered(values: Sequence) -> pa.Array:
    """Text of a column of a binary format; each distinct value is rendered once."""
    try:
        distinct = pa.array(values, from_pandas=True).dictionary_encode()
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # text and numbers in one column, as a spreadsheet may have
        return pa.array([_text(value) for value in values], pa.string())
    texts = pa.array([_text(value) for value in distinct.dictionary.to_pylist()], pa.string())
    return texts.take(distinct.indices)


def _text(value) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE:
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def _fail(problem: str, where: str, expected: str, found: str) -> NoReturn:
    raise WarehouseError(problem, where=where, expected=expected, found=found, next_step=FETCH_AGAIN)
