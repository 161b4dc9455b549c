"""The pairs cluster bootstrap equals refits of the drawn clusters; a draw without an estimate is NaN."""

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered
from tests.support.cluster_bootstrap import frequencies, pairs_bootstrap

PROBIT = LINKS["probit"]


def clustered_sample(seed=0, clusters=60, rows=2400, terms=4):
    """Clusters of unequal size in no order, with terms and errors that are partly common to the cluster."""
    generator = np.random.default_rng(seed)
    codes = np.unique(generator.integers(0, clusters, rows), return_inverse=True)[1]
    own = generator.normal(size=(codes.max() + 1, terms))[codes]
    matrix = np.column_stack([own[:, 1:] + generator.normal(size=(rows, terms - 1)), np.ones(rows)])
    outcome = 0.3 * matrix[:, 0] - 1.2 + 0.4 * own[:, 0] + generator.normal(size=rows) > 0
    return outcome.astype(float), matrix, codes


def test_equals_weighted_and_repeated_refits():
    outcome, matrix, clusters = clustered_sample()
    estimates = pairs_bootstrap(fit(outcome, matrix, PROBIT), clusters, draws=6, seed=3)
    family = sm.families.Binomial(sm.families.links.Probit())
    for estimate, times in zip(estimates, frequencies(60, draws=6, seed=3)[:, clusters], strict=True):
        drawn = times > 0
        weighted = sm.GLM(outcome[drawn], matrix[drawn], family=family, freq_weights=times[drawn])
        np.testing.assert_allclose(estimate, weighted.fit(tol=1e-14, maxiter=300).params, rtol=1e-8)
        rows = np.repeat(np.arange(len(times)), times)
        np.testing.assert_allclose(estimate, fit(outcome[rows], matrix[rows], PROBIT).coefficients, rtol=1e-8)


@pytest.mark.parametrize("link", ["logit", "cloglog", "linear"])
def test_equals_repeated_refits_for_every_link(link):
    outcome, matrix, clusters = clustered_sample(1)
    estimates = pairs_bootstrap(fit(outcome, matrix, LINKS[link]), clusters, draws=3)
    for estimate, times in zip(estimates, frequencies(60, draws=3)[:, clusters], strict=True):
        rows = np.repeat(np.arange(len(times)), times)
        np.testing.assert_allclose(estimate, fit(outcome[rows], matrix[rows], LINKS[link]).coefficients, rtol=1e-8)


def test_every_draw_has_as_many_clusters_as_the_sample():
    times = frequencies(30, draws=5000)
    assert (times.sum(axis=1) == 30).all()
    np.testing.assert_allclose(times.mean(axis=0), 1.0, atol=0.07)
    np.testing.assert_allclose((times == 0).mean(), (29 / 30) ** 30, atol=0.005)


def test_workers_do_not_change_a_bit():
    outcome, matrix, clusters = clustered_sample(2, rows=8000, terms=9)  # large enough for threads to be started
    fitted = fit(outcome, matrix, PROBIT)
    alone = pairs_bootstrap(fitted, clusters, draws=300)
    np.testing.assert_array_equal(pairs_bootstrap(fitted, clusters, draws=300, n_jobs=2), alone)


def test_a_draw_without_an_estimate_is_missing_and_the_others_are_not():
    """All events of one term are in one cluster; without it, the term has no finite coefficient."""
    outcome, matrix, clusters = clustered_sample(4)
    flag = np.isin(clusters, (0, 1, 2)).astype(float)
    outcome[flag == 1.0] = 0.0
    outcome[np.flatnonzero(clusters == 0)[:9]] = 1.0
    fitted = fit(outcome, np.column_stack([flag, matrix]), PROBIT)
    times = frequencies(60, draws=200)
    missing = np.isnan(pairs_bootstrap(fitted, clusters, draws=200)).all(axis=1)
    np.testing.assert_array_equal(missing, times[:, 0] == 0)
    assert 40 < missing.sum() < 120


def test_the_spread_of_the_estimates_is_the_clustered_standard_error():
    """Both are consistent for the same thing, and 300 clusters are enough for them to be close."""
    outcome, matrix, clusters = clustered_sample(5, clusters=300, rows=9000)
    fitted = fit(outcome, matrix, PROBIT)
    spread = pairs_bootstrap(fitted, clusters, draws=1000).std(axis=0)
    np.testing.assert_allclose(spread, np.sqrt(np.diag(clustered(fitted, clusters))), rtol=0.1)
