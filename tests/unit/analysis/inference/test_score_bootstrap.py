"""The score bootstrap has nominal size, its interval inverts the test, and it equals a slow version."""

import numpy as np
import pytest

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.score_bootstrap import _ScoreTest, score_bootstrap, weights

PROBIT = LINKS["probit"]


def clustered_sample(seed, clusters=40, size=20, effect=0.0):
    """A regressor and an error that both have a part common to the cluster."""
    generator = np.random.default_rng(seed)
    groups = np.repeat(np.arange(clusters), size)
    x = 0.7 * generator.normal(size=clusters)[groups] + 0.7 * generator.normal(size=len(groups))
    error = 0.6 * generator.normal(size=clusters)[groups] + 0.8 * generator.normal(size=len(groups))
    outcome = (-0.8 + effect * x + error > 0).astype(float)
    return outcome, np.column_stack([x, np.ones(len(groups))]), groups


def test_equals_the_procedure_written_out():
    """Refit without the term, take each cluster's effective score at that fit, reweight, studentise, compare."""
    outcome, matrix, groups = clustered_sample(1, clusters=15, effect=0.2)
    draws = weights(15)
    test = score_bootstrap(fit(outcome, matrix, PROBIT), 0, groups, draws)
    restricted = fit(outcome, matrix[:, 1:], PROBIT)
    information = matrix.T @ (matrix * restricted.weight[:, None])
    influence = np.linalg.inv(information)[0] @ (matrix * restricted.residual[:, None]).T
    parts = np.array([influence[groups == group].sum() for group in range(15)])

    def studentised(values):
        return values.sum() / np.sqrt(((values - values.mean()) ** 2).sum() * 15 / 14)

    observed, drawn = studentised(parts), np.array([studentised(parts * draw) for draw in draws])
    assert test.statistic == pytest.approx(observed, rel=1e-6)
    assert test.p_value == (1 + (np.abs(drawn) >= abs(observed)).sum()) / 1000


def test_the_interval_holds_the_values_that_the_test_does_not_reject():
    """Shift the hypothesis to just inside and just outside each end by an offset in the outcome's index."""
    outcome, matrix, groups = clustered_sample(2, effect=0.3)
    fitted, draws = fit(outcome, matrix, PROBIT), weights(40)
    test = score_bootstrap(fitted, 0, groups, draws)
    assert test.conf_low < fitted.coefficients[0] < test.conf_high
    score_test = _ScoreTest(fitted, 0, groups, draws)
    for end, outwards in ((test.conf_low, -1.0), (test.conf_high, 1.0)):
        for step, rejected in ((0.001, True), (-0.001, False)):
            statistic, drawn = score_test.at(end + outwards * step)
            assert bool((1 + (drawn >= abs(statistic)).sum()) / 1000 <= 0.05) is rejected


def test_size_and_coverage_are_nominal():
    """Under a true null with clustered data: 5 per cent rejections in 300 samples, within sampling error."""
    draws = weights(40, draws=299)
    rejected = 0
    for seed in range(300):
        outcome, matrix, groups = clustered_sample(1000 + seed, size=10)
        rejected += score_bootstrap(fit(outcome, matrix, PROBIT), 0, groups, draws).p_value <= 0.05
    assert 0.02 <= rejected / 300 <= 0.085


@pytest.mark.parametrize("clusters", [6, 12, 13, 100])
def test_weights_have_mean_0_variance_1_and_a_fixed_seed(clusters):
    draws = weights(clusters, draws=20_000)
    assert abs(draws.mean()) < 0.02
    assert abs(draws.var() - 1) < 0.02
    np.testing.assert_array_equal(draws[:999], weights(clusters, draws=20_000)[:999])
    assert len(np.unique(draws)) == (6 if clusters <= 12 else 2)
