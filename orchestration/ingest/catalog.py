"""Provenance: the typed record of every source, its files and the raw tables read from them, loaded from sources/*.yml.

What belongs here: what a source is, where its bytes come from, which bytes they are, and what shape its tables have.
What does not: fetching (fetch.py), reading (readers.py) and checking tables (contracts.py).
A source without a valid record does not enter the warehouse.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    StringConstraints,
    ValidationError,
    model_validator,
)

from orchestration.core.errors import WarehouseError
from orchestration.ingest.citation import Reference

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+/?\S*$")]
ColumnType = Literal["text", "integer", "number"]
Encoding = Literal["ascii", "utf-8", "latin-1"]


def _plain_file_name(value: str) -> str:
    """Refuse a name that could lead out of its folder: file names, and versions, which name a cache folder."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._()\-]*", value) or ".." in value:
        raise ValueError("must be a plain name of letters, digits, spaces and . _ - ( ), with no folder in it")
    return value


FileName = Annotated[str, AfterValidator(_plain_file_name)]


class Record(BaseModel):
    """Base of all records: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class YearColumns(Record):
    """A run of columns named by calendar year, first to last (both included), as wide files have them."""

    first: int
    last: int
    type: ColumnType = "number"


class MissingCodes(Record):
    """Numbers that stand for "not observed" in the columns named."""

    codes: tuple[int, ...] = Field(min_length=1)
    columns: tuple[str, ...] = Field(min_length=1)


class KnownFault(Record):
    """A fault the publisher's file is known to have: at most this many rows show it, for this reason."""

    rows: PositiveInt
    reason: Text


class RawTable(Record):
    """One table read from a source file, every column as text, and the contract it must meet.

    Columns are named exactly as published and in published order; ``year_columns`` follow the named ones.
    An integer or number column without an entry in ``ranges`` must not be negative, missing codes apart.
    ``missing_marks`` are texts that stand for "not observed" in such columns, as "." and "-" do in some workbooks.
    ``membership_key`` names the state code and year columns of a table whose every row must be a member state.
    """

    name: Name
    description: Text
    format: Literal["csv", "stata", "excel", "rdata"]
    encoding: Encoding | None = None
    archive_member: Text | None = None
    sheet: Text | None = None
    object: Text | None = None
    skip_lines: int = Field(default=0, ge=0)
    trailing_empty_column: bool = False
    named_columns: dict[str, ColumnType] = Field(alias="columns", min_length=1)
    year_columns: YearColumns | None = None
    key: tuple[str, ...] = Field(min_length=1)
    known_duplicates: KnownFault | None = None
    known_empty_keys: KnownFault | None = None
    ranges: dict[str, tuple[float | None, float | None]] = {}
    missing_codes: tuple[MissingCodes, ...] = ()
    missing_marks: tuple[Text, ...] = ()
    membership_key: tuple[str, str] | None = None

    @cached_property
    def column_types(self) -> Mapping[str, ColumnType]:
        """Type of every column, in published order."""
        years = self.year_columns
        named_by_year = range(years.first, years.last + 1) if years else ()
        return self.named_columns | {str(year): years.type for year in named_by_year}

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, in published order."""
        return tuple(self.column_types)

    def missing_codes_of(self, column: str) -> tuple[int, ...]:
        """The missing codes that may stand in a column."""
        return tuple(code for group in self.missing_codes if column in group.columns for code in group.codes)

    @model_validator(mode="after")
    def _is_consistent(self) -> "RawTable":
        named = {
            "key": self.key,
            "ranges": self.ranges,
            "missing_codes": [column for group in self.missing_codes for column in group.columns],
            "membership_key": self.membership_key or (),
        }
        for field, columns in named.items():
            unknown = [column for column in columns if column not in self.column_types]
            if unknown:
                raise ValueError(f"{field} names columns the table does not have: {', '.join(unknown)}")
        needed = {"csv": "encoding", "excel": "sheet", "rdata": "object"}
        for table_format, field in needed.items():
            if (getattr(self, field) is not None) != (self.format == table_format):
                raise ValueError(f"{field} is needed for format {table_format} and for no other")
        return self


class SourceFile(Record):
    """One file of a source: which bytes it is and where they can be had.

    ``archive_member`` is its path inside the archive at ``publisher_url``; ``!`` steps into an archive within it.
    ``note`` says what a user of the addresses should know, such as a publisher who no longer serves these bytes.
    ``acknowledged_revision_of`` is the sha256 of an earlier file, if this one changes many of its values and somebody
    has confirmed that; ``warehouse sources upgrade`` writes it after showing the differences.
    """

    file: FileName
    version: FileName | None = None
    sha256: Sha256
    size_bytes: PositiveInt
    publisher_url: WebAddress | None = None
    archive_member: Text | None = None
    pinned_url: WebAddress | None = None
    note: Text | None = None
    acknowledged_revision_of: Sha256 | None = None
    tables: tuple[RawTable, ...] = Field(min_length=1)


class Source(Record):
    """One source: who made it, how it is cited, on what terms, how often it is renewed, and its files.

    ``references`` are the works of ``citation`` field by field, for citation files; without them the text is used.
    """

    name: Name
    title: Text
    producer: Text
    citation: Text
    references: tuple[Reference, ...] = ()
    licence: Text
    homepage: WebAddress
    cadence_years: Annotated[float, Field(gt=0)]
    files: tuple[SourceFile, ...] = Field(min_length=1)


@dataclass(frozen=True)
class RawTableEntry:
    """A raw table with the file and the source it belongs to."""

    source: Source
    file: SourceFile
    table: RawTable


@dataclass(frozen=True, eq=False)
class Catalog(Mapping[str, Source]):
    """All sources by name; ``raw_tables`` has all raw tables by name."""

    sources: Mapping[str, Source]
    raw_tables: Mapping[str, RawTableEntry]

    def __getitem__(self, name: str) -> Source:
        return self.sources[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sources)

    def __len__(self) -> int:
        return len(self.sources)


@cache
def load_catalog(folder: Path) -> Catalog:
    """Read every source record of a folder, once in a process.

    Parameters
    ----------
    folder : Path
        Folder with one ``<source>.yml`` for each source.

    Returns
    -------
    Catalog
        All sources.

    Raises
    ------
    WarehouseError
        If a record is invalid (the message names file and field), or two records use the same name.
    """
    return catalog_of(load_source(path) for path in sorted(folder.glob("*.yml")))


def catalog_of(sources: Iterable[Source]) -> Catalog:
    """Index sources by name and their raw tables by name; a raw table name used twice is an error."""
    by_name = {source.name: source for source in sources}
    raw_tables: dict[str, RawTableEntry] = {}
    for source in by_name.values():
        for file in source.files:
            for table in file.tables:
                if table.name in raw_tables:
                    raise WarehouseError(
                        f"Two source files claim the raw table {table.name}.",
                        where=f"{raw_tables[table.name].source.name} and {source.name}",
                        expected="one file for each raw table",
                        next_step="Rename one of the two tables.",
                    )
                raw_tables[table.name] = RawTableEntry(source, file, table)
    return Catalog(by_name, raw_tables)


def load_source(path: Path) -> Source:
    """Read one record; its name is that of the file. Raises WarehouseError naming the field that is not valid."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _invalid(path, "a YAML document", " ".join(str(error).split())) from error
    source = parse_source(text, path)
    if source.name != path.stem:
        raise _invalid(path, f"name: {path.stem}, like the file", f"name: {source.name}")
    return source


def parse_source(text: str, path: Path) -> Source:
    """A record from its text; ``path`` is named where it is not valid. Raises WarehouseError."""
    try:
        record = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise _invalid(path, "a YAML document", " ".join(str(error).split())) from error
    if not isinstance(record, dict):
        raise _invalid(path, "a mapping of fields", f"{type(record).__name__}")
    try:
        return Source.model_validate(record)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'record'}: {fault['msg']}" for fault in error.errors()]
        raise _invalid(path, "every field valid", "; ".join(faults)) from error


def _invalid(path: Path, expected: str, found: str) -> WarehouseError:
    return WarehouseError(
        "A source's provenance record is not valid.",
        where=f"sources/{path.name}",
        expected=expected,
        found=found,
        next_step="Correct the record: a source without provenance does not enter the warehouse.",
    )
