"""The dyadic-robust covariance equals the double sum over pairs of rows, and covers where members matter."""

import numpy as np
import pytest

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered, dyadic_robust, robust, two_way

PROBIT, LINEAR = LINKS["probit"], LINKS["linear"]


def dyadic_sample(members, periods=1, seed=0):
    """Outcome, design and members of every pair of members in every period, with effects of the members in both."""
    random = np.random.default_rng(seed)
    first, second = (np.repeat(codes, periods) for codes in np.triu_indices(members, 1))
    of_x, of_y = random.normal(size=(2, members))
    x = of_x[first] + of_x[second] + random.normal(size=len(first))
    latent = -0.3 + of_y[first] + of_y[second] + random.normal(size=len(first))
    return (latent > 0).astype(float), np.column_stack([x, np.ones(len(x))]), first, second


def double_sum(fitted, matrix, first, second):
    """The covariance written out over all pairs of rows."""
    scores = matrix * fitted.residual[:, None]
    meat = np.zeros((matrix.shape[1],) * 2)
    for one in range(len(scores)):
        for other in range(len(scores)):
            if {first[one], second[one]} & {first[other], second[other]}:
                meat += np.outer(scores[one], scores[other])
    count = max(first.max(), second.max()) + 1
    return fitted.inverse_information @ meat @ fitted.inverse_information * count / (count - 1)


@pytest.mark.parametrize("periods", [1, 3])
def test_equals_the_double_sum_over_pairs_of_rows(periods):
    outcome, matrix, first, second = dyadic_sample(15, periods)
    fitted = fit(outcome, matrix, PROBIT)
    ours, repaired = dyadic_robust(fitted, first, second)
    assert not repaired
    np.testing.assert_allclose(ours, double_sum(fitted, matrix, first, second), rtol=1e-8)


def test_the_order_of_members_does_not_matter():
    outcome, matrix, first, second = dyadic_sample(9, 2)
    fitted = fit(outcome, matrix, PROBIT)
    swapped = np.arange(len(first)) % 2 == 0
    turned = np.where(swapped, second, first), np.where(swapped, first, second)
    np.testing.assert_allclose(dyadic_robust(fitted, *turned)[0], dyadic_robust(fitted, first, second)[0], rtol=1e-12)


@pytest.mark.parametrize("periods", [1, 4])
def test_dyads_without_a_common_member_are_one_way(periods):
    """Then the dyads are the clusters, and with one row each the covariance is the robust one."""
    outcome, matrix, _, _ = dyadic_sample(16, periods)
    dyads = np.arange(len(outcome)) // periods
    fitted = fit(outcome, matrix, PROBIT)
    ours, repaired = dyadic_robust(fitted, 2 * dyads, 2 * dyads + 1)
    members, count = 2 * (dyads.max() + 1), dyads.max() + 1
    factor = (members / (members - 1)) / (count / (count - 1))
    assert not repaired
    np.testing.assert_allclose(ours, clustered(fitted, dyads) * factor, rtol=1e-10)
    if periods == 1:
        np.testing.assert_allclose(ours, robust(fitted) * factor, rtol=1e-10)


def test_members_of_two_kinds_are_two_way_clusters():
    """If every dyad joins a buyer to a seller, sharing a member is sharing one of two cluster dimensions."""
    random = np.random.default_rng(3)
    buyers, sellers = (np.repeat(codes.ravel(), 2) for codes in np.indices((8, 8)))
    matrix = np.column_stack([random.normal(size=128), np.ones(128)])
    fitted = fit((random.normal(size=128) > 0).astype(float), matrix, PROBIT)
    both = buyers * 8 + sellers
    ours, _ = dyadic_robust(fitted, buyers, sellers + 8)
    parts = [clustered(fitted, codes) * (codes.max() / (codes.max() + 1)) for codes in (buyers, sellers, both)]
    np.testing.assert_allclose(ours, (parts[0] + parts[1] - parts[2]) * 16 / 15, rtol=1e-8)
    two, _ = two_way(fitted, buyers, sellers, both)
    one_way = [clustered(fitted, codes) for codes in (buyers, sellers, both)]
    np.testing.assert_allclose(two, one_way[0] + one_way[1] - one_way[2], rtol=1e-8)


def test_negative_eigenvalues_are_set_to_0_and_reported():
    outcome, matrix, first, second = dyadic_sample(9)
    fitted = fit(outcome, matrix, PROBIT)
    expected = double_sum(fitted, matrix, first, second)
    assert np.linalg.eigvalsh(expected)[0] < 0
    ours, repaired = dyadic_robust(fitted, first, second)
    size = np.sqrt(np.diag(fitted.inverse_information))
    values, vectors = np.linalg.eigh(expected / np.outer(size, size))
    nearest = values[1] * np.outer(vectors[:, 1], vectors[:, 1])
    assert repaired
    np.testing.assert_allclose(ours / np.outer(size, size), nearest, atol=1e-8)


def test_one_dyad_has_no_covariance():
    fitted = fit(np.array([1.0, 0.0, 1.0]), np.ones((3, 1)), PROBIT)
    matrix, _ = dyadic_robust(fitted, np.zeros(3, dtype=int), np.ones(3, dtype=int))
    assert np.isnan(matrix).all()


def test_intervals_cover_where_members_matter():
    """The mean of 200 draws; intervals by dyad cover far less than 95 per cent, dyadic ones nearly."""
    inside = {"dyad": 0, "dyadic": 0}
    for seed in range(200):
        random = np.random.default_rng(seed)
        first, second = np.triu_indices(40, 1)
        of_x, of_y = random.normal(size=(2, 40))
        x = of_x[first] + of_x[second]
        y = x + of_y[first] + of_y[second] + random.normal(size=len(x))
        fitted = fit(y, np.column_stack([x, np.ones(len(x))]), LINEAR)
        errors = {"dyad": robust(fitted), "dyadic": dyadic_robust(fitted, first, second)[0]}
        for name, matrix in errors.items():
            inside[name] += abs(fitted.coefficients[0] - 1.0) < 2.02 * np.sqrt(matrix[0, 0])
    assert inside["dyad"] < 120
    assert inside["dyadic"] > 170
