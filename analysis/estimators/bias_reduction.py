"""Bias-reduced estimates for a binary outcome (Firth 1993; Kosmidis & Firth 2009)."""

from dataclasses import dataclass

import numpy as np

from analysis.estimators.likelihood import information, orthonormal
from analysis.estimators.links import Link

MAX_STEPS = 500
CONVERGED_BELOW = 1e-16


@dataclass(frozen=True)
class BiasReduced:
    """coefficients (k,), and covariance (k, k), the inverse expected information at them."""

    coefficients: np.ndarray
    covariance: np.ndarray
    converged: bool


def bias_reduced(outcome: np.ndarray, matrix: np.ndarray, link: Link) -> BiasReduced:
    """Solve the score equations with half the leverage times slope / density added to each row's score.

    That removes the bias of order 1/n; for logit it is the maximum of the likelihood penalised by Jeffreys' prior.
    Fisher scoring with the expected information, in orthonormal coordinates. outcome (n,), matrix (n, k) of full column
    rank.
    """
    columns, to_terms = orthonormal(matrix)
    n = len(outcome)
    share = (outcome.sum() + 0.5) / (n + 1.0)
    position = columns @ np.full(n, link.start(float(share))) / n
    converged = False
    for _ in range(MAX_STEPS):
        index = position @ columns
        density, probability = link.density(index), link.probability(index)
        weight = density**2 / np.maximum(probability * (1.0 - probability), 1e-300)
        bread = np.linalg.inv(information(columns, weight))
        leverage = weight * ((bread @ columns) * columns).sum(axis=0)
        residual, _ = link.derivatives(outcome, index)
        adjusted = columns @ (residual + 0.5 * leverage * link.slope(index) / np.maximum(density, 1e-300))
        step = bread @ adjusted
        if adjusted @ step < CONVERGED_BELOW:
            converged = True
            break
        position = position + step * min(1.0, 5.0 / np.sqrt(adjusted @ step))
    return BiasReduced(to_terms @ position, to_terms @ bread @ to_terms.T, converged)
