"""The fields of a source record: the source, its files, and the contract of each raw table."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, model_validator

from orchestration.ingest.citation import Reference

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+/?\S*$")]
ReleaseDate = Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2})?$")]
Redistribution = Literal["allowed", "with_citation", "unclear"]
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
    """Consecutive columns of a wide file, named by calendar year from `first` to `last`, both included.

    `range` has the smallest and the largest value of their cells, None where there is no limit.
    """

    first: int
    last: int
    type: ColumnType = "number"
    range: tuple[float | None, float | None] = (0, None)


class MissingCodes(Record):
    """Numbers (`codes`) that mean "not observed" in some columns."""

    codes: tuple[int, ...] = Field(min_length=1)
    columns: tuple[str, ...] = Field(min_length=1)


class KnownFault(Record):
    """At most this many rows of the publisher's file have a known fault; they are accepted for this reason."""

    rows: PositiveInt
    reason: Text


class Order(Record):
    """Two columns of numbers of which one is never above the other, where both are observed.

    `known` accepts rows in which the publisher's file breaks the order.
    """

    smaller: str
    larger: str
    known: KnownFault | None = None


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
    orders : tuple of Order
        Pairs of columns that are in order, such as a start and an end.
    constants : dict
        Column to the one text that all its cells have, such as the code of an indicator.
    unique : tuple of str
        Columns beside the key in which no filled cell occurs twice.
    known_control_characters : KnownFault or None
        Cells of text with a control character that are accepted.
    missing_codes : tuple of MissingCodes
        Numbers that mean "not observed".
    missing_marks : tuple of str
        Texts that mean "not observed" in numeric columns, such as "." and "-" in some workbooks.
    membership_key : (str, str) or None
        Columns of state code and year, if every row must be inside the state system.
    sample_values : dict
        Column to the values it takes in the synthetic sample, as text, such as labels of countries. Used only for a
        table for which the sample has no generator of its own.
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
    orders: tuple[Order, ...] = ()
    constants: dict[str, Text] = {}
    unique: tuple[str, ...] = ()
    known_control_characters: KnownFault | None = None
    missing_codes: tuple[MissingCodes, ...] = ()
    missing_marks: tuple[Text, ...] = ()
    membership_key: tuple[str, str] | None = None
    sample_values: dict[str, tuple[Text, ...]] = {}

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

    def range_of(self, column: str) -> tuple[float | None, float | None]:
        """Smallest and largest value of a column of numbers; without a range of its own it must not be negative."""
        years = self.year_columns
        if column in self.ranges:
            return self.ranges[column]
        return years.range if years and column not in self.named_columns else (0, None)

    def missing_codes_of(self, column: str) -> tuple[int, ...]:
        """List the missing codes of a column; empty if it has none."""
        return tuple(code for group in self.missing_codes if column in group.columns for code in group.codes)

    @model_validator(mode="after")
    def _is_consistent(self) -> "RawTable":
        named = {
            "key": self.key,
            "ranges": self.ranges,
            "orders": [name for order in self.orders for name in (order.smaller, order.larger)],
            "constants": self.constants,
            "unique": self.unique,
            "missing_codes": [column for group in self.missing_codes for column in group.columns],
            "membership_key": self.membership_key or (),
            "sample_values": self.sample_values,
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
    released : str or None
        Year, or year and month (``2026-06``), in which the publisher released this version; None if not known.
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
    released: ReleaseDate | None = None
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
    redistribution : {"allowed", "with_citation", "unclear"}
        Whether others may be given the data: without condition, if the producer is cited, or the terms do not say.
    homepage : str
        The publisher's page.
    cadence_years : float
        Usual number of years between two versions.
    newer_version : str or None
        A version that is known to be out and that this record does not use, with the reason.
    files : tuple of SourceFile
        Its files.
    """

    name: Name
    title: Text
    producer: Text
    citation: Text
    references: tuple[Reference, ...] = ()
    licence: Text
    redistribution: Redistribution
    homepage: WebAddress
    cadence_years: Annotated[float, Field(gt=0)]
    newer_version: Text | None = None
    files: tuple[SourceFile, ...] = Field(min_length=1)
