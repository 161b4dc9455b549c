"""Rows for the raw tables that have no generator of their own, from their contracts alone."""

import hashlib
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from orchestration.core.errors import WarehouseError
from orchestration.ingest.records import RawTable
from orchestration.ingest.sample.states import FIRST_YEAR, LAST_YEAR
from orchestration.ingest.sample.world import Columns, World

ROWS = 20_000  # at most
VALUES = 250  # of a key column, at most
MISSING_SHARE = 0.05
WIDTH = 100.0  # of a range without a bound


def tables(world: World, contracts: Iterable[RawTable]) -> Iterator[tuple[str, Columns]]:
    """Yield name and columns of each table.

    Parameters
    ----------
    world : World
        The synthetic world; only its members and its seed are used.
    contracts : iterable of RawTable
        The tables to make.

    Yields
    ------
    name : str
        Name of the table.
    columns : Columns
        Its columns; they meet the contract.

    Raises
    ------
    WarehouseError
        If a contract leaves no possible row.
    """
    for contract in contracts:
        yield contract.name, _columns(world, contract)


def _columns(world: World, contract: RawTable) -> Columns:
    rng = world.stream(int.from_bytes(hashlib.sha256(contract.name.encode()).digest()[:4], "big"))
    columns = _key_columns(world, contract, rng)
    rows = len(next(iter(columns.values())))
    for name in contract.columns:
        if name not in columns:
            columns[name] = _values(contract, name, rows, rng)
    for order in contract.orders:
        smaller, larger = columns[order.smaller].astype(float), columns[order.larger].astype(float)
        if order.larger not in contract.key:
            columns[order.larger] = np.fmax(smaller, larger)
        if order.smaller not in contract.key:
            columns[order.smaller] = np.fmin(smaller, larger)
    return columns


def _key_columns(world: World, contract: RawTable, rng: np.random.Generator) -> Columns:
    """Cross the values of the key columns; state-years of a table inside the state system are its members."""
    parts: list[tuple[tuple[str, ...], list[tuple[Any, ...]]]] = []
    state_year = contract.membership_key or ()
    if state_year:
        lowest, highest = contract.range_of(state_year[1])
        state, column = world.roster.member_rows(int(lowest or FIRST_YEAR), int(highest or LAST_YEAR))
        codes, years = world.roster.codes[state].tolist(), world.roster.years[column].tolist()
        parts.append((state_year, list(zip(codes, years, strict=True))))
    others = [name for name in contract.key if name not in state_year]
    parts += [((name,), [(value,) for value in _key_values(contract, name)]) for name in others]
    empty = [", ".join(names) for names, values in parts if not values]
    if empty:
        raise WarehouseError(
            "The synthetic sample has no row for a raw table.",
            where=f"table {contract.name}, key {', '.join(empty)}",
            expected="a range with values, or sample_values in the record",
            found="no possible value",
            next_step="Correct the range, or list values of the column under sample_values.",
        )
    sizes = [len(values) for _, values in parts]
    total = math.prod(sizes)
    chosen = np.arange(total) if total <= ROWS else np.sort(rng.choice(total, ROWS, replace=False))
    columns: Columns = {}
    for (names, values), positions in zip(parts, np.unravel_index(chosen, sizes), strict=True):
        for name, cells in zip(names, zip(*values, strict=True), strict=True):
            columns[name] = np.array(cells, dtype=object)[positions]
    return columns


def _key_values(contract: RawTable, name: str) -> list[Any]:
    """Distinct values of a key column, at most `VALUES`; of a range, the last ones in the years of the world."""
    kind = contract.column_types[name]
    if name in contract.sample_values:
        return [_typed(value, kind) for value in contract.sample_values[name]]
    if kind == "text":
        return [f"SYNTHETIC {number}" for number in range(1, VALUES + 1)]
    low, high = _bounds(contract, name)
    first, last = math.ceil(low), math.floor(high)
    if last > LAST_YEAR and first <= LAST_YEAR:
        last = min(last, LAST_YEAR)
    return list(range(max(first, last - VALUES + 1), last + 1))


def _values(contract: RawTable, name: str, rows: int, rng: np.random.Generator) -> Any:  # noqa: ANN401 - an array, or one value
    kind = contract.column_types[name]
    if name in contract.constants:
        return _typed(contract.constants[name], kind)
    if name in contract.unique:
        return np.array([_typed(str(number), kind) for number in range(1, rows + 1)], dtype=object)
    if name in contract.sample_values:
        choices = [_typed(value, kind) for value in contract.sample_values[name]]
        return np.array(choices, dtype=object)[rng.integers(0, len(choices), rows)]
    if kind == "text":
        return "SYNTHETIC"
    low, high = _bounds(contract, name)
    if kind == "integer":
        drawn = rng.integers(math.ceil(low), math.floor(high) + 1, rows).astype(float)
    else:
        drawn = np.clip(np.round(rng.uniform(low, high, rows), 3), low, high)
    codes = contract.missing_codes_of(name)
    drawn[rng.random(rows) < MISSING_SHARE] = codes[0] if codes else np.nan
    return drawn


def _bounds(contract: RawTable, name: str) -> tuple[float, float]:
    low, high = contract.range_of(name)
    if low is None:
        low = min(0.0, WIDTH if high is None else high) - WIDTH
    return low, max(low, 0.0) + WIDTH if high is None else high


def _typed(value: str, kind: str) -> str | int | float:
    return value if kind == "text" else int(value) if kind == "integer" else float(value)
