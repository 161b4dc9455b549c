"""Source contracts: whether a raw table has the columns, numbers, keys and state-years its record promises.

A contract is held against the text as published, before anything is typed or renamed, so that a changed source stops at
the door and not in a model. Every fault names the table, the line and what was found there.
"""

import math
from collections.abc import Iterable
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.core.errors import WarehouseError
from orchestration.ingest.catalog import RawTable

Membership = pa.Int64Array
"""State-years in the state system, each once and in order: COW state code * 10,000 + calendar year."""

PATTERNS = {
    "integer": r"^-?[0-9]{1,15}$",
    "number": r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$",
}
LISTED = 5  # how many columns or lines a message lists
ROW = "row, counted from 0"


def membership_of(state_years: Iterable[tuple[int, int]]) -> Membership:
    """The membership made of state-years (COW state code, calendar year)."""
    return pa.array(sorted({code * 10_000 + year for code, year in state_years}), pa.int64())


def check(contract: RawTable, table: pa.Table, membership: Membership | None = None) -> None:
    """Hold ``table`` (string columns as published) against its contract.

    membership is needed where the contract has a membership_key: its state-years must then be members of the system.
    Raises WarehouseError for a missing, extra or misplaced column, an empty table, text in a column of numbers, a value
    out of range, a negative value that is no declared missing code, an empty or repeated key, or a state-year outside
    membership; the first fault found is the one told.
    """
    _check_columns(contract, table)
    for name, kind in contract.column_types.items():
        if kind != "text":
            _check_numbers(contract, table, name, kind)
    key = _key_columns(contract, table)
    _check_empty_keys(contract, key)
    _check_repeated_keys(contract, key)
    if contract.membership_key:
        if membership is None:
            raise ValueError(f"the contract of {contract.name} needs the membership of the state system")
        _check_membership(contract, table, membership)


def _check_columns(contract: RawTable, table: pa.Table) -> None:
    expected, found = list(contract.columns), table.column_names
    faults = {
        "missing": [name for name in expected if name not in found],
        "extra": [name for name in found if name not in expected],
        "twice": [name for name in expected if found.count(name) > 1],
    }
    told = "; ".join(f"{fault}: {_listing(map(repr, names))}" for fault, names in faults.items() if names)
    if told:
        wanted = f"{len(expected)} columns: {_listing(expected)}"
        _fail(contract, "A source table has other columns than expected.", "", wanted, told)
    for place, (want, have) in enumerate(zip(expected, found, strict=True), start=1):
        if want != have:
            _fail(contract, "The columns of a source table are in another order.", f"column {place}", want, have)
    if table.num_rows == 0:
        _fail(contract, "A source table is empty.", "", "rows under the header", "a header only")


def _check_numbers(contract: RawTable, table: pa.Table, name: str, kind: str) -> None:
    """Every filled cell is a number, and is in range or a missing code; only distinct values are looked at."""
    column = table[name]
    distinct = pc.drop_null(pc.unique(column))
    marks = pa.array(contract.missing_marks, pa.string())
    distinct = distinct.filter(pc.invert(pc.is_in(distinct, value_set=marks)))
    no_number = distinct.filter(pc.invert(pc.match_substring_regex(distinct, PATTERNS[kind])))
    if len(no_number):
        wanted = "a whole number" if kind == "integer" else "a number"
        _fail_at(contract, column, name, no_number[0], "A cell that should hold a number does not.", wanted)

    values = pc.cast(distinct, pa.float64())
    low, high = contract.ranges.get(name, (0, None))
    codes = contract.missing_codes_of(name)
    allowed = pc.and_(
        pc.greater_equal(values, -math.inf if low is None else low),
        pc.less_equal(values, math.inf if high is None else high),
    )
    if codes:
        allowed = pc.or_(allowed, pc.is_in(values, value_set=pa.array(codes, pa.float64())))
    strange = distinct.filter(pc.invert(allowed))
    if len(strange):
        bounds = [f"{word} {bound:g}" for word, bound in (("from", low), ("to", high)) if bound is not None]
        wanted = " ".join(bounds) + (f", or a missing code: {_listing(codes)}" if codes else ", and no missing code")
        _fail_at(contract, column, name, strange[0], "A value is outside the range on record.", wanted)


def _key_columns(contract: RawTable, table: pa.Table) -> pa.Table:
    """The key's columns, integers as such so that 02 and 2 are one, and beside them the row counted from 0."""
    types = [pa.int64() if contract.column_types[name] == "integer" else pa.string() for name in contract.key]
    columns = [pc.cast(table[name], key_type) for name, key_type in zip(contract.key, types, strict=True)]
    return pa.table([*columns, pa.array(range(table.num_rows))], names=[*contract.key, ROW])


def _check_empty_keys(contract: RawTable, key: pa.Table) -> None:
    empty = pa.array([False] * key.num_rows)
    for name in contract.key:
        empty = pc.or_(empty, pc.is_null(key[name]))
    rows = key.filter(empty)[ROW].to_pylist()
    allowed = contract.known_empty_keys.rows if contract.known_empty_keys else 0
    if len(rows) > allowed:
        expected = f"at most {allowed} rows" if allowed else "no row"
        expected += f" with an empty {' or '.join(contract.key)}"
        _fail(contract, "A row has no key.", _lines(contract, rows), expected, f"{len(rows)} such rows")


def _check_repeated_keys(contract: RawTable, key: pa.Table) -> None:
    counted = key.group_by(list(contract.key)).aggregate([(ROW, "count")])
    repeated = counted.filter(pc.greater(counted[f"{ROW}_count"], 1))
    surplus = (pc.sum(repeated[f"{ROW}_count"]).as_py() or 0) - repeated.num_rows
    allowed = contract.known_duplicates.rows if contract.known_duplicates else 0
    if surplus > allowed:
        first = repeated.slice(0, 1).select(contract.key).to_pylist()[0]
        same = pa.array([True] * key.num_rows)
        for name, value in first.items():
            column = key[name]
            same = pc.and_(same, pc.is_null(column) if value is None else pc.equal(column, value))
        rows = key.filter(same)[ROW].to_pylist()
        expected = f"each {', '.join(contract.key)} once" + (
            f", but for {allowed} known repetitions" if allowed else ""
        )
        found = f"{', '.join(f'{name} {value}' for name, value in first.items())} on {len(rows)} rows"
        found += f"; {surplus} surplus rows in all"
        _fail(contract, "A key is repeated.", _lines(contract, rows), expected, found)


def _check_membership(contract: RawTable, table: pa.Table, membership: Membership) -> None:
    codes, years = (pc.cast(table[name], pa.int64()) for name in contract.membership_key)
    state_years = pc.add(pc.multiply(codes, 10_000), years)
    outside = pc.and_(pc.is_valid(state_years), pc.invert(pc.is_in(state_years, value_set=membership)))
    rows = pc.indices_nonzero(outside).to_pylist()
    if rows:
        code, year = codes[rows[0]].as_py(), years[rows[0]].as_py()
        named = f"{contract.membership_key[0]} {code}, {contract.membership_key[1]} {year}"
        found = f"{named}; {len(rows)} such rows"
        expected = "only state-years inside the state system"
        _fail(contract, "A state-year lies outside state system membership.", _lines(contract, rows), expected, found)


def _fail_at(
    contract: RawTable, column: pa.ChunkedArray, name: str, value: pa.StringScalar, problem: str, expected: str
) -> NoReturn:
    row = pc.index(column, value).as_py()
    _fail(contract, problem, f"{_lines(contract, [row])}, column {name}", expected, repr(value.as_py()))


def _lines(contract: RawTable, rows: Iterable[int]) -> str:
    """Where rows (counted from 0) stand: the line of a CSV file or sheet, the observation of a Stata or R file."""
    first, unit = (2 + contract.skip_lines, "line") if contract.format in ("csv", "excel") else (1, "observation")
    numbers = [row + first for row in rows]
    return f"{unit}{'s' if len(numbers) > 1 else ''} {_listing(numbers)}"


def _listing(items: Iterable) -> str:
    """The first few items, and how many more there are."""
    items = list(items)
    more = f" and {len(items) - LISTED} more" if len(items) > LISTED else ""
    return ", ".join(map(str, items[:LISTED])) + more


def _fail(contract: RawTable, problem: str, place: str, expected: str, found: str) -> NoReturn:
    raise WarehouseError(
        problem,
        where=f"table {contract.name}" + (f", {place}" if place else ""),
        expected=expected,
        found=found,
        next_step="Compare the file with the publisher's; if the source has changed, record its version and contract.",
    )
