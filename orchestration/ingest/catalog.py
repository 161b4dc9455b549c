"""Source records: the provenance of every source, its files and their raw tables, loaded from sources/*.yml.

A record says who made the data, where the file comes from, its sha256, and the contract of each raw table. A source
without a valid record does not enter the warehouse.
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
    """Refuse a path: a file name, and a version, which names a folder of the cache, must stay inside their folder."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._()\-]*", value) or ".." in value:
        raise ValueError("must be a file name of letters, digits, spaces and . _ - ( ), without a folder")
    return value


FileName = Annotated[str, AfterValidator(_plain_file_name)]


class Record(BaseModel):
    """Base of all records: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class YearColumns(Record):
    """Consecutive columns of a wide file, named by calendar year from `first` to `last`, both included."""

    first: int
    last: int
    type: ColumnType = "number"


class MissingCodes(Record):
    """Numbers (`codes`) that mean "not observed" in some columns."""

    codes: tuple[int, ...] = Field(min_length=1)
    columns: tuple[str, ...] = Field(min_length=1)


class KnownFault(Record):
    """At most this many rows of the publisher's file have a known fault; they are accepted for this reason."""

    rows: PositiveInt
    reason: Text


class RawTable(Record):
    """One table of a source file, with every column as text, and its contract.

    Attributes
    ----------
    name : str
        Name in the warehouse.
    description : str
        Unit of observation and content.
    format : {"csv", "stata", "excel", "rdata"}
        File format.
    encoding, sheet, object : str or None
        Text encoding of a CSV file, sheet of an Excel workbook, object of an R data file; each required for its format
        and not allowed for any other.
    archive_member : str or None
        Path inside the zip archive, if the cached file is one.
    skip_lines : int
        Lines above the header of a CSV file.
    trailing_empty_column : bool
        Whether every line of a CSV file ends with a comma.
    named_columns : dict
        Column name, exactly as published, to type, in published order (``columns`` in the record).
    year_columns : YearColumns or None
        Columns named by year, which follow the named columns.
    key : tuple of str
        Primary key.
    known_duplicates, known_empty_keys : KnownFault or None
        Rows with a duplicate or an empty key that are accepted.
    ranges : dict
        Column to smallest and largest value (None: no limit). A numeric column without a range must not be negative,
        except for its missing codes.
    missing_codes : tuple of MissingCodes
        Numbers that mean "not observed".
    missing_marks : tuple of str
        Texts that mean "not observed" in numeric columns, such as "." and "-" in some workbooks.
    membership_key : (str, str) or None
        Columns of state code and year, if every row must be inside the state system.
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
        if years is None:
            return self.named_columns
        return self.named_columns | {str(year): years.type for year in range(years.first, years.last + 1)}

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, in published order."""
        return tuple(self.column_types)

    def missing_codes_of(self, column: str) -> tuple[int, ...]:
        """List the missing codes of a column; empty if it has none."""
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
                raise ValueError(f"{field} has unknown columns: {', '.join(unknown)}")
        required = {"csv": "encoding", "excel": "sheet", "rdata": "object"}
        for table_format, field in required.items():
            if (getattr(self, field) is not None) != (self.format == table_format):
                raise ValueError(f"{field} is required for format {table_format} and not allowed for any other")
        return self


class SourceFile(Record):
    """One file of a source.

    Attributes
    ----------
    file : str
        Name of the file in cache and mirror.
    version : str or None
        The publisher's version.
    sha256 : str
        Hash of the file; it decides whether a copy is accepted.
    size_bytes : int
        Size of the file.
    publisher_url : str or None
        Address at the publisher.
    archive_member : str or None
        Path inside the archive at ``publisher_url``; ``!`` steps into an archive within it.
    pinned_url : str or None
        Address of a copy that does not change.
    note : str or None
        A remark on the addresses, for example that the publisher no longer serves this file.
    acknowledged_revision_of : str or None
        SHA-256 of an earlier file, if this one revises many of its values and a user has confirmed that;
        ``warehouse sources upgrade`` writes it after showing the differences.
    tables : tuple of RawTable
        Raw tables that are read from the file.
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
    """One source with its files.

    Attributes
    ----------
    name : str
        Name in the warehouse; also the name of the record and of the folder in cache and mirror.
    title, producer : str
        Title and producer of the data.
    citation : str
        Full citation as text.
    references : tuple of Reference
        The cited works field by field, for citation files; without them `citation` is used.
    licence : str
        Licence or terms of use.
    homepage : str
        The publisher's page.
    cadence_years : float
        Usual number of years between two versions.
    files : tuple of SourceFile
        Its files.
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
    """A raw table with its file and its source."""

    source: Source
    file: SourceFile
    table: RawTable


@dataclass(frozen=True, eq=False)
class Catalog(Mapping[str, Source]):
    """All sources, a mapping by source name; `raw_tables` has every raw table by its name."""

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
        If a record is invalid (the message names file and field), or two raw tables have the same name.
    """
    return catalog_of(load_source(path) for path in sorted(folder.glob("*.yml")))


def catalog_of(sources: Iterable[Source]) -> Catalog:
    """Index sources and raw tables by name.

    Parameters
    ----------
    sources : iterable of Source
        Sources with distinct names.

    Returns
    -------
    Catalog
        The same sources.

    Raises
    ------
    WarehouseError
        If two raw tables have the same name.
    """
    by_name = {source.name: source for source in sources}
    raw_tables: dict[str, RawTableEntry] = {}
    for source in by_name.values():
        for file in source.files:
            for table in file.tables:
                if table.name in raw_tables:
                    raise WarehouseError(
                        f"Duplicate raw table name: {table.name}.",
                        where=f"sources {raw_tables[table.name].source.name} and {source.name}",
                        expected="distinct names",
                        found="two raw tables of this name",
                        next_step="Rename one of the two tables.",
                    )
                raw_tables[table.name] = RawTableEntry(source, file, table)
    return Catalog(by_name, raw_tables)


def load_source(path: Path) -> Source:
    """Read one source record.

    Parameters
    ----------
    path : Path
        ``<source>.yml``.

    Returns
    -------
    Source
        The source, with the name of the file.

    Raises
    ------
    WarehouseError
        If the record is not valid; the message names the field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _invalid(path, "a YAML document", " ".join(str(error).split())) from error
    source = parse_source(text, path)
    if source.name != path.stem:
        raise _invalid(path, f"name: {path.stem}, as in the file name", f"name: {source.name}")
    return source


def parse_source(text: str, path: Path) -> Source:
    """Parse one source record.

    Parameters
    ----------
    text : str
        YAML.
    path : Path
        File name for error messages.

    Returns
    -------
    Source
        The source.

    Raises
    ------
    WarehouseError
        If the record is not valid; the message names the field.
    """
    try:
        record = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise _invalid(path, "a YAML document", " ".join(str(error).split())) from error
    if not isinstance(record, dict):
        raise _invalid(path, "a mapping of fields", type(record).__name__)
    try:
        return Source.model_validate(record)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'record'}: {fault['msg']}" for fault in error.errors()]
        raise _invalid(path, "every field valid", "; ".join(faults)) from error


def _invalid(path: Path, expected: str, found: str) -> WarehouseError:
    return WarehouseError(
        "The source record is not valid.",
        where=f"sources/{path.name}",
        expected=expected,
        found=found,
        next_step="Correct the record.",
    )
