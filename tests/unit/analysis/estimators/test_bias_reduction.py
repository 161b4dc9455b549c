"""Bias reduction: Jeffreys' penalty for logit, less bias than maximum likelihood, finite under separation."""

import numpy as np
import pytest
from scipy.optimize import minimize

from analysis.estimators.bias_reduction import bias_reduced
from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS


def sample(seed, n=60):
    generator = np.random.default_rng(seed)
    matrix = np.column_stack([generator.normal(size=n), generator.random(n) < 0.4, np.ones(n)]).astype(float)
    return (matrix @ [0.8, 0.5, -1.2] + generator.normal(size=n) > 0).astype(float), matrix


def test_logit_is_the_maximum_of_jeffreys_penalised_likelihood():
    outcome, matrix = sample(1)

    def penalised(coefficients):
        index = matrix @ coefficients
        weight = LINKS["logit"].density(index)
        information = matrix.T @ (matrix * weight[:, None])
        return -LINKS["logit"].log_likelihood(outcome, index).sum() - 0.5 * np.linalg.slogdet(information)[1]

    best = minimize(penalised, np.zeros(3), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(bias_reduced(outcome, matrix, LINKS["logit"]).coefficients, best.x, atol=1e-5)


def test_a_logit_constant_adds_half_an_event_and_half_a_non_event():
    outcome = np.repeat([1.0, 0.0], [3, 13])
    ours = bias_reduced(outcome, np.ones((16, 1)), LINKS["logit"])
    assert ours.converged
    assert ours.coefficients[0] == pytest.approx(np.log(3.5 / 13.5), rel=1e-8)


def test_probit_is_less_biased_than_maximum_likelihood():
    """800 samples of 60: the mean error of the slope, by both, against the truth of 0.8."""
    errors = []
    for seed in range(800):
        outcome, matrix = sample(seed)
        usual = fit(outcome, matrix, LINKS["probit"])
        if usual.converged and not usual.is_flat:
            reduced = bias_reduced(outcome, matrix, LINKS["probit"])
            errors.append((usual.coefficients[0] - 0.8, reduced.coefficients[0] - 0.8))
    usual, reduced = np.mean(errors, axis=0)
    assert usual > 0.05
    assert abs(reduced) < usual / 3


def test_finite_under_complete_separation():
    x = np.linspace(-1, 1, 40)
    ours = bias_reduced((x > 0).astype(float), np.column_stack([x, np.ones(40)]), LINKS["probit"])
    assert ours.converged
    assert 0 < ours.coefficients[0] < 20
