"""What the cells of an unknown table show: types, ranges, missing codes, year, countries, key."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.core.errors import WarehouseError
from orchestration.ingest.contracts import PATTERNS
from orchestration.ingest.records import ColumnType
from orchestration.scaffold.country_codes import CODINGS, COW_NUMBER, NUMERIC, CountryCodes, Match
from orchestration.scaffold.missing import MissingCode, propose_missing_codes

MARKS = ("", ".", "..", "-", "NA", "N/A", "n/a", "NaN", "null")  # texts for "not observed" among numbers
FIRST_YEAR, LAST_YEAR = 1000, 2100  # what a column of years holds whose name does not say so
LEAST_SHARE = 0.5  # of the labels of a column of countries that denote a state
MOST_LABELS = 2_000
KEY_COLUMNS = 15  # how many columns are searched for a key
LARGEST_KEY = 3
SHOWN = 3  # other matches of countries


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
        As published.
    kind : {"text", "integer", "number"}
        Narrowest type of its filled cells.
    low, high : float or None
        Smallest and largest value without missing codes; None for text.
    missing : tuple of MissingCode
        Proposed missing codes.
    marks : tuple of str
        Texts for "not observed" among the numbers.
    empty : int
        Empty cells.
    """

    name: str
    kind: ColumnType
    low: float | None
    high: float | None
    missing: tuple[MissingCode, ...]
    marks: tuple[str, ...]
    empty: int


@dataclass(frozen=True)
class Countries:
    """The column of countries: the best match, and other matches that are good enough."""

    column: str
    match: Match
    others: tuple[tuple[str, Match], ...]


@dataclass(frozen=True)
class Findings:
    """What a table shows.

    Attributes
    ----------
    rows : int
        Number of rows.
    columns : tuple of Column
        The named columns, in published order.
    year_columns : tuple of Column
        Columns named by consecutive calendar years, which follow the named ones.
    year : str or None
        Column of the calendar year.
    countries : Countries or None
        Column of countries.
    key : tuple of str
        Smallest set of columns that is unique and never empty.
    other_keys : tuple of tuple of str
        Other sets of that size.
    """

    rows: int
    columns: tuple[Column, ...]
    year_columns: tuple[Column, ...]
    year: str | None
    countries: Countries | None
    key: tuple[str, ...]
    other_keys: tuple[tuple[str, ...], ...]

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last calendar year, None without years."""
        if self.year_columns:
            return int(self.year_columns[0].name), int(self.year_columns[-1].name)
        return next(((int(c.low or 0), int(c.high or 0)) for c in self.columns if c.name == self.year), None)

    @property
    def is_state_years(self) -> bool:
        """Whether each row is a country in a year, or a country with a column for each year."""
        if self.countries is None:
            return False
        year = None if self.year_columns else self.year
        has_year = bool(self.year_columns or year)
        return has_year and set(self.key) == {self.countries.column, *([year] if year else [])}


def examine(cells: pa.Table, codes: CountryCodes, key: Sequence[str] = ()) -> Findings:
    """Examine the cells of a table.

    Parameters
    ----------
    cells : pyarrow.Table
        String columns with distinct names.
    codes : CountryCodes
        Labels of every coding.
    key : sequence of str
        The key, where the user names it.

    Returns
    -------
    Findings
        What was found.

    Raises
    ------
    WarehouseError
        If the table has no row, or no set of up to three columns is a key.
    """
    if cells.num_rows == 0:
        raise WarehouseError("The table is empty.", expected="rows below the header", found="a header only")
    columns = [_column(name, cells[name]) for name in cells.column_names]
    named, years = _split(columns)
    year = None if years else _year(named)
    countries = _countries(cells, named, years, year, codes)
    chosen, others = _key(cells, named, year, countries, key)
    return Findings(cells.num_rows, tuple(named), tuple(years), year, countries, chosen, others)


def _column(name: str, cells: pa.ChunkedArray) -> Column:
    rows_by_text = Counter(str(text) for text in cells.to_pylist() if text is not None)
    marks = tuple(mark for mark in MARKS if mark in rows_by_text)
    numbers = [text for text in rows_by_text if text not in marks]
    kind: ColumnType = "text"
    if numbers and _all_match("number", numbers):
        kind = "integer" if _all_match("integer", numbers) else "number"
    if kind == "text":
        return Column(name, kind, None, None, (), (), cells.null_count)
    rows_by_value: dict[float, int] = {}
    for text in numbers:
        rows_by_value[float(text)] = rows_by_value.get(float(text), 0) + rows_by_text[text]
    missing = propose_missing_codes(rows_by_value)
    observed = set(rows_by_value) - {code.code for code in missing}
    return Column(name, kind, min(observed), max(observed), missing, marks, cells.null_count)


def _all_match(kind: str, texts: list[str]) -> bool:
    pattern = re.compile(PATTERNS[kind])
    return all(pattern.match(text) for text in texts)


def _split(columns: list[Column]) -> tuple[list[Column], list[Column]]:
    """Split off columns at the end that are named by consecutive calendar years: at least five, after a named one."""
    years: list[Column] = []
    for column in reversed(columns):
        is_year = re.fullmatch(r"[12][0-9]{3}", column.name) is not None
        if not is_year or (years and int(years[0].name) != int(column.name) + 1):
            break
        years.insert(0, column)
    named = columns[: len(columns) - len(years)]
    return (named, years) if len(years) >= 5 and named else (columns, [])


def _year(columns: list[Column]) -> str | None:
    """Find the column of the calendar year: whole numbers named so, or else whole numbers of four digits."""
    candidates = [column for column in columns if column.kind == "integer" and (column.high or 0) <= LAST_YEAR]
    named = [column.name for column in candidates if column.name.casefold() in ("year", "yr")]
    similar = [column.name for column in candidates if re.search(r"year|yr$", column.name.casefold())]
    plausible = [column.name for column in candidates if (column.low or 0) >= FIRST_YEAR]
    return next(iter([*named, *similar, *plausible]), None)


def _countries(
    cells: pa.Table, named: list[Column], years: list[Column], year: str | None, codes: CountryCodes
) -> Countries | None:
    year_of = [int(text) if text else None for text in cells[year].to_pylist()] if year else [None] * cells.num_rows
    found = []
    for column in named:
        if column.name == year or column.kind == "number" or len(pc.unique(cells[column.name])) > MOST_LABELS:
            continue
        labels = [(str(text), y) for text, y in zip(cells[column.name].to_pylist(), year_of, strict=True) if text]
        for coding in codes.labels:
            if (coding in NUMERIC) == (column.kind == "integer"):
                match = codes.match(coding, labels)
                found.append((column.name, match))
    order = list(CODINGS)
    found = sorted(
        (item for item in found if item[1].labels),
        key=lambda item: (-round(item[1].labels + item[1].rows, 2), order.index(item[1].coding)),
    )
    if not found or found[0][1].labels < LEAST_SHARE:
        return None
    return Countries(*found[0], tuple(item for item in found[1:] if item[1].labels >= LEAST_SHARE)[:SHOWN])


def _key(
    cells: pa.Table, named: list[Column], year: str | None, countries: Countries | None, wanted: Sequence[str]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    filled = [column.name for column in named if not column.empty and column.kind != "number" and not column.missing]
    if wanted:
        if not set(wanted) <= set(filled) or not _is_unique(cells, wanted):
            raise _no_key(f"key {', '.join(wanted)}", "columns that are never empty and unique together", filled)
        return tuple(wanted), ()
    preferred = [name for name in (countries.column if countries else None, year) if name in filled]
    if preferred and _is_unique(cells, preferred):
        return tuple(preferred), ()
    candidates = (preferred + [name for name in filled if name not in preferred])[:KEY_COLUMNS]
    for size in range(1, LARGEST_KEY + 1):
        found = [names for names in itertools.combinations(candidates, size) if _is_unique(cells, names)]
        if found:
            return found[0], tuple(found[1:])
    raise _no_key("its columns", f"up to {LARGEST_KEY} columns that are never empty and unique together", filled)


def _is_unique(cells: pa.Table, names: Sequence[str]) -> bool:
    if math.prod(len(pc.unique(cells[name])) for name in names) < cells.num_rows:
        return False
    return cells.select(names).group_by(list(names)).aggregate([]).num_rows == cells.num_rows


def _no_key(where: str, expected: str, filled: list[str]) -> WarehouseError:
    return WarehouseError(
        "The table has no such key.",
        where=where,
        expected=expected,
        found=f"never empty: {', '.join(filled) or 'no column'}",
        next_step="Name the key with --key A,B; if rows occur twice in the publisher's file, write the record by hand "
        "with known_duplicates.",
    )


def is_cow_number(findings: Findings) -> bool:
    """Whether the column of countries holds COW state numbers."""
    return findings.countries is not None and findings.countries.match.coding == COW_NUMBER
