"""The specification curve: all combinations, the right model for each, and a joint test of the right size."""

import numpy as np
import pandas as pd
import pytest

from analysis.core.tables import COLUMN_DOCS, DTYPES
from analysis.studies.estimation import estimate
from analysis.studies.kimball import headline_model
from analysis.studies.specification_curve import joint_tests, specification_curve, specifications

CHOICES = specifications()
PUBLISHED = {
    "rule": "military",
    "mortality_source": "preferred",
    "measure": "rise beside level",
    "mortality_lag": 0,
    "time_dependence": "spline",
    "controls": "published",
    "sample": "1816-2000",
    "family": "probit",
}


def chosen(**fixed):
    return [choice for choice in CHOICES if all(choice[name] == value for name, value in fixed.items())]


@pytest.fixture(scope="module")
def sources(panel):
    rate = panel["infant_mortality_rate"]
    late = rate.where(panel["year"] >= 1960)
    change = panel.groupby("cow_code")["infant_mortality_rate"].diff()
    return panel.assign(
        imr_abouharb_kimball=rate, imr_gapminder=rate + 1, imr_world_bank=late, infant_mortality_change_1y=change
    )


def test_every_combination_once_and_more_than_five_thousand():
    frame = pd.DataFrame(CHOICES)
    assert len(frame) > 5000
    assert frame["specification"].is_unique
    assert not frame.drop(columns="specification").duplicated().any()


def test_the_published_specification_is_the_published_model(sources):
    ours = specification_curve(sources, choices=chosen(**PUBLISHED))["specification_curve"].iloc[0]
    coefficients = estimate(sources, (headline_model(),))["coefficients"]
    published = coefficients.query("term == 'infant_mortality_rose' and covariance == 'cluster_state'").iloc[0]
    assert (ours.estimate, ours.std_error) == pytest.approx((published.estimate, published.std_error), rel=1e-9)


def test_a_choice_that_changes_nothing_is_not_counted_again(sources):
    """The World Bank's series begins in 1960: its three samples are one. Two of the series are the same here."""
    fixed = {name: value for name, value in PUBLISHED.items() if name not in ("sample", "mortality_source")}
    late = chosen(**fixed, mortality_source="world_bank")
    level = {**PUBLISHED, "measure": "level"}
    same = chosen(**level) + chosen(**{**level, "mortality_source": "abouharb_kimball"})
    assert (len(late), len(same)) == (3, 2)
    for choices in (late, same):
        assert len(specification_curve(sources, choices=choices)["specification_curve"]) == 1


def test_columns_order_and_failures(sources):
    choices = chosen(**{k: v for k, v in PUBLISHED.items() if k not in ("rule", "mortality_source")})
    results = specification_curve(sources.drop(columns="imr_gapminder"), is_synthetic=True, choices=choices)
    for name, table in results.items():
        assert list(table.columns) == list(COLUMN_DOCS[name])
        assert [str(t) for t in table.dtypes] == [DTYPES[doc.type] for doc in COLUMN_DOCS[name].values()]
        assert table.is_synthetic.all()
    table = results["specification_curve"]
    failed = table["problem"].notna()
    assert (table.loc[failed, "mortality_source"] == "gapminder").all()
    assert failed.sum() == 3
    assert table.loc[failed, "problem"].str.contains("unknown column imr_gapminder").all()
    assert table.loc[~failed, "statistic"].is_monotonic_increasing
    shuffled = specification_curve(
        sources.drop(columns="imr_gapminder").sample(frac=1, random_state=1), is_synthetic=True, choices=choices
    )
    pd.testing.assert_frame_equal(shuffled["specification_tests"], results["specification_tests"], check_exact=True)


def test_the_planted_effect_shows_in_the_joint_test(sources):
    choices = chosen(measure="rise", sample="1816-2000", family="probit", time_dependence="cubic", mortality_lag=0)
    tests = specification_curve(sources, choices=choices)["specification_tests"].set_index("statistic")
    assert tests.loc["median z", "p_value"] <= 0.005
    assert tests.loc["median z", "observed"] > 4


def test_the_joint_test_keeps_its_size_under_dependence():
    """500 worlds of 5 specifications that share most of their scores, 50 states, no effect anywhere."""
    generator = np.random.default_rng(1)
    rejected = 0
    for _ in range(500):
        scores = generator.normal(size=50) + 0.3 * generator.normal(size=(5, 50))
        spread = np.sqrt(((scores - scores.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) * 50 / 49)
        rejected += joint_tests(scores.sum(axis=1) / spread, scores)[0]["p_value"] <= 0.05
    assert 0.025 <= rejected / 500 <= 0.08
