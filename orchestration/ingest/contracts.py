"""Check source contracts: the columns, numbers, keys and state-years that a raw table's record declares.

The published text is checked before anything is typed or renamed, so that a changed source fails here and not in a
model. Every error names the table, the line and what was found there.
"""

import math
from collections.abc import Iterable
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.contract_errors import fail, lines_of, listing
from orchestration.ingest.records import RawTable
from orchestration.ingest.rules import check_rules

Membership = pa.Int64Array
"""State-years in the state system, sorted and distinct: COW state code * 10,000 + calendar year."""

PATTERNS = {
    "integer": r"^-?[0-9]{1,15}$",
    "number": r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$",
}
ROW = "row, counted from 0"


def membership_of(state_years: Iterable[tuple[int, int]]) -> Membership:
    """Make a membership from state-years.

    Parameters
    ----------
    state_years : iterable of (int, int)
        COW state code and calendar year of each member state-year, in any order.

    Returns
    -------
    Membership
        The same state-years, sorted and distinct.
    """
    return pa.array(sorted({code * 10_000 + year for code, year in state_years}), pa.int64())


def check(contract: RawTable, table: pa.Table, membership: Membership | None = None) -> None:
    """Check a raw table against its contract; the first violation is reported.

    Parameters
    ----------
    contract : RawTable
        What the table must look like.
    table : pyarrow.Table
        String columns, as published.
    membership : Membership, optional
        State-years of the state system; required if the contract has a ``membership_key``.

    Raises
    ------
    WarehouseError
        If a column is missing, unexpected, duplicate or out of order; if the table is empty; if a cell of a numeric
        column is not a number, is out of range, or is negative but not a declared missing code; if a rule of
        `orchestration.ingest.rules` is broken; if a key is empty or duplicate; or if a state-year is not in the
        membership.
    ValueError
        If the contract has a ``membership_key`` and no membership is given.
    """
    _check_columns(contract, table)
    for name, kind in contract.column_types.items():
        if kind != "text":
            _check_numbers(contract, table, name, kind)
    key = _key_columns(contract, table)
    _check_empty_keys(contract, key)
    _check_duplicate_keys(contract, key)
    check_rules(contract, table)
    if contract.membership_key:
        if membership is None:
            raise ValueError(f"the contract of {contract.name} requires the membership of the state system")
        _check_membership(contract, contract.membership_key, table, membership)


def _check_columns(contract: RawTable, table: pa.Table) -> None:
    expected, found = list(contract.columns), table.column_names
    faults = {
        "missing": [name for name in expected if name not in found],
        "unexpected": [name for name in found if name not in expected],
        "duplicate": [name for name in expected if found.count(name) > 1],
    }
    differences = "; ".join(f"{fault}: {listing(map(repr, names))}" for fault, names in faults.items() if names)
    if differences:
        wanted = f"{len(expected)} columns: {listing(expected)}"
        fail(contract, "The columns of a source table differ from its contract.", "", wanted, differences)
    for position, (want, have) in enumerate(zip(expected, found, strict=True), start=1):
        if want != have:
            problem = "The columns of a source table are in a different order."
            fail(contract, problem, f"column {position}", want, have)
    if table.num_rows == 0:
        fail(contract, "A source table is empty.", "", "rows below the header", "a header only")


def _check_numbers(contract: RawTable, table: pa.Table, name: str, kind: str) -> None:
    """Check that every filled cell is a number, in range or a missing code; only distinct values are checked."""
    column = table[name]
    distinct = pc.drop_null(pc.unique(column))
    marks = pa.array(contract.missing_marks, pa.string())
    distinct = distinct.filter(pc.invert(pc.is_in(distinct, value_set=marks)))
    no_number = distinct.filter(pc.invert(pc.match_substring_regex(distinct, PATTERNS[kind])))
    if len(no_number):
        wanted = "a whole number" if kind == "integer" else "a number"
        _fail_at(contract, column, name, no_number[0], "A cell is not a number.", wanted)

    values = pc.cast(distinct, pa.float64())
    low, high = contract.range_of(name)
    codes = contract.missing_codes_of(name)
    allowed = pc.and_(
        pc.greater_equal(values, pa.scalar(-math.inf if low is None else float(low))),
        pc.less_equal(values, pa.scalar(math.inf if high is None else float(high))),
    )
    if codes:
        allowed = pc.or_(allowed, pc.is_in(values, value_set=pa.array(codes, pa.float64())))
    outside = distinct.filter(pc.invert(allowed))
    if len(outside):
        bounds = [f"{word} {bound:g}" for word, bound in (("from", low), ("to", high)) if bound is not None]
        wanted = " ".join(bounds) + (f", or a missing code: {listing(codes)}" if codes else ", and no missing code")
        _fail_at(contract, column, name, outside[0], "A value is outside the range in the contract.", wanted)


def _key_columns(contract: RawTable, table: pa.Table) -> pa.Table:
    """Key columns and the row number from 0; integers are cast, so that 02 and 2 are the same key."""
    types = [pa.int64() if contract.column_types[name] == "integer" else pa.string() for name in contract.key]
    columns = [pc.cast(table[name], key_type) for name, key_type in zip(contract.key, types, strict=True)]
    return pa.table([*columns, pa.array(range(table.num_rows))], names=[*contract.key, ROW])


def _check_empty_keys(contract: RawTable, key: pa.Table) -> None:
    empty = pa.array([False] * key.num_rows)
    for name in contract.key:
        empty = pc.or_(empty, pc.is_null(key[name]))
    rows = key.filter(empty)[ROW].to_numpy().tolist()
    allowed = contract.known_empty_keys.rows if contract.known_empty_keys else 0
    if len(rows) > allowed:
        expected = f"at most {allowed} rows" if allowed else "no row"
        expected += f" with an empty {' or '.join(contract.key)}"
        fail(contract, "A key is empty.", lines_of(contract, rows), expected, f"{len(rows)} such rows")


def _check_duplicate_keys(contract: RawTable, key: pa.Table) -> None:
    counted = key.group_by(list(contract.key)).aggregate([(ROW, "count")])
    duplicate = counted.filter(pc.greater(counted[f"{ROW}_count"], pa.scalar(1)))
    surplus = (pc.sum(duplicate[f"{ROW}_count"]).as_py() or 0) - duplicate.num_rows
    allowed = contract.known_duplicates.rows if contract.known_duplicates else 0
    if surplus > allowed:
        first = duplicate.slice(0, 1).select(contract.key).to_pylist()[0]
        same = pa.array([True] * key.num_rows)
        for name, value in first.items():
            column = key[name]
            same = pc.and_(same, pc.is_null(column) if value is None else pc.equal(column, pa.scalar(value)))
        rows = key.filter(same)[ROW].to_numpy().tolist()
        expected = f"{', '.join(contract.key)} unique" + (f", except {allowed} known duplicates" if allowed else "")
        found = f"{', '.join(f'{name} {value}' for name, value in first.items())} on {len(rows)} rows"
        found += f"; {surplus} surplus rows in total"
        fail(contract, "Duplicate key.", lines_of(contract, rows), expected, found)


def _check_membership(
    contract: RawTable, membership_key: tuple[str, str], table: pa.Table, membership: Membership
) -> None:
    codes, years = (pc.cast(table[name], pa.int64()) for name in membership_key)
    state_years = pc.add(pc.multiply(codes, pa.scalar(10_000)), years)
    outside = pc.and_(pc.is_valid(state_years), pc.invert(pc.is_in(state_years, value_set=membership)))
    rows = pc.indices_nonzero(outside).to_numpy().tolist()
    if rows:
        code, year = codes[rows[0]].as_py(), years[rows[0]].as_py()
        found = f"{membership_key[0]} {code}, {membership_key[1]} {year}; {len(rows)} such rows"
        expected = "only state-years inside the state system"
        fail(contract, "A state-year is outside state system membership.", lines_of(contract, rows), expected, found)


def _fail_at(
    contract: RawTable, column: pa.ChunkedArray, name: str, value: pa.StringScalar, problem: str, expected: str
) -> NoReturn:
    row = pc.index(column, value).as_py()
    fail(contract, problem, f"{lines_of(contract, [row])}, column {name}", expected, repr(value.as_py()))
