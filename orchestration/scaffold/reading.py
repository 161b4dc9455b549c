"""Read a file whose contract is not known yet, with the readers that the warehouse uses later."""

import io
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from orchestration.core.errors import WarehouseError
from orchestration.ingest.archives import extract, unpack_stream
from orchestration.ingest.readers import read_table
from orchestration.ingest.records import RawTable

FORMATS = {".csv": "csv", ".dta": "stata", ".xlsx": "excel", ".rda": "rdata", ".rdata": "rdata"}
ENCODINGS = ("ascii", "utf-8", "latin-1")


@dataclass(frozen=True)
class Location:
    """Where a table is in a file; None where the file has only one.

    Attributes
    ----------
    member : str or None
        Path inside a zip archive.
    table : str or None
        Sheet of a workbook or object of an R data file.
    skip_lines : int
        Lines above the header of a CSV file.
    """

    member: str | None = None
    table: str | None = None
    skip_lines: int = 0


@dataclass(frozen=True)
class Contents:
    """The cells of a table and how they were read.

    Attributes
    ----------
    how : dict
        Fields of the raw table in a source record: format, encoding, sheet and so on.
    cells : pyarrow.Table
        Every column as text.
    labels : dict of str to str
        The publisher's own label of a column, where the format has one (Stata).
    """

    how: dict[str, Any]
    cells: pa.Table
    labels: dict[str, str]


def read_contents(path: Path, location: Location) -> Contents:
    """Read one table of a file.

    Parameters
    ----------
    path : Path
        The publisher's file.
    location : Location
        The table in it.

    Returns
    -------
    Contents
        Its cells.

    Raises
    ------
    WarehouseError
        If the file does not exist, its format has no reader, the table is not named where it must be, or the file
        cannot be read.
    """
    if not path.is_file():
        _fail("The file does not exist.", str(path), "a file with data", "no file", "Correct the path.")
    content = path.read_bytes()
    if path.suffix.lower() == ".zip":
        content = extract(content, _member(content, path, location.member), name=path.name)
    name = location.member or path.name
    kind = FORMATS.get(Path(name).suffix.lower())
    if kind is None:
        _fail(
            "No reader for this file format.",
            name,
            f"one of {', '.join(FORMATS)}, or a .zip with one of them",
            Path(name).suffix or "no suffix",
            "Convert the file, or write a reader in orchestration/ingest/readers.py.",
        )
    how: dict[str, Any] = {"format": kind}
    if location.member:
        how["archive_member"] = location.member
    if kind == "csv":
        how["encoding"] = _encoding(content)
        if location.skip_lines:
            how["skip_lines"] = location.skip_lines
    elif kind in ("excel", "rdata"):
        how["sheet" if kind == "excel" else "object"] = _table_of(kind, content, path, location.table)
    cells = read_table(_unknown(how), path)
    if kind == "csv" and cells.column_names[-1] == "" and cells[-1].null_count == cells.num_rows:
        how["trailing_empty_column"] = True
        cells = cells.drop_columns([""])
    names = cells.column_names
    if "" in names or len(set(names)) < len(names):
        faulty = ", ".join(sorted({repr(name) for name in names if name == "" or names.count(name) > 1}))
        _fail(
            "The columns have no distinct names.",
            path.name,
            "a header with a name for each column",
            faulty,
            "Check the header line; --skip-lines passes over lines above it.",
        )
    return Contents(how, cells, _stata_labels(content) if kind == "stata" else {})


def _unknown(how: dict[str, Any]) -> RawTable:
    """Make a contract that says how to read and nothing about the content."""
    return RawTable.model_validate({"name": "new", "description": "new", "columns": {"x": "text"}, "key": ["x"], **how})


def _member(content: bytes, path: Path, member: str | None) -> str:
    if member:
        return member
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if Path(name).suffix.lower() in FORMATS]
    _fail("The file is an archive.", path.name, "the path of one file in it", ", ".join(names), "Pass --member PATH.")


def _encoding(content: bytes) -> str:
    for encoding in ENCODINGS[:-1]:
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return ENCODINGS[-1]


def _table_of(kind: str, content: bytes, path: Path, wanted: str | None) -> str:
    if wanted:
        return wanted
    names = _sheets(content) if kind == "excel" else _objects(content, path.name)
    if len(names) == 1:
        return names[0]
    _fail(
        "The file has several tables.",
        path.name,
        "the name of one of them",
        ", ".join(names),
        "Pass --sheet NAME for a workbook or --table NAME for an R data file.",
    )


def _sheets(content: bytes) -> list[str]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
    except CalamineError:
        return ["?"]  # read_table says what is wrong with the workbook


def _objects(content: bytes, name: str) -> list[str]:
    import rdata

    try:
        with warnings.catch_warnings(action="ignore"):  # of classes; read_table reports what it cannot read
            return [str(found) for found in rdata.read_rda(io.BytesIO(unpack_stream(content, name)))]
    except Exception:  # the library raises exceptions of any class on a damaged file
        return ["?"]  # read_table says what is wrong with the file


def _stata_labels(content: bytes) -> dict[str, str]:
    import pyreadstat

    _, meta = pyreadstat.read_dta(io.BytesIO(content), metadataonly=True)
    return {name: label for name, label in meta.column_names_to_labels.items() if label}


def _fail(problem: str, where: str, expected: str, found: str, next_step: str) -> NoReturn:
    raise WarehouseError(problem, where=where, expected=expected, found=found, next_step=next_step)
