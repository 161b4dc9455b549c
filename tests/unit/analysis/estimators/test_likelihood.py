"""Fits and covariances held against statsmodels, against closed forms, and against sums written out by hand."""

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.design.time_dependence import natural_spline
from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered, jackknifed, robust, two_way

PROBIT = LINKS["probit"]


def sample(seed, n=1500, skewed=False):
    """Outcome, design with badly scaled columns and a spline of time, and clusters of unequal size."""
    generator = np.random.default_rng(seed)
    time = np.minimum(generator.geometric(0.06, n) - 1, 120).astype(float)
    matrix = np.column_stack(
        [
            generator.gamma(2.0, 40.0, n),
            generator.random(n) < 0.3,
            generator.gamma(0.3, 0.01, n),
            time,
            natural_spline(time, (1.0, 4.0, 7.0), (0.0, 120.0)),
            np.ones(n),
        ]
    ).astype(float)
    index = -1.9 + 0.002 * matrix[:, 0] + 0.4 * matrix[:, 1] - 0.02 * time if skewed else 0.004 * matrix[:, 0] - 0.4
    states = np.sort(generator.integers(0, 40, n) * generator.integers(0, 2, n))
    states = np.unique(states, return_inverse=True)[1]
    return (index + generator.normal(size=n) > 0).astype(float), matrix, states, generator.integers(0, 25, n)


@pytest.mark.parametrize(("seed", "skewed"), [(1, False), (2, True), (3, True)])
def test_probit_and_its_covariances_equal_statsmodels(seed, skewed):
    outcome, matrix, states, _ = sample(seed, skewed=skewed)
    ours = fit(outcome, matrix, PROBIT)
    columns, triangle = np.linalg.qr(matrix)  # the raw spline would cost statsmodels seven of its digits
    back = np.linalg.inv(triangle)
    model, precise = sm.Probit(outcome, columns), {"disp": 0, "maxiter": 200, "tol": 1e-13, "warn_convergence": False}
    theirs = model.fit(**precise)
    assert ours.converged and not ours.is_flat
    np.testing.assert_allclose(ours.coefficients, back @ theirs.params, rtol=1e-8)
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-12)
    assert ours.null_log_likelihood == pytest.approx(theirs.llnull, rel=1e-10)
    errors = np.sqrt(np.diag(ours.inverse_information))
    np.testing.assert_allclose(errors, np.sqrt(np.diag(back @ theirs.cov_params() @ back.T)), rtol=1e-8)
    n, groups = len(outcome), states.max() + 1
    hc0 = model.fit(cov_type="HC0", **precise).cov_params()
    by_state = model.fit(
        cov_type="cluster", cov_kwds={"groups": states, "use_correction": False}, **precise
    ).cov_params()
    scale = np.outer(errors, errors)
    np.testing.assert_allclose(robust(ours) / scale, back @ hc0 @ back.T * n / (n - 1) / scale, atol=1e-8)
    expected = back @ by_state @ back.T * groups / (groups - 1)
    np.testing.assert_allclose(clustered(ours, states) / scale, expected / scale, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("logit", sm.families.Binomial()),
        ("cloglog", sm.families.Binomial(sm.families.links.CLogLog())),
        ("linear", sm.families.Gaussian()),
    ],
)
def test_the_other_links_equal_statsmodels(name, family):
    """Coefficients, and the observed-information sandwich from statsmodels' own scores and Hessian."""
    outcome, matrix, states, _ = sample(6, skewed=True)
    columns, triangle = np.linalg.qr(matrix)
    back = np.linalg.inv(triangle)
    ours = fit(outcome, matrix, LINKS[name])
    model = sm.GLM(outcome, columns, family=family)
    theirs = model.fit(tol=1e-14, maxiter=300)
    np.testing.assert_allclose(ours.coefficients, back @ theirs.params, rtol=1e-6)
    scores = model.score_obs(theirs.params, scale=1.0)
    sums = np.array([scores[states == state].sum(axis=0) for state in range(states.max() + 1)])
    bread = np.linalg.inv(-model.hessian(theirs.params, scale=1.0, observed=True))
    expected = back @ bread @ sums.T @ sums @ bread @ back.T * len(sums) / (len(sums) - 1)
    errors = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(
        clustered(ours, states) / np.outer(errors, errors), expected / np.outer(errors, errors), atol=1e-6
    )


def test_a_constant_alone_has_the_closed_form():
    """Coefficient Phi^-1(p); information n phi^2 / (p (1 - p)), expected and observed alike."""
    outcome = np.repeat([1.0, 0.0], [3, 13])
    ours = fit(outcome, np.ones((16, 1)), PROBIT)
    p, quantile = 3 / 16, -0.8871465590188759  # Phi^-1(0.1875)
    density = np.exp(-(quantile**2) / 2) / np.sqrt(2 * np.pi)
    assert ours.coefficients[0] == pytest.approx(quantile, rel=1e-9)
    assert ours.inverse_information[0, 0] == pytest.approx(p * (1 - p) / (16 * density**2), rel=1e-9)
    assert ours.log_likelihood == pytest.approx(3 * np.log(p) + 13 * np.log(1 - p), rel=1e-12)


def test_clustered_covariance_is_the_sum_over_clusters_written_out():
    outcome, matrix, _, _ = sample(4, n=300)
    states, years = np.arange(300) // 10, np.arange(300) % 30
    outcome[states < 6] = 1.0  # so that states differ, as they do
    matrix = matrix[:, [0, 1, -1]]
    ours = fit(outcome, matrix, PROBIT)
    index = matrix @ ours.coefficients
    by_hand = {}
    for name, groups in (("state", states), ("year", years), ("row", np.arange(300))):
        meat, count = np.zeros((3, 3)), len(set(groups))
        for group in set(groups):
            score = np.zeros(3)
            for row in np.flatnonzero(groups == group):
                density = np.exp(-(index[row] ** 2) / 2) / np.sqrt(2 * np.pi)
                p = PROBIT.probability(index[row])
                score += (outcome[row] - p) * density / (p * (1 - p)) * matrix[row]
            meat += np.outer(score, score)
        by_hand[name] = ours.inverse_information @ meat @ ours.inverse_information * count / (count - 1)
    np.testing.assert_allclose(clustered(ours, states), by_hand["state"], rtol=1e-8)
    np.testing.assert_allclose(robust(ours), by_hand["row"], rtol=1e-8)
    both, repaired = two_way(ours, states, years)
    assert not repaired
    np.testing.assert_allclose(both, by_hand["state"] + by_hand["year"] - by_hand["row"], rtol=1e-8, atol=1e-14)


def test_a_two_way_covariance_that_is_no_covariance_is_repaired_and_told():
    """Scores that cancel within states and within years make both one-way matrices 0, and their difference negative."""
    outcome = np.array([1.0, 0.0, 0.0, 1.0])
    ours = fit(outcome, np.ones((4, 1)), PROBIT)
    matrix, repaired = two_way(ours, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    assert repaired and matrix[0, 0] == 0.0


def moves(outcome, matrix, clusters, estimate):
    """How far the estimate moves with each of the clusters left out."""
    return np.array(
        [estimate(outcome[rest], matrix[rest]) for rest in (clusters != code for code in np.unique(clusters))]
    )


def test_the_jackknife_of_a_linear_model_is_that_of_refits_without_each_cluster():
    """Least squares is one Newton step, so that the linearised jackknife is the jackknife."""
    outcome, matrix, states, _ = sample(6)
    shuffled = np.random.default_rng(1).permutation(len(outcome))
    fitted = fit(outcome[shuffled], matrix[shuffled], LINKS["linear"])
    spread = moves(outcome, matrix, states, lambda y, x: np.linalg.lstsq(x, y)[0]) - fitted.coefficients
    expected = spread.T @ spread * states.max() / (states.max() + 1)
    ours, scale = jackknifed(fitted, states[shuffled]), np.sqrt(np.diag(expected))
    np.testing.assert_allclose(ours / np.outer(scale, scale), expected / np.outer(scale, scale), atol=1e-8)


def test_the_jackknife_of_a_probit_is_close_to_that_of_refits_and_above_the_sandwich():
    outcome, matrix, _, _ = sample(7, n=4000)
    clusters = np.random.default_rng(2).integers(0, 50, 4000)
    fitted = fit(outcome, matrix, PROBIT)
    spread = moves(outcome, matrix, clusters, lambda y, x: fit(y, x, PROBIT).coefficients) - fitted.coefficients
    ours = np.sqrt(np.diag(jackknifed(fitted, clusters)))
    np.testing.assert_allclose(ours, np.sqrt((spread**2).sum(axis=0) * 49 / 50), rtol=0.02)
    assert (ours > np.sqrt(np.diag(clustered(fitted, clusters)))).all()


def test_a_term_that_one_cluster_alone_carries_has_no_jackknife():
    outcome, matrix, states, _ = sample(8)
    own = (states == states.max()) * np.random.default_rng(3).normal(size=len(outcome))
    assert np.isnan(jackknifed(fit(outcome, np.column_stack([own, matrix]), PROBIT), states)).all()


def test_one_cluster_has_no_clustered_covariance():
    outcome, matrix, _, _ = sample(5, n=200)
    fitted, one = fit(outcome, matrix, PROBIT), np.zeros(200, dtype=int)
    assert np.isnan(clustered(fitted, one)).all() and np.isnan(jackknifed(fitted, one)).all()


def test_far_tails_stay_finite():
    index = np.array([-1e4, -50.0, 50.0, 1e4])
    for outcome in (np.zeros(4), np.ones(4)):
        residual, weight = PROBIT.derivatives(outcome, index)
        assert np.isfinite(residual).all() and np.isfinite(weight).all() and (weight >= 0).all()
        assert np.isfinite(PROBIT.log_likelihood(outcome, index)).all()


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
def test_derivatives_of_every_link_are_those_of_its_functions(link):
    index, step = np.linspace(-3, 2, 41), 1e-5
    for value in (0.0, 1.0):
        outcome = np.full(41, value)
        residual, weight = link.derivatives(outcome, index)
        turn = link.turn(outcome, index, residual, weight)
        ahead, behind = (link.log_likelihood(outcome, index + sign * step) for sign in (1, -1))
        np.testing.assert_allclose(residual, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-8)
        ahead, behind = (link.derivatives(outcome, index + sign * step) for sign in (1, -1))
        np.testing.assert_allclose(weight, (behind[0] - ahead[0]) / (2 * step), rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(turn, (ahead[1] - behind[1]) / (2 * step), rtol=1e-6, atol=1e-8)
    for value, slope in ((link.probability, link.density), (link.density, link.slope)):
        numeric = (value(index + step) - value(index - step)) / (2 * step)
        np.testing.assert_allclose(slope(index), numeric, rtol=1e-6, atol=1e-9)
