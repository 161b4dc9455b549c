"""Covariances equal sums over clusters and refits without each cluster."""

import numpy as np

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered, jackknifed, robust, two_way
from tests.unit.analysis.samples import probit_sample

PROBIT = LINKS["probit"]


def test_clustered_covariance_is_the_sum_over_clusters_written_out():
    outcome, matrix, _, _ = probit_sample(4, n=300)
    states, years = np.arange(300) // 10, np.arange(300) % 30
    outcome[states < 6] = 1.0  # so that the states differ
    matrix = matrix[:, [0, 1, -1]]
    ours = fit(outcome, matrix, PROBIT)
    index = matrix @ ours.coefficients
    expected = {}
    for name, groups in (("state", states), ("year", years), ("row", np.arange(300))):
        meat, count = np.zeros((3, 3)), len(set(groups))
        for group in set(groups):
            score = np.zeros(3)
            for row in np.flatnonzero(groups == group):
                density = np.exp(-(index[row] ** 2) / 2) / np.sqrt(2 * np.pi)
                p = PROBIT.probability(index[row])
                score += (outcome[row] - p) * density / (p * (1 - p)) * matrix[row]
            meat += np.outer(score, score)
        expected[name] = ours.inverse_information @ meat @ ours.inverse_information * count / (count - 1)
    np.testing.assert_allclose(clustered(ours, states), expected["state"], rtol=1e-8)
    np.testing.assert_allclose(robust(ours), expected["row"], rtol=1e-8)
    both, repaired = two_way(ours, states, years)
    assert not repaired
    np.testing.assert_allclose(both, expected["state"] + expected["year"] - expected["row"], rtol=1e-8, atol=1e-14)


def test_a_two_way_covariance_with_negative_eigenvalues_is_repaired_and_reported():
    """Scores that cancel within states and within years make both one-way matrices 0, and their difference negative."""
    outcome = np.array([1.0, 0.0, 0.0, 1.0])
    ours = fit(outcome, np.ones((4, 1)), PROBIT)
    matrix, repaired = two_way(ours, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    assert repaired
    assert matrix[0, 0] == 0.0


def leave_one_out(outcome, matrix, clusters, estimate):
    """The estimates without each of the clusters in turn."""
    return np.array(
        [estimate(outcome[rest], matrix[rest]) for rest in (clusters != code for code in np.unique(clusters))]
    )


def test_the_jackknife_of_a_linear_model_is_that_of_refits_without_each_cluster():
    """Least squares is one Newton step, so that the linearised jackknife is the jackknife."""
    outcome, matrix, states, _ = probit_sample(6)
    shuffled = np.random.default_rng(1).permutation(len(outcome))
    fitted = fit(outcome[shuffled], matrix[shuffled], LINKS["linear"])
    spread = leave_one_out(outcome, matrix, states, lambda y, x: np.linalg.lstsq(x, y)[0]) - fitted.coefficients
    expected = spread.T @ spread * states.max() / (states.max() + 1)
    ours, scale = jackknifed(fitted, states[shuffled]), np.sqrt(np.diag(expected))
    np.testing.assert_allclose(ours / np.outer(scale, scale), expected / np.outer(scale, scale), atol=1e-8)


def test_the_jackknife_of_a_probit_is_close_to_that_of_refits_and_above_the_sandwich():
    outcome, matrix, _, _ = probit_sample(7, n=4000)
    clusters = np.random.default_rng(2).integers(0, 50, 4000)
    fitted = fit(outcome, matrix, PROBIT)
    spread = leave_one_out(outcome, matrix, clusters, lambda y, x: fit(y, x, PROBIT).coefficients) - fitted.coefficients
    ours = np.sqrt(np.diag(jackknifed(fitted, clusters)))
    np.testing.assert_allclose(ours, np.sqrt((spread**2).sum(axis=0) * 49 / 50), rtol=0.02)
    assert (ours > np.sqrt(np.diag(clustered(fitted, clusters)))).all()


def test_a_term_that_varies_in_one_cluster_only_has_no_jackknife():
    outcome, matrix, states, _ = probit_sample(8)
    own = (states == states.max()) * np.random.default_rng(3).normal(size=len(outcome))
    assert np.isnan(jackknifed(fit(outcome, np.column_stack([own, matrix]), PROBIT), states)).all()


def test_one_cluster_has_no_clustered_covariance():
    outcome, matrix, _, _ = probit_sample(5, n=200)
    fitted, one = fit(outcome, matrix, PROBIT), np.zeros(200, dtype=int)
    assert np.isnan(clustered(fitted, one)).all()
    assert np.isnan(jackknifed(fitted, one)).all()
