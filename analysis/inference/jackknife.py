"""Cluster jackknife covariance by full refits."""

import numpy as np

from analysis.core.arrays import Floats, Integers
from analysis.estimators.likelihood import Fit, fit


def refitted_jackknife(fitted: Fit, matrix: Floats, clusters: Integers) -> Floats:
    """Cluster jackknife covariance CV3: the model is fitted again without each cluster in turn.

    Use it with the t distribution with G - 1 degrees of freedom. ``analysis.inference.covariance.jackknifed`` is its
    approximation by one Newton step for each cluster.

    Parameters
    ----------
    fitted : Fit
        A converged fit with n rows and k coefficients.
    matrix : ndarray of shape (n, k)
        Design matrix of the estimation sample.
    clusters : ndarray of shape (n,)
        Cluster codes 0..G-1.

    Returns
    -------
    ndarray of shape (k, k)
        (G - 1) / G times the sum over the clusters of the squared difference of the estimates without the cluster from
        those with all. NaN if there is one cluster only, or the model cannot be estimated without one of the clusters.

    References
    ----------
    MacKinnon, Nielsen & Webb (2023), Journal of Applied Econometrics 38(5): 671-694.
    """
    count, terms = int(clusters.max()) + 1, len(fitted.coefficients)
    unknown = np.full((terms, terms), np.nan)
    if count < 2:
        return unknown
    changes = np.empty((count, terms))
    for cluster in range(count):
        keep = clusters != cluster
        outcome = fitted.outcome[keep]
        if outcome.min() == outcome.max():
            return unknown
        try:
            without = fit(outcome, np.ascontiguousarray(matrix[keep]), fitted.link)
        except np.linalg.LinAlgError:
            return unknown
        if without.is_flat or not without.converged:
            return unknown
        changes[cluster] = without.coefficients - fitted.coefficients
    covariance: Floats = changes.T @ changes * ((count - 1) / count)
    return covariance
