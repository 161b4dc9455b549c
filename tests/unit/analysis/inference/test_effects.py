"""Effects and predictions held against statsmodels, and against the change they claim to be."""

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered
from analysis.inference.effects import average_marginal_effect, average_probability
from analysis.inference.scores import auc


@pytest.fixture(scope="module")
def fitted():
    generator = np.random.default_rng(7)
    matrix = np.column_stack([generator.normal(size=800), generator.random(800) < 0.4, np.ones(800)]).astype(float)
    outcome = (matrix @ [0.5, 0.4, -1.0] + generator.normal(size=800) > 0).astype(float)
    groups = np.repeat(np.arange(40), 20)
    return outcome, matrix, groups, fit(outcome, matrix, LINKS["probit"])


def test_average_marginal_effects_equal_statsmodels(fitted):
    outcome, matrix, groups, ours = fitted
    theirs = sm.Probit(outcome, matrix).fit(
        disp=0,
        tol=1e-12,
        warn_convergence=False,
        cov_type="cluster",
        cov_kwds={"groups": groups, "use_correction": False},
    )
    margins = theirs.get_margeff(at="overall", dummy=True).summary_frame()
    covariance = clustered(ours, groups) * 39 / 40
    for term in (0, 1):
        effect = average_marginal_effect(ours, matrix, term)
        assert effect.estimate == pytest.approx(margins["dy/dx"].iloc[term], rel=1e-8)
        assert effect.std_error(covariance) == pytest.approx(margins["Std. Err."].iloc[term], rel=1e-6)


def test_gradients_are_those_of_the_quantity(fitted):
    """Nudge each coefficient and recompute the average probability from its definition."""
    _, matrix, _, ours = fitted
    counterfactual = matrix.copy()
    counterfactual[:, 0] = 1.5
    quantity = average_probability(ours, matrix, 0, 1.5)
    assert quantity.estimate == pytest.approx(ours.link.probability(counterfactual @ ours.coefficients).mean())
    for term in range(3):
        nudge = np.zeros(3)
        nudge[term] = 1e-6
        ahead, behind = (
            ours.link.probability(counterfactual @ (ours.coefficients + sign * nudge)).mean() for sign in (1, -1)
        )
        assert quantity.gradient[term] == pytest.approx((ahead - behind) / 2e-6, rel=1e-6)


def test_auc_counts_pairs_with_ties_half():
    assert auc(np.array([1, 1, 0, 0.0]), np.array([0.9, 0.5, 0.5, 0.1])) == (1 + 1 + 0.5 + 1) / 4
    assert np.isnan(auc(np.ones(3), np.arange(3)))
