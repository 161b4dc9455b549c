"""Links: derivatives equal finite differences, and the tails of the probit stay finite."""

import numpy as np
import pytest

from analysis.estimators.links import LINKS


def test_far_tails_stay_finite():
    probit = LINKS["probit"]
    index = np.array([-1e4, -50.0, 50.0, 1e4])
    for outcome in (np.zeros(4), np.ones(4)):
        residual, weight = probit.derivatives(outcome, index)
        assert np.isfinite(residual).all()
        assert np.isfinite(weight).all()
        assert (weight >= 0).all()
        assert np.isfinite(probit.log_likelihood(outcome, index)).all()


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
def test_derivatives_of_every_link_are_those_of_its_functions(link):
    index, step = np.linspace(-3, 2, 41), 1e-5
    for value in (0.0, 1.0):
        outcome = np.full(41, value)
        residual, weight = link.derivatives(outcome, index)
        weight_slope = link.weight_slope(outcome, index, residual, weight)
        ahead, behind = (link.log_likelihood(outcome, index + sign * step) for sign in (1, -1))
        np.testing.assert_allclose(residual, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-8)
        ahead, behind = (link.derivatives(outcome, index + sign * step) for sign in (1, -1))
        np.testing.assert_allclose(weight, (behind[0] - ahead[0]) / (2 * step), rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(weight_slope, (ahead[1] - behind[1]) / (2 * step), rtol=1e-6, atol=1e-8)
    for value, slope in ((link.probability, link.density), (link.density, link.density_slope)):
        numeric = (value(index + step) - value(index - step)) / (2 * step)
        np.testing.assert_allclose(slope(index), numeric, rtol=1e-6, atol=1e-9)
