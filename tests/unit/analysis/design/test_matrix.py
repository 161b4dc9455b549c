"""Rows and terms of an estimation sample: calendar lags, missing values, and what Stata would drop."""

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.core.specification import Model, Sample, Term, TimeDependence
from analysis.design.matrix import build

ALL = Sample("all years")


def small(n=40, **columns):
    generator = np.random.default_rng(0)
    frame = {"cow_code": np.repeat([2, 20], n // 2), "year": np.tile(np.arange(1900, 1900 + n // 2), 2)}
    frame |= {"y": generator.integers(0, 2, n), "x": generator.normal(size=n), "z": generator.normal(size=n)}
    return prepare(pd.DataFrame(frame | columns))


def model(*columns, **fields):
    terms = tuple(column if isinstance(column, Term) else Term(column) for column in columns)
    return Model("m", "y", terms, fields.pop("sample", ALL), **fields)


def test_a_lag_uses_years_before_the_sample_but_never_crosses_a_gap():
    panel = small()
    panel = prepare(panel[~((panel.cow_code == 20) & (panel.year == 1910))])
    design = build(panel, model(Term("x", 1), sample=Sample("1905-1915", 1905, 1915)))
    rows = panel.loc[design.rows, ["cow_code", "year"]]
    assert len(rows) == 11 + 9  # 1910 is absent, and 1911 has no year before it
    assert design.n_dropped_missing == 1
    assert design.terms == ["x_lag_1", "constant"]
    earlier = rows.assign(year=rows.year - 1).merge(panel, on=["cow_code", "year"])
    np.testing.assert_array_equal(design.matrix[:, 0], earlier["x"])


def test_change_and_rise_are_between_consecutive_years():
    panel = small(x=np.arange(40.0) ** 2)
    design = build(panel, model(Term("x", transform="change"), Term("z")))
    np.testing.assert_array_equal(design.matrix[:3, 0], [1.0, 3.0, 5.0])
    assert design.n_dropped_missing == 2
    assert Term("x", 1, "rose").name == "x_rose_lag_1"
    assert Term("x", -1).name == "x_lead_1"


def test_constant_terms_and_the_last_of_a_collinear_set_are_dropped_with_a_note():
    panel = small()
    panel = panel.assign(level=7.0, twice=2 * panel.x - 3, sum=panel.x + panel.z)
    design = build(panel, model("level", "x", "twice", "z", "sum"))
    assert design.terms == ["x", "z", "constant"]
    assert design.dropped == [
        "level: constant in the sample (7)",
        "twice: collinear with the terms before it",
        "sum: collinear with the terms before it",
    ]


def test_a_perfect_predictor_is_dropped_with_its_rows_as_in_stata():
    panel = small()
    panel = panel.assign(war=((panel.y == 0) & (panel.x > 0.5)).astype(float))
    ones = int(panel.war.sum())
    design = build(panel, model("war", "z"))
    assert ones > 0
    assert len(design.outcome) == 40 - ones
    assert design.terms == ["z", "constant"]
    assert design.dropped == [f"war: war = 1 always means no event; {ones} rows dropped with it"]


def test_a_missing_value_is_not_equal_as_in_stata():
    panel = small(power=np.where(np.arange(40) % 4 == 0, 1.0, np.where(np.arange(40) % 4 == 1, np.nan, 0.0)))
    assert len(build(panel, model("x", sample=Sample("powers", where="power", equals=1.0))).outcome) == 10
    assert len(build(panel, model("x", sample=Sample("others", where="power", equals=1.0, negate=True))).outcome) == 30


def test_clusters_are_states_and_years():
    design = build(small(), model("x"))
    assert design.states.max() + 1 == 2
    assert design.years.max() + 1 == 20


@pytest.mark.parametrize(
    ("columns", "fields", "message"),
    [
        ({"y": np.zeros(40)}, {}, "no events: y is 0 in all 40"),
        ({"y": np.ones(40)}, {}, "no non-events: y is 1 in all 40"),
        ({"y": np.full(40, 2.0)}, {}, "values other than 0 and 1"),
        ({"x": np.r_[np.inf, np.zeros(39)]}, {}, "x has 1 infinite value"),
        ({"x": np.full(40, np.nan)}, {}, "no state-year of the sample all years has all"),
        ({}, {"sample": Sample("2100s", 2100, 2199)}, "the sample 2100s has no state-year"),
        ({}, {"time": TimeDependence("years_since")}, "unknown column years_since"),
        ({"x": np.r_[0.0, np.ones(39)]}, {"log": True}, "logarithm of a value that is not above 0"),
        ({"x": np.arange(40) % 2, "y": np.arange(40) % 2}, {}, "complete separation: x alone"),
    ],
)
def test_a_sample_that_cannot_be_estimated_on_raises_with_the_reason(columns, fields, message):
    terms = [Term("x", transform="log") if fields.pop("log", False) else Term("x")]
    with pytest.raises(ModelError, match=message):
        build(small(**columns), model(*terms, **fields))
