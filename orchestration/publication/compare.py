"""Differences between two tables with the same key: rows added and removed, and cells changed by column and decade."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.core.database import quote_identifier, single_row

INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
NUMBERS = INTEGERS | {"FLOAT", "DOUBLE", "DECIMAL"}


@dataclass(frozen=True)
class ColumnDifference:
    """Differences of one column over the rows that both tables have.

    Attributes
    ----------
    column : str
        Name of the column.
    changed : int
        Cells with another value that is not NULL.
    became_null, got_value : int
        Cells that became NULL, and cells that were NULL and have a value now. Not included in ``changed``.
    largest_change : float or None
        Largest absolute change in the unit of the column; None without changed finite numbers.
    largest_relative_change : float or None
        Largest change as a share of the larger of the two absolute values (0 to 2); None without changed finite
        numbers.
    by_decade : dict of int to int
        Cells that differ in any way, by first year of the decade; the key None counts rows without a year.
    """

    column: str
    changed: int
    became_null: int
    got_value: int
    largest_change: float | None
    largest_relative_change: float | None
    by_decade: dict[int | None, int]

    @property
    def cells(self) -> int:
        """Number of cells that differ in any way."""
        return self.changed + self.became_null + self.got_value


@dataclass(frozen=True)
class TableDifference:
    """Differences between two tables: rows by key, columns by name.

    Attributes
    ----------
    rows_before, rows_after : int
        Row counts.
    added, removed : dict of int to int
        Rows that only one table has, by first year of the decade; the key None counts rows without a year.
    rows_changed : int
        Rows of both tables in which a cell differs.
    columns : tuple of ColumnDifference
        Columns with a difference, most cells first.
    columns_added, columns_removed : tuple of str
        Columns that only one table has.
    types_changed : tuple of (str, str, str)
        Column, type before, type after.
    """

    rows_before: int
    rows_after: int
    added: dict[int | None, int]
    removed: dict[int | None, int]
    rows_changed: int
    columns: tuple[ColumnDifference, ...]
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    types_changed: tuple[tuple[str, str, str], ...]

    @property
    def rows_added(self) -> int:
        """Number of rows that only the second table has."""
        return sum(self.added.values())

    @property
    def rows_removed(self) -> int:
        """Number of rows that only the first table has."""
        return sum(self.removed.values())

    @property
    def is_equal(self) -> bool:
        """Whether the tables have the same rows, columns and types."""
        return not any(
            (self.added, self.removed, self.columns, self.columns_added, self.columns_removed, self.types_changed)
        )


def compare(
    connection: duckdb.DuckDBPyConnection,
    before: str,
    after: str,
    key: Sequence[str],
    *,
    year: str | None = None,
    tolerance: float = 0.0,
) -> TableDifference:
    """Compare two relations row by row.

    NULL matches NULL in keys and values; NaN equals NaN and differs from NULL. Rows that repeat a key are paired in the
    order of their values.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Connection that can read both relations; two temporary tables are created in it.
    before, after : str
        SQL expressions that are valid after FROM.
    key : sequence of str
        Columns by which rows are matched.
    year : str, optional
        SQL expression for a row's calendar year, over columns that both relations have.
    tolerance : float
        Two numbers are equal if they differ by at most this share of the larger absolute value; 0 requires equality.

    Returns
    -------
    TableDifference
        With row counts, differing cells and changed columns.

    Raises
    ------
    ValueError
        If a relation lacks a column of the key.
    duckdb.Error
        If a relation cannot be read.
    """
    types_before, types_after = _types(connection, before), _types(connection, after)
    if missing := [name for name in key if name not in types_before or name not in types_after]:
        raise ValueError(f"key column {', '.join(missing)} is missing")
    common = [name for name in types_before if name in types_after]
    values = [name for name in common if name not in key]
    for side, relation in (("before", before), ("after", after)):
        connection.execute(f"create or replace temp table compared_{side} as {_side(relation, key, common, year)}")
    same = ["{} is not distinct from {}".format(*_cells(name, types_before[name], types_after[name])) for name in key]
    pairs = (
        "(select b, a, b._nth is not null and a._nth is not null as _both"
        f" from compared_before as b full join compared_after as a on {' and '.join([*same, 'b._nth = a._nth'])})"
    )
    differs = {name: _differs(name, types_before[name], types_after[name], tolerance) for name in values}
    counts = [f"count(*) filter (_both and {condition})" for condition in differs.values()]
    cells = single_row(connection.execute(f"select {', '.join(counts) or 'count(*)'} from {pairs}"))
    values = [name for name, count in zip(values, cells, strict=False) if count]  # others need no aggregates
    aggregates = [f"count(*) filter (_both and ({' or '.join(differs[name] for name in values) or 'false'}))"]
    for name in values:
        aggregates += _aggregates(name, types_before[name], types_after[name], differs[name])
    rows = connection.execute(
        "select coalesce(b._year, a._year) // 10 * 10 as decade, count(*) filter (b._nth is null),"
        f" count(*) filter (a._nth is null), {', '.join(aggregates)} from {pairs} group by decade order by decade"
    ).fetchall()
    columns = [_column(name, [(row[0], *row[4 + 5 * i : 9 + 5 * i]) for row in rows]) for i, name in enumerate(values)]
    return TableDifference(
        rows_before=_row_count(connection, "compared_before"),
        rows_after=_row_count(connection, "compared_after"),
        added={row[0]: row[1] for row in rows if row[1]},
        removed={row[0]: row[2] for row in rows if row[2]},
        rows_changed=sum(row[3] for row in rows),
        columns=tuple(sorted(columns, key=lambda column: (-column.cells, column.column))),
        columns_added=tuple(name for name in types_after if name not in types_before),
        columns_removed=tuple(name for name in types_before if name not in types_after),
        types_changed=tuple(
            (name, types_before[name], types_after[name]) for name in common if types_before[name] != types_after[name]
        ),
    )


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe from {relation}").fetchall()}


def _side(relation: str, key: Sequence[str], common: Sequence[str], year: str | None) -> str:
    """SQL of one side: the common columns, the year, and the row's number among the rows with its key."""
    names, keys = (", ".join(map(quote_identifier, columns)) for columns in (common, key))
    return (
        f"select {names}, try_cast({year or 'null'} as integer) as _year,"
        f" row_number() over (partition by {keys} order by {names}) as _nth from {relation}"
    )


def _differs(name: str, type_before: str, type_after: str, tolerance: float) -> str:
    b, a = _cells(name, type_before, type_after)
    if tolerance and _is_number(type_before) and _is_number(type_after):
        b, a = f"{b}::double", f"{a}::double"
        near = f"abs({a} - {b}) <= {tolerance!r} * greatest(abs({b}), abs({a}))"
        return f"({b} is distinct from {a} and not coalesce(isfinite({b}) and isfinite({a}) and {near}, false))"
    return f"({b} is distinct from {a})"


def _aggregates(name: str, type_before: str, type_after: str, differs: str) -> list[str]:
    """SQL of five aggregates: cells changed, became NULL, got a value; largest change, largest relative change."""
    b, a = _cells(name, type_before, type_after)
    counts = [
        f"count(*) filter (_both and {differs} and {b} is not null and {a} is not null)",
        f"count(*) filter (_both and {b} is not null and {a} is null)",
        f"count(*) filter (_both and {b} is null and {a} is not null)",
    ]
    if not (_is_number(type_before) and _is_number(type_after)):
        return [*counts, "null", "null"]
    b, a = f"{b}::double", f"{a}::double"
    finite = f"filter (_both and {differs} and isfinite({b}) and isfinite({a}))"
    change = f"abs({a} - {b})"
    return [*counts, f"max({change}) {finite}", f"max({change} / greatest(abs({b}), abs({a}))) {finite}"]


def _cells(name: str, type_before: str, type_after: str) -> tuple[str, str]:
    """SQL of the two cells, cast to text if their types cannot be compared."""
    b, a = f"b.{quote_identifier(name)}", f"a.{quote_identifier(name)}"
    if type_before == type_after or (_is_number(type_before) and _is_number(type_after)):
        return b, a
    return f"{b}::varchar", f"{a}::varchar"


def _is_number(data_type: str) -> bool:
    return data_type.split("(")[0] in NUMBERS


def _column(name: str, decades: list[tuple[Any, ...]]) -> ColumnDifference:
    """Combine the decades of one column; each is (decade, the five aggregates)."""
    changed, became_null, got_value = (sum(row[i] for row in decades) for i in (1, 2, 3))
    largest, relative = (max((row[i] for row in decades if row[i] is not None), default=None) for i in (4, 5))
    by_decade = {row[0]: sum(row[1:4]) for row in decades if sum(row[1:4])}
    return ColumnDifference(name, changed, became_null, got_value, largest, relative, by_decade)


def _row_count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    (count,) = single_row(connection.execute(f"select count(*) from {table}"))
    return int(count)
