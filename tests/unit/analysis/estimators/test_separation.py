"""Complete and quasi-complete separation are distinguished, and the separating terms are named."""

import numpy as np

from analysis.estimators.separation import separating_terms

TERMS = ["x", "z", "constant"]


def kind(outcome, x, z):
    found = separating_terms(np.array(outcome, dtype=float), np.column_stack([x, z, np.ones(len(x))]), TERMS)
    return found and found[0]


def test_complete_separation_by_a_linear_combination():
    generator = np.random.default_rng(0)
    x, z = generator.normal(size=(2, 50))
    assert kind(x + 0.5 * z > 0.2, x, z) == "complete"


def test_quasi_complete_separation_with_both_outcomes_on_the_boundary():
    x, z = np.array([-1.0, -1.0, 0.0, 0.0, 1.0, 1.0]), np.array([1.0, -1.0, 0.5, 0.5, 1.0, -1.0])
    assert kind([0, 0, 0, 1, 1, 1], x, z) == "quasi-complete"


def test_the_separating_term_is_named_without_the_constant():
    x, constant = np.array([0.0, 0.0, 0.0, 1.0, 1.0]), np.ones(5)
    outcome = np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    assert separating_terms(outcome, np.column_stack([x, constant]), ["x", "constant"]) == ("quasi-complete", ["x"])


def test_an_outcome_that_is_not_separated():
    x, z = np.random.default_rng(1).normal(size=(2, 40))
    assert kind(np.arange(40) % 2, x, z) is None
