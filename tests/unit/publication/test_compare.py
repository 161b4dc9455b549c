"""Comparison of two tables: counts checked with pandas, with NULL, NaN, added and removed rows, and changed types."""

import math
from collections import Counter

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.modelling.result_tables import RESULT_TABLES
from orchestration.publication.compare import compare
from orchestration.publication.content import DYADS_TABLE, MART_TABLES
from orchestration.publication.table_keys import TABLE_KEYS

NUMBERS = st.none() | st.sampled_from([0.0, -1.5, 1.0, 1.0 + 1e-12, 2.0, 1e300, math.nan, math.inf])
ROW = st.fixed_dictionaries(
    {"x": NUMBERS, "n": st.none() | st.integers(-2, 2), "t": st.none() | st.sampled_from(["", "a", "b"])}
)
TABLE = st.dictionaries(st.tuples(st.integers(1, 3), st.integers(1816, 1835)), ROW, max_size=12)
COLUMNS = "code integer, year integer, x double, n bigint, t varchar"


def loaded(*tables: dict) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": 1})
    for name, table in zip(("old", "new"), tables, strict=True):
        connection.execute(f"create table {name} ({COLUMNS})")
        rows = [[code, year, row["x"], row["n"], row["t"]] for (code, year), row in table.items()]
        if rows:
            connection.executemany(f"insert into {name} values (?, ?, ?, ?, ?)", rows)
    return connection


def is_same(old: object, new: object) -> bool:
    if old is None or new is None:
        return old is new
    both_nan = isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new)
    return both_nan or old == new


@settings(max_examples=40, deadline=None)
@given(TABLE, TABLE)
def test_counts_agree_with_pandas(old: dict, new: dict) -> None:
    found = compare(loaded(old, new), "old", "new", ("code", "year"), year="year")

    # The reference: keys by index arithmetic, cells one by one.
    before, after = (pd.Index(list(table), tupleize_cols=False) for table in (old, new))

    def by_decade(keys: pd.Index) -> dict:
        return dict(Counter(year // 10 * 10 for _, year in keys))

    assert found.added == by_decade(after.difference(before))
    assert found.removed == by_decade(before.difference(after))
    assert (found.rows_before, found.rows_after) == (len(old), len(new))
    both = before.intersection(after)
    differing = {(key, name) for key in both for name in ("x", "n", "t") if not is_same(old[key][name], new[key][name])}
    assert found.rows_changed == len({key for key, _ in differing})
    assert {c.column for c in found.columns} == {name for _, name in differing}
    for column in found.columns:
        pairs = {
            key: (old[key][column.column], new[key][column.column]) for key, name in differing if name == column.column
        }
        assert column.became_null == sum(b is None for _, b in pairs.values())
        assert column.got_value == sum(a is None for a, _ in pairs.values())
        assert column.changed == len(pairs) - column.became_null - column.got_value
        assert column.by_decade == by_decade(pd.Index(list(pairs), tupleize_cols=False))
        finite = [
            (float(a), float(b))
            for a, b in pairs.values()
            if isinstance(a, (int, float)) and isinstance(b, (int, float)) and math.isfinite(a) and math.isfinite(b)
        ]
        assert column.largest_change == max((abs(b - a) for a, b in finite), default=None)
        assert column.largest_relative_change == pytest.approx(
            max((abs(b - a) / max(abs(a), abs(b)) for a, b in finite), default=None)
        )


@settings(max_examples=30, deadline=None)
@given(TABLE)
def test_table_equals_itself(table: dict) -> None:
    found = compare(loaded(table, table), "old", "new", ("code", "year"), year="year")
    assert found.is_equal
    assert found.rows_changed == 0


@pytest.mark.parametrize(
    ("tolerance", "changed"), [(0.0, {"small", "tenth", "nan"}), (1e-9, {"tenth", "nan"}), (0.2, {"nan"})]
)
def test_tolerance_is_relative_to_the_larger_value(tolerance: float, changed: set[str]) -> None:
    connection = duckdb.connect(":memory:")
    connection.execute("create table old as select 1 as k, 1e-8 as small, 10.0::double as tenth, 1.0::double as nan")
    connection.execute(
        "create table new as select 1 as k, 1e-8 * (1 + 1e-12) as small, 11.0::double as tenth, 'nan'::double as nan"
    )
    found = compare(connection, "old", "new", ("k",), tolerance=tolerance)
    assert {column.column for column in found.columns} == changed


def test_changed_columns_and_types_are_reported() -> None:
    connection = duckdb.connect(":memory:")
    connection.execute("create table old as select 1 as k, 2 as whole, '3' as label, 4 as gone")
    connection.execute("create table new as select 1::bigint as k, 2.0::double as whole, 3 as label, 5 as new")
    found = compare(connection, "old", "new", ("k",))
    assert found.columns == ()
    assert (found.columns_added, found.columns_removed) == (("new",), ("gone",))
    assert found.types_changed == (
        ("k", "INTEGER", "BIGINT"),
        ("whole", "INTEGER", "DOUBLE"),
        ("label", "VARCHAR", "INTEGER"),
    )
    assert not found.is_equal


def test_rows_with_repeated_or_null_keys_are_paired_once() -> None:
    connection = duckdb.connect(":memory:")
    connection.execute("create table old as from (values (1, 'a'), (1, 'b'), (null, 'c')) as v(k, t)")
    connection.execute("create table new as from (values (1, 'b'), (1, 'a'), (null, 'c'), (1, 'd')) as v(k, t)")
    found = compare(connection, "old", "new", ("k",))
    assert (found.rows_added, found.rows_removed, found.columns) == (1, 0, ())


def test_missing_key_column_is_an_error() -> None:
    connection = duckdb.connect(":memory:")
    connection.execute("create table old as select 1 as k; create table new as select 1 as j")
    with pytest.raises(ValueError, match="key column k is missing"):
        compare(connection, "old", "new", ("k",))


def test_every_published_table_has_a_key() -> None:
    marts = {f"marts.{table}" for table in (*MART_TABLES, DYADS_TABLE)}
    assert set(TABLE_KEYS) == marts | {f"results.{table}" for table in RESULT_TABLES}
