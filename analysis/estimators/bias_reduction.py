"""Bias-reduced estimation for a binary outcome."""

from dataclasses import dataclass

import numpy as np

from analysis.core.arrays import Floats
from analysis.estimators.likelihood import information, orthonormal_columns
from analysis.estimators.links import Link

MAX_STEPS = 500
CONVERGED_BELOW = 1e-16  # squared length of a scoring step, in standard errors


@dataclass(frozen=True)
class BiasReduced:
    """A bias-reduced fit with k terms.

    Attributes
    ----------
    coefficients : ndarray of shape (k,)
        Estimates, in units of the linear index per unit of the term.
    covariance : ndarray of shape (k, k)
        Inverse expected information at the estimates.
    converged : bool
        Whether the adjusted score equations are solved.
    """

    coefficients: Floats
    covariance: Floats
    converged: bool


def bias_reduced(outcome: Floats, matrix: Floats, link: Link) -> BiasReduced:
    """Estimate coefficients without the bias of order 1/n of maximum likelihood; finite also under separation.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1.
    matrix : ndarray of shape (n, k)
        Design matrix of full column rank.
    link : Link
        The link.

    Returns
    -------
    BiasReduced
        The fit; check `converged`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix does not have full column rank.

    Notes
    -----
    Fisher scoring solves sum_i x_i (residual_i + h_i f'_i / (2 f_i)) = 0, with h_i the leverage of the row, f its
    density and f' the slope of the density. For logit the solution maximises the likelihood penalised by Jeffreys'
    prior.

    References
    ----------
    Firth (1993), Biometrika 80(1): 27-38.
    Kosmidis & Firth (2009), Biometrika 96(4): 793-804.
    """
    columns, to_terms = orthonormal_columns(matrix)
    n = len(outcome)
    share = (outcome.sum() + 0.5) / (n + 1.0)
    point = columns @ np.full(n, link.index_at(float(share))) / n
    converged = False
    for _ in range(MAX_STEPS):
        index = point @ columns
        density, probability = link.density(index), link.probability(index)
        weight = density**2 / np.maximum(probability * (1.0 - probability), 1e-300)
        bread = np.linalg.inv(information(columns, weight))
        leverage = weight * ((bread @ columns) * columns).sum(axis=0)
        residual, _ = link.derivatives(outcome, index)
        adjusted = columns @ (residual + 0.5 * leverage * link.density_slope(index) / np.maximum(density, 1e-300))
        step = bread @ adjusted
        if adjusted @ step < CONVERGED_BELOW:
            converged = True
            break
        point = point + step * min(1.0, 5.0 / np.sqrt(adjusted @ step))
    return BiasReduced(to_terms @ point, to_terms @ bread @ to_terms.T, converged)
