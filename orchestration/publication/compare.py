"""Differences between two tables of equal key: rows added and removed, and cells changed by column and decade."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
NUMBERS = INTEGERS | {"FLOAT", "DOUBLE", "DECIMAL"}


@dataclass(frozen=True)
class ColumnDifference:
    """How one column differs over the rows that both tables have.

    changed: cells with another value; became_null and got_value are counted apart from them. largest_change (unit of
    the column) and largest_relative_change (as a share of the larger of the two values) are over changed numbers, None
    where there are none. by_decade: cells that differ in any of the three ways, by the decade's first year; None is the
    decade of rows without a year.
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
        return self.changed + self.became_null + self.got_value


@dataclass(frozen=True)
class TableDifference:
    """How a table differs from the one before: rows by key, columns by name.

    columns: the columns with a difference, most cells first. types_changed: column, type before, type after.
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
        return sum(self.added.values())

    @property
    def rows_removed(self) -> int:
        return sum(self.removed.values())

    @property
    def is_equal(self) -> bool:
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
    """Compare two relations (SQL that can stand after FROM), whose rows are matched by ``key``; NULL matches NULL.

    year: SQL over the columns of either that gives a row's calendar year. tolerance: two numbers count as equal where
    they differ by no more than this share of the larger of them; 0 is exact. NaN equals NaN and differs from NULL.
    Rows that repeat a key are paired in the order of their values. Raises ValueError where a table lacks a key column.
    """
    types_before, types_after = _types(connection, before), _types(connection, after)
    if missing := [name for name in key if name not in types_before or name not in types_after]:
        raise ValueError(f"no column {', '.join(missing)} to match rows by")
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
    cells = connection.execute(f"select {', '.join(counts) or 'null'} from {pairs}").fetchone()
    values = [name for name, count in zip(values, cells, strict=False) if count]  # the rest needs no closer look
    aggregates = [f"count(*) filter (_both and ({' or '.join(differs[name] for name in values) or 'false'}))"]
    for name in values:
        aggregates += _aggregates(name, types_before[name], types_after[name], differs[name])
    rows = connection.execute(
        "select coalesce(b._year, a._year) // 10 * 10 as decade, count(*) filter (b._nth is null),"
        f" count(*) filter (a._nth is null), {', '.join(aggregates)} from {pairs} group by decade order by decade"
    ).fetchall()
    columns = [_column(name, [(row[0], *row[4 + 5 * i : 9 + 5 * i]) for row in rows]) for i, name in enumerate(values)]
    return TableDifference(
        rows_before=_count(connection, "compared_before"),
        rows_after=_count(connection, "compared_after"),
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
    """The columns both tables have, the year, and the row's number among those of its key."""
    names = ", ".join(map(_name, common))
    return (
        f"select {names}, try_cast({year or 'null'} as integer) as _year,"
        f" row_number() over (partition by {', '.join(map(_name, key))} order by {names}) as _nth from {relation}"
    )


def _differs(name: str, type_before: str, type_after: str, tolerance: float) -> str:
    b, a = _cells(name, type_before, type_after)
    if tolerance and _is_number(type_before) and _is_number(type_after):
        b, a = f"{b}::double", f"{a}::double"
        near = f"abs({a} - {b}) <= {tolerance!r} * greatest(abs({b}), abs({a}))"
        return f"({b} is distinct from {a} and not coalesce(isfinite({b}) and isfinite({a}) and {near}, false))"
    return f"({b} is distinct from {a})"


def _aggregates(name: str, type_before: str, type_after: str, differs: str) -> list[str]:
    """Cells changed, become NULL, no longer NULL; largest change and largest relative change of a number."""
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
    """The two cells as SQL, as text where their types cannot be compared as they are."""
    b, a = f"b.{_name(name)}", f"a.{_name(name)}"
    if type_before == type_after or (_is_number(type_before) and _is_number(type_after)):
        return b, a
    return f"{b}::varchar", f"{a}::varchar"


def _is_number(kind: str) -> bool:
    return kind.split("(")[0] in NUMBERS


def _column(name: str, decades: list[tuple]) -> ColumnDifference:
    changed, became_null, got_value = (sum(row[place] for row in decades) for place in (1, 2, 3))
    largest, relative = (
        max((row[place] for row in decades if row[place] is not None), default=None) for place in (4, 5)
    )
    by_decade = {row[0]: sum(row[1:4]) for row in decades if sum(row[1:4])}
    return ColumnDifference(name, changed, became_null, got_value, largest, relative, by_decade)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return connection.execute(f"select count(*) from {table}").fetchone()[0]


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
