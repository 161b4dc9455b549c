"""Covariance matrices of maximum likelihood estimates: as Stata computes them for probit, two-way clustered, and by the
cluster jackknife."""

from collections.abc import Iterable

import numpy as np

from analysis.estimators.likelihood import Fit, information

UNIDENTIFIED_BELOW = 1e-10  # share of the information that leaving out a cluster leaves in some direction


def robust(fit: Fit) -> np.ndarray:
    """(k, k): heteroscedasticity-robust sandwich with the observed Hessian times n / (n - 1), Stata's vce(robust) after
    probit."""
    n = len(fit.outcome)
    return sandwich(fit, information(fit.columns, fit.residual**2)) * (n / (n - 1))


def clustered(fit: Fit, clusters: np.ndarray) -> np.ndarray:
    """(k, k): sandwich of score sums by cluster times G / (G - 1), Stata's vce(cluster) after probit.

    `clusters` (n,) are codes 0..G-1. NaN throughout where there is one cluster only.
    """
    count = int(clusters.max()) + 1
    if count < 2:
        return np.full((len(fit.coefficients),) * 2, np.nan)
    sums = score_sums(fit, clusters)
    return sandwich(fit, sums @ sums.T) * (count / (count - 1))


def jackknifed(fit: Fit, clusters: np.ndarray) -> np.ndarray:
    """(k, k): (G - 1) / G times the sum of squared moves of the estimate when each cluster is left out in turn, each
    move being one Newton step: CV3, linearised (MacKinnon, Nielsen & Webb 2023).

    Unlike clustered() it is not too small with few or unequal clusters. Intervals take the t distribution with G - 1
    degrees of freedom. NaN throughout where there is one cluster only, or where without one of them some coefficient is
    not identified.
    """
    count, terms = int(clusters.max()) + 1, len(fit.coefficients)
    pairs = (first * second * fit.weight for first in fit.columns for second in fit.columns)
    parts = cluster_sums(pairs, clusters).T.reshape(count, terms, terms)
    total = parts.sum(axis=0)
    rest = total - parts
    if np.linalg.eigvalsh(rest).min() < UNIDENTIFIED_BELOW * np.trace(total):
        return np.full((terms, terms), np.nan)
    moves = fit.to_terms @ np.linalg.solve(rest, score_sums(fit, clusters).T[..., None])[..., 0].T
    return moves @ moves.T * ((count - 1) / count)


def score_sums(fit: Fit, clusters: np.ndarray) -> np.ndarray:
    """(k, G): the score of each cluster, in the coordinates of the fit."""
    return cluster_sums((column * fit.residual for column in fit.columns), clusters)


def cluster_sums(rows: Iterable[np.ndarray], clusters: np.ndarray) -> np.ndarray:
    """(m, G): the sums over each cluster, codes 0..G-1 in (n,), of m arrays (n,), one at a time."""
    in_order = bool((clusters[1:] >= clusters[:-1]).all())
    order = slice(None) if in_order else np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    return np.array([np.add.reduceat(row[order], starts) for row in rows])


def two_way(fit: Fit, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, bool]:
    """(k, k) clustered by two dimensions at once, whose crossing is the single row (state and year of a state-year
    panel): first + second - crossing, each with its own G / (G - 1) (Cameron, Gelbach & Miller 2011).

    Intervals take the t distribution with one degree of freedom less than the fewer of the clusters of either kind. The
    difference need not be positive semi-definite; then its negative eigenvalues are set to 0, and the second value
    is True.
    """
    matrix = clustered(fit, first) + clustered(fit, second) - robust(fit)
    if not np.isfinite(matrix).all():
        return matrix, False
    size = np.sqrt(np.abs(np.diag(fit.inverse_information)))  # judged free of the terms' units
    values, vectors = np.linalg.eigh(matrix / np.outer(size, size))
    if values[0] >= -1e-12 * values[-1]:
        return matrix, False
    repaired = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return repaired * np.outer(size, size), True


def sandwich(fit: Fit, meat: np.ndarray) -> np.ndarray:
    outer = fit.to_terms @ fit.bread
    return outer @ meat @ outer.T
