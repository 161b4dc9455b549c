"""Covariances and the p-value of the bootstrap in cases with a closed form."""

from itertools import product

import numpy as np
import pytest

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered, robust, two_way
from analysis.inference.score_bootstrap import score_bootstrap

PROBIT = LINKS["probit"]


def test_of_a_constant_alone_every_covariance_is_a_sum_of_squared_surpluses():
    """With share p of events and phi the density at its quantile: correction times sum over the clusters of (events -
    rows * p)^2, over (n phi)^2. Here 4 states by 3 years, 5 events in 12 rows, so that 12 (events - rows p) are whole.
    """
    outcome = np.array([1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0], dtype=float)
    states, years = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    ours = fit(outcome, np.ones((12, 1)), PROBIT)
    quantile = -0.2104283942479247  # Phi^-1(5/12)
    unit = 144 * 144 * np.exp(-(quantile**2)) / (2 * np.pi)  # (12 * 12 phi)^2: surpluses below are times 12
    by_state = (4 / 3) * (9**2 + 15**2 + 9**2 + 3**2)  # events 2, 0, 2, 1; times 12, minus 3 * 5
    by_year = (3 / 2) * (8**2 + 4**2 + 4**2)  # events 1, 2, 2 -> 12 - 20, 24 - 20, 24 - 20
    by_row = (12 / 11) * (5 * 7**2 + 7 * 5**2)
    assert ours.coefficients[0] == pytest.approx(quantile, rel=1e-9)
    assert robust(ours)[0, 0] == pytest.approx(by_row / unit, rel=1e-9)
    assert clustered(ours, states)[0, 0] == pytest.approx(by_state / unit, rel=1e-9)
    assert clustered(ours, years)[0, 0] == pytest.approx(by_year / unit, rel=1e-9)
    both, repaired = two_way(ours, states, years)
    assert not repaired
    assert both[0, 0] == pytest.approx((by_state + by_year - by_row) / unit, rel=1e-9)


def test_a_duplicated_sample_clustered_by_row_has_the_robust_covariance_of_the_original():
    """The robust covariance itself halves."""
    generator = np.random.default_rng(8)
    matrix = np.column_stack([generator.normal(size=(200, 2)), np.ones(200)])
    outcome = (matrix @ [0.5, -0.3, -0.4] + generator.normal(size=200) > 0).astype(float)
    once = fit(outcome, matrix, PROBIT)
    rows = np.repeat(np.arange(200), 2)
    twice = fit(outcome[rows], matrix[rows], PROBIT)
    np.testing.assert_allclose(clustered(twice, rows), robust(once), rtol=1e-8)
    np.testing.assert_allclose(robust(twice) * 399 / 400, robust(once) * 199 / 200 / 2, rtol=1e-8)


def test_the_bootstrap_with_all_sign_patterns_is_a_count():
    """A constant tested at 0: a cluster's score is proportional to its events less its non-events, here 3, 3, 2, 2, 1
    and -1, whose sum is 10. Of the 64 ways to give them signs, those with a sum of 10 or more either way flip a total
    of at most 1 of the sizes 3, 3, 2, 2, 1, 1, or leave at most 1: three of each.
    """
    surplus = np.array([3, 3, 2, 2, 1, -1])
    sizes = np.array([5, 3, 4, 2, 5, 3])
    events = (sizes + surplus) // 2
    clusters = np.repeat(np.arange(6), sizes)
    outcome = np.concatenate([np.r_[np.ones(e), np.zeros(n - e)] for e, n in zip(events, sizes, strict=True)])
    signs = np.array(list(product([-1.0, 1.0], repeat=6)))
    test = score_bootstrap(fit(outcome, np.ones((22, 1)), PROBIT), 0, clusters, signs)
    assert test.p_value == (1 + 6) / (1 + 64)
    assert test.statistic == pytest.approx(10 / np.sqrt((28 - 10**2 / 6) * 6 / 5), rel=1e-9)
