"""Lags by calendar year, conversion of columns to numbers, and the checks of the key."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import AnalysisError, ModelError
from analysis.core.panel import as_floats, column_values, lag, prepare

GAPPED = pd.DataFrame(
    {"cow_code": [2, 2, 2, 200, 200], "year": [1900, 1901, 1905, 1901, 1902], "cinc": [1.0, 2.0, 3.0, 4.0, 5.0]}
)


def test_lag_is_missing_at_entry_and_after_a_gap():
    np.testing.assert_array_equal(lag(GAPPED, GAPPED["cinc"].to_numpy(), 1), [np.nan, 1.0, np.nan, np.nan, 4.0])


def test_lag_counts_calendar_years_across_a_gap():
    np.testing.assert_array_equal(lag(GAPPED, GAPPED["cinc"].to_numpy(), 4), [np.nan, np.nan, 2.0, np.nan, np.nan])


def test_negative_lag_is_a_lead():
    np.testing.assert_array_equal(lag(GAPPED, GAPPED["cinc"].to_numpy(), -1), [2.0, np.nan, np.nan, 5.0, np.nan])


def test_a_lag_never_reaches_into_the_neighbouring_state():
    panel = pd.DataFrame({"cow_code": [2, 3], "year": [2016, 1816], "cinc": [0.2, 0.3]})
    for years in range(1, 250):
        assert np.isnan(lag(panel, panel["cinc"].to_numpy(), years)).all()


@given(st.sets(st.tuples(st.integers(2, 5), st.integers(1816, 1830)), min_size=1), st.integers(-3, 3), st.randoms())
def test_lag_equals_a_merge_on_the_earlier_year_in_any_row_order(keys, years, shuffle):
    rows = sorted(keys)
    shuffle.shuffle(rows)
    panel = pd.DataFrame(rows, columns=["cow_code", "year"]).assign(x=np.arange(len(rows), dtype=float))
    earlier = panel.assign(year=panel["year"] + years)
    merged = panel[["cow_code", "year"]].merge(earlier, on=["cow_code", "year"], how="left")
    np.testing.assert_array_equal(lag(panel, panel["x"].to_numpy(), years), merged["x"])


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([True, None, False], dtype=object),
        pd.Series([1, pd.NA, 0], dtype="Int64"),
        pd.Series([1.0, np.nan, 0.0]),
        pd.Series(["1", None, "0"]),
    ],
)
def test_missing_stays_missing_in_every_column_type(column):
    np.testing.assert_array_equal(as_floats(column, "x"), [1.0, np.nan, 0.0])


def test_text_that_is_not_a_number_is_quoted_in_the_error():
    with pytest.raises(ModelError, match=r"column cinc is not numeric.*abc"):
        as_floats(pd.Series(["1", "abc"]), "cinc")


def test_an_unknown_column_is_named_in_the_error():
    with pytest.raises(ModelError, match="unknown column gdp"):
        column_values(GAPPED, "gdp")


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        (pd.DataFrame({"year": [1900]}), "no column cow_code"),
        (pd.DataFrame({"cow_code": [], "year": []}), "no rows"),
        (pd.DataFrame({"cow_code": [2, 2], "year": [1900, 1900]}), "1 repeated state-years.*cow_code 2 year 1900"),
        (pd.DataFrame({"cow_code": [2, 2], "year": [1900, None]}), "column year.*missing"),
        (pd.DataFrame({"cow_code": [2.5], "year": [1900]}), "column cow_code.*not whole numbers"),
        (pd.DataFrame({"cow_code": ["USA"], "year": [1900]}), "column cow_code is not numeric"),
    ],
)
def test_a_panel_without_a_valid_key_is_rejected(panel, message):
    with pytest.raises(AnalysisError, match=message):
        prepare(panel)
