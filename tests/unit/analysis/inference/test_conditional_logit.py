"""Conditional logit: an enumeration of all orders of events, planted effects, and the states that drop out."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize

from analysis.core.errors import ModelError
from analysis.design.matrix import Design, codes
from analysis.inference.conditional_logit import fit_conditional_logit


def design_of(outcome, columns, states):
    names = [f"x{number}" for number in range(columns.shape[1])]
    rows = np.arange(len(outcome))
    matrix = np.column_stack([columns, np.ones(len(outcome))])
    return Design(outcome, matrix, [*names, "constant"], rows, codes(states), rows, 0, names)


@pytest.fixture(scope="module")
def toy():
    """Eight states with two terms of very different size; one never has an event, one has one in every year."""
    generator = np.random.default_rng(3)
    states = np.repeat(np.arange(8), [11, 10, 12, 9, 8, 13, 5, 4])
    columns = generator.normal(size=(len(states), 2)) * [1.0, 1000.0]
    index = 0.8 * columns[:, 0] - 0.0005 * columns[:, 1] + 0.5 * generator.normal(size=8)[states]
    outcome = (generator.random(len(states)) < 1 / (1 + np.exp(-index))).astype(float)
    outcome[states == 6], outcome[states == 7] = 0.0, 1.0
    return design_of(outcome, columns, states)


def by_enumeration(design):
    """Coefficients and covariance clustered by state from every set of years that could have had the events."""
    columns = design.matrix[:, :-1] / [1.0, 1000.0]

    def parts(beta):
        likelihood, scores, hessian = 0.0, [], np.zeros((2, 2))
        for state in np.unique(design.states):
            x, y = columns[design.states == state], design.outcome[design.states == state]
            sums = np.array([x[list(years)].sum(axis=0) for years in combinations(range(len(y)), int(y.sum()))])
            weights = np.exp(sums @ beta - (sums @ beta).max())
            weights /= weights.sum()
            mean = weights @ sums
            likelihood += y @ x @ beta - np.log(np.exp(sums @ beta).sum())
            scores.append(y @ x - mean)
            hessian -= (sums - mean).T @ ((sums - mean) * weights[:, None])
        return likelihood, np.array(scores), hessian

    beta = minimize(lambda b: -parts(b)[0], np.zeros(2), jac=lambda b: -parts(b)[1].sum(axis=0), tol=1e-9).x
    _, scores, hessian = parts(beta)
    groups = int(np.any(scores != 0.0, axis=1).sum())
    bread = np.linalg.inv(-hessian)
    covariance = bread @ scores.T @ scores @ bread * groups / (groups - 1)
    return beta / [1.0, 1000.0], covariance / np.outer([1.0, 1000.0], [1.0, 1000.0])


def test_estimates_and_clustered_errors_are_those_of_an_enumeration(toy):
    fitted = fit_conditional_logit(toy)
    coefficients, covariance = by_enumeration(toy)
    assert fitted.terms == ["x0", "x1"]
    np.testing.assert_allclose(fitted.coefficients, coefficients, rtol=1e-4)
    np.testing.assert_allclose(fitted.covariance, covariance, rtol=1e-3)


def test_states_whose_outcome_does_not_vary_are_counted_and_drop_out(toy):
    fitted = fit_conditional_logit(toy)
    kept = ~np.isin(toy.states, (6, 7))
    assert (fitted.states_never, fitted.states_always, fitted.rows_left_out) == (1, 1, (~kept).sum())
    assert len(fitted.design.outcome) == kept.sum()
    again = fit_conditional_logit(design_of(toy.outcome[kept], toy.matrix[kept, :-1], toy.states[kept]))
    np.testing.assert_allclose(again.coefficients, fitted.coefficients, rtol=1e-8)


def test_differences_between_states_do_not_count(toy):
    """A term that is the same in all years of a state is left out; one shifted by state has the same coefficient."""
    moved = toy.matrix[:, :-1] + np.column_stack([10.0 * toy.states, np.zeros(len(toy.states))])
    columns = np.column_stack([moved, toy.states**2])
    fitted = fit_conditional_logit(design_of(toy.outcome, columns, toy.states))
    assert fitted.terms == ["x0", "x1"]
    np.testing.assert_allclose(fitted.coefficients, fit_conditional_logit(toy).coefficients, rtol=1e-4)


def test_a_design_without_variation_within_states_is_refused(toy):
    with pytest.raises(ModelError, match="fewer than two states"):
        fit_conditional_logit(design_of((toy.states == 1).astype(float), toy.matrix[:, :-1], toy.states))
    with pytest.raises(ModelError, match="no term varies within states"):
        fit_conditional_logit(design_of(toy.outcome, toy.states[:, None].astype(float), toy.states))
    separated = (toy.matrix[:, 0] > np.median(toy.matrix[:, 0])).astype(float)
    with pytest.raises(ModelError, match="separate the years within states"):
        fit_conditional_logit(design_of(separated, toy.matrix[:, :1], toy.states))
