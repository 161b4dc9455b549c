"""Fits equal statsmodels and closed forms."""

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered, robust
from tests.unit.analysis.samples import probit_sample

PROBIT = LINKS["probit"]


@pytest.mark.parametrize(("seed", "skewed"), [(1, False), (2, True), (3, True)])
def test_probit_and_its_covariances_equal_statsmodels(seed, skewed):
    outcome, matrix, states, _ = probit_sample(seed, skewed=skewed)
    ours = fit(outcome, matrix, PROBIT)
    columns, triangle = np.linalg.qr(matrix)  # the raw spline would cost statsmodels seven of its digits
    back = np.linalg.inv(triangle)
    model, precise = sm.Probit(outcome, columns), {"disp": 0, "maxiter": 200, "tol": 1e-13, "warn_convergence": False}
    theirs = model.fit(**precise)
    assert ours.converged
    assert not ours.is_flat
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
    outcome, matrix, states, _ = probit_sample(6, skewed=True)
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
