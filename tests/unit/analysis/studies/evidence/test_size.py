"""Power and equivalence by simulation, and sensitivity to a confounder beside regressions that include it."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import nct
from scipy.stats import t as student

from analysis.core.errors import ModelError
from analysis.studies.evidence.confounding import (
    LinearTerm,
    Strength,
    adjusted_error,
    adjusted_estimate,
    benchmark,
    confounding_rows,
    group_r2,
    linear_term,
    robustness_value,
)
from analysis.studies.evidence.power import SMALLEST_EFFECT, detectable_effect, equivalence_p_value, power_rows
from analysis.studies.kimball import headline_model
from tests.unit.analysis.studies.evidence.worlds import stepped_panel

DARFUR = LinearTerm(0.097, 0.097 / 4.184, 783)  # Cinelli & Hazlett (2020), section 5


@pytest.fixture(scope="module")
def stepped():
    return stepped_panel()


@pytest.fixture(scope="module")
def regression():
    """Outcome, matrix with treatment, two terms and a constant, and a confounder."""
    generator = np.random.default_rng(2)
    n = 400
    terms = generator.normal(size=(n, 2)) @ [[1.0, 0.4], [0.0, 1.0]]
    confounder = generator.normal(size=n)
    treatment = terms @ [0.3, -0.2] + 0.25 * confounder + generator.normal(size=n)
    outcome = 0.5 * treatment + terms @ [0.2, 0.4] + 0.3 * confounder + generator.normal(size=n)
    return outcome, np.column_stack([treatment, terms, np.ones(n)]), confounder


def partial_r2(outcome, matrix, position):
    t = sm.OLS(outcome, matrix).fit().tvalues[position]
    return t**2 / (t**2 + len(outcome) - matrix.shape[1])


def test_the_detectable_effect_is_found_in_four_of_five_samples():
    """The power of a t test is that of the noncentral t distribution."""
    effect, degrees = detectable_effect(0.5, 40), 40
    critical = student.ppf(0.975, degrees)
    power = nct.sf(critical, degrees, effect / 0.5) + nct.cdf(-critical, degrees, effect / 0.5)
    assert power == pytest.approx(0.8, abs=0.005)


def test_equivalence_is_the_two_one_sided_t_tests():
    estimate, error, degrees, bound = 0.004, 0.003, 60, 0.01
    below = student.cdf((estimate - bound) / error, degrees)
    above = student.sf((estimate + bound) / error, degrees)
    assert equivalence_p_value(estimate, error, degrees, bound) == pytest.approx(max(below, above), rel=1e-9)
    assert equivalence_p_value(-estimate, error, degrees, bound) == pytest.approx(max(below, above), rel=1e-9)
    assert equivalence_p_value(0.03, error, degrees, bound) > 0.5


def test_equivalence_agrees_with_its_90_per_cent_interval(stepped):
    effect, detectable, equivalence, larger = power_rows(stepped, headline_model())
    inside = equivalence["conf_low"] > -SMALLEST_EFFECT and equivalence["conf_high"] < SMALLEST_EFFECT
    assert (equivalence["p_value"] < 0.05) == inside
    assert larger["p_value"] == pytest.approx(student.sf(larger["statistic"], effect["clusters"] - 1), rel=1e-9)
    assert (larger["p_value"] < 0.05) == (larger["conf_low"] > SMALLEST_EFFECT)
    assert detectable["estimate"] == pytest.approx(detectable_effect(effect["std_error"], effect["clusters"] - 1))
    assert effect["conf_low"] < equivalence["conf_low"] < effect["estimate"]


def test_the_linear_term_is_that_of_statsmodels(regression):
    outcome, matrix, _ = regression
    theirs = sm.OLS(outcome, matrix).fit()
    for position in range(4):
        ours = linear_term(outcome, matrix, position)
        assert ours.estimate == pytest.approx(theirs.params[position], rel=1e-9)
        assert ours.error == pytest.approx(theirs.bse[position], rel=1e-9)
        assert ours.degrees == theirs.df_resid
        assert ours.partial_r2 == pytest.approx(partial_r2(outcome, matrix, position), rel=1e-9)


def test_a_known_confounder_takes_the_estimate_where_the_formula_says(regression):
    outcome, matrix, confounder = regression
    with_confounder = np.column_stack([matrix, confounder])
    strength = Strength(
        partial_r2(matrix[:, 0], np.column_stack([matrix[:, 1:], confounder]), 3),
        partial_r2(outcome, with_confounder, 4),
    )
    term, theirs = linear_term(outcome, matrix, 0), sm.OLS(outcome, with_confounder).fit()
    assert adjusted_estimate(term, strength) == pytest.approx(theirs.params[0], rel=1e-9)
    assert adjusted_error(term, strength) == pytest.approx(theirs.bse[0], rel=1e-9)


def test_robustness_values_are_those_of_the_published_example():
    """Darfur: 13.9 per cent for an estimate of 0, 7.6 per cent for an interval that reaches 0."""
    assert robustness_value(DARFUR) == pytest.approx(0.139, abs=5e-4)
    assert robustness_value(DARFUR, 0.05) == pytest.approx(0.076, abs=5e-4)


def test_a_confounder_of_the_robustness_value_explains_the_estimate():
    value = robustness_value(DARFUR)
    assert adjusted_estimate(DARFUR, Strength(value, value)) == pytest.approx(0.0, abs=1e-12)
    value = robustness_value(DARFUR, 0.05)
    strength = Strength(value, value)
    statistic = adjusted_estimate(DARFUR, strength) / adjusted_error(DARFUR, strength)
    assert statistic == pytest.approx(student.ppf(0.975, DARFUR.degrees - 1), rel=1e-9)
    assert robustness_value(LinearTerm(0.01, 0.01, 100), 0.05) == 0.0


def test_bounds_are_those_of_the_published_example():
    """Darfur, female: partial R2 0.0092 with the treatment and 0.109 with the outcome (table 1)."""
    for multiple, expected, tolerance in ((1, 0.075, 1e-3), (2, 0.053, 1e-3), (3, 0.030, 1e-3)):
        strength = benchmark(0.00916, 0.1109, multiple)
        assert strength.with_treatment == pytest.approx(multiple * 0.00916 / (1 - 0.00916))
        assert adjusted_estimate(DARFUR, strength) == pytest.approx(expected, abs=tolerance)
    with pytest.raises(ModelError, match="3 times"):
        benchmark(0.3, 0.1, 3)


def test_group_r2_is_that_of_indicators_in_statsmodels(regression):
    outcome, matrix, _ = regression
    groups = np.arange(len(outcome)) % 7
    indicators = (groups[:, None] == np.arange(1, 7)).astype(float)
    fixed = np.where(groups == 3, 1.0, 0.0)  # constant in the groups: counts once
    others = np.column_stack([matrix[:, :3], fixed, matrix[:, 3]])
    full = sm.OLS(outcome, np.column_stack([others[:, [0, 1, 2, 4]], indicators])).fit()
    expected = 1 - full.ssr / sm.OLS(outcome, others).fit().ssr
    assert group_r2(outcome, others, groups) == pytest.approx(expected, rel=1e-9)


def test_rows_use_the_partial_r2_of_statsmodels(stepped):
    rows = {row["detail"]: row for row in confounding_rows(stepped, headline_model())}
    assert len(rows) == 3 + 4 * 3 + 2
    plain = rows["linear probability model"]
    term = LinearTerm(plain["estimate"], plain["std_error"], plain["n"] - 10)
    assert rows["estimate of 0"]["estimate"] == pytest.approx(robustness_value(term), rel=1e-9)
    bound = rows["confounder 2 times as strong as cinc"]
    assert abs(bound["estimate"]) < abs(plain["estimate"])
