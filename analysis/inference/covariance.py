"""Covariance matrices of maximum likelihood estimates: robust, clustered, two-way, dyadic, cluster jackknife."""

from collections.abc import Iterable

import numpy as np

from analysis.core.arrays import Floats, Integers
from analysis.estimators.likelihood import Fit, information

UNIDENTIFIED_BELOW = 1e-10  # share of the information that remains in some direction without one cluster


def robust(fit: Fit) -> Floats:
    """Heteroscedasticity-robust covariance, as by Stata's ``vce(robust)`` after probit.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.

    Returns
    -------
    ndarray of shape (k, k)
        Sandwich with the observed Hessian, times n / (n - 1).

    References
    ----------
    White (1982), Econometrica 50(1): 1-25.
    """
    n = len(fit.outcome)
    return _sandwich(fit, information(fit.columns, fit.residual**2)) * (n / (n - 1))


def clustered(fit: Fit, clusters: Integers) -> Floats:
    """Cluster-robust covariance, as by Stata's ``vce(cluster)`` after probit.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    clusters : ndarray of shape (n,)
        Cluster codes 0..G-1.

    Returns
    -------
    ndarray of shape (k, k)
        Sandwich of the score sums by cluster, times G / (G - 1). NaN if there is one cluster only.

    References
    ----------
    Cameron & Miller (2015), Journal of Human Resources 50(2): 317-372.
    """
    count = int(clusters.max()) + 1
    if count < 2:
        return np.full((len(fit.coefficients),) * 2, np.nan)
    sums = _score_sums(fit, clusters)
    return _sandwich(fit, sums @ sums.T) * (count / (count - 1))


def jackknifed(fit: Fit, clusters: Integers) -> Floats:
    """Cluster jackknife covariance CV3, linearised: each cluster is left out in turn by one Newton step.

    Unlike `clustered` it is not too small with few or unequal clusters. Use it with the t distribution with G - 1
    degrees of freedom.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    clusters : ndarray of shape (n,)
        Cluster codes 0..G-1.

    Returns
    -------
    ndarray of shape (k, k)
        (G - 1) / G times the sum over the clusters of the squared change of the estimates. NaN if there is one cluster
        only, or some coefficient is not identified without one of the clusters.

    References
    ----------
    MacKinnon, Nielsen & Webb (2023), Journal of Applied Econometrics 38(5): 671-694.
    """
    count, terms = int(clusters.max()) + 1, len(fit.coefficients)
    pairs = (first * second * fit.weight for first in fit.columns for second in fit.columns)
    parts = _cluster_sums(pairs, clusters).T.reshape(count, terms, terms)
    total = parts.sum(axis=0)
    rest = total - parts
    if np.linalg.eigvalsh(rest).min() < UNIDENTIFIED_BELOW * np.trace(total):
        return np.full((terms, terms), np.nan)
    changes = fit.to_terms @ np.linalg.solve(rest, _score_sums(fit, clusters).T[..., None])[..., 0].T
    return changes @ changes.T * ((count - 1) / count)


def two_way(fit: Fit, first: Integers, second: Integers, both: Integers | None = None) -> tuple[Floats, bool]:
    """Covariance clustered by two dimensions, as state and year in a panel, or the two members of a dyad.

    Use it with the t distribution with the smaller number of clusters less 1 degrees of freedom.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    first, second : ndarray of shape (n,)
        Cluster codes 0..G-1 of the two dimensions.
    both : ndarray of shape (n,), optional
        Cluster codes 0..G-1 of the rows that share both; by default each row has its own, as in a panel.

    Returns
    -------
    covariance : ndarray of shape (k, k)
        The sum of both one-way clustered covariances less that of the intersection. NaN if a dimension has one cluster
        only.
    repaired : bool
        Whether that difference was not positive semi-definite; then its negative eigenvalues are set to 0.

    References
    ----------
    Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29(2): 238-249.
    """
    intersection = robust(fit) if both is None else clustered(fit, both)
    return _semi_definite(fit, clustered(fit, first) + clustered(fit, second) - intersection)


def dyadic_robust(fit: Fit, first: Integers, second: Integers) -> tuple[Floats, bool]:
    """Covariance that allows any two rows to be correlated whose dyads share a member, in whatever year.

    Use it with the t distribution with the number of members less 1 degrees of freedom.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    first, second : ndarray of shape (n,)
        Codes 0..G-1 of the two members of each row's dyad, from one numbering of the G members; their order does not
        matter.

    Returns
    -------
    covariance : ndarray of shape (k, k)
        The sandwich, times G / (G - 1). NaN if there is one dyad only.
    repaired : bool
        Whether it was not positive semi-definite; then its negative eigenvalues are set to 0.

    Notes
    -----
    With s_m the sum of the scores of all rows that involve member m, and s_d that of the rows of dyad d, the middle of
    the sandwich is the sum over m of s_m s_m' less the sum over d of s_d s_d'. Rows of different dyads share at most
    one member and are counted once; two rows of one dyad share two, and the second sum takes one of them away. The cost
    is linear in the rows, where the double sum over pairs of rows is quadratic. The factor G / (G - 1) is that of the
    other covariances here; the article has none.

    References
    ----------
    Aronow, Samii & Assenova (2015), Political Analysis 23(4): 564-577.
    """
    count = int(max(first.max(), second.max())) + 1
    dyads = np.unique(np.minimum(first, second) * count + np.maximum(first, second), return_inverse=True)[1]
    if dyads.max() == 0:
        return np.full((len(fit.coefficients),) * 2, np.nan), False
    scores = [column * fit.residual for column in fit.columns]
    of_members = np.array([np.bincount(first, row, count) + np.bincount(second, row, count) for row in scores])
    of_dyads = np.array([np.bincount(dyads, row) for row in scores])
    meat = of_members @ of_members.T - of_dyads @ of_dyads.T
    return _semi_definite(fit, _sandwich(fit, meat) * (count / (count - 1)))


def _semi_definite(fit: Fit, matrix: Floats) -> tuple[Floats, bool]:
    """The nearest positive semi-definite matrix in units of the standard errors, and whether it is another one."""
    if not np.isfinite(matrix).all():
        return matrix, False
    size = np.sqrt(np.abs(np.diag(fit.inverse_information)))  # so that the units of the terms do not matter
    values, vectors = np.linalg.eigh(matrix / np.outer(size, size))
    if values[0] >= -1e-12 * values[-1]:
        return matrix, False
    repaired = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return repaired * np.outer(size, size), True


def _score_sums(fit: Fit, clusters: Integers) -> Floats:
    """Score of each cluster (k, G), in the orthonormal coordinates of the fit."""
    return _cluster_sums((column * fit.residual for column in fit.columns), clusters)


def _cluster_sums(rows: Iterable[Floats], clusters: Integers) -> Floats:
    """Sums over each cluster (m, G) of m arrays (n,), which are made one at a time to save memory."""
    in_order = bool((clusters[1:] >= clusters[:-1]).all())
    order = slice(None) if in_order else np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    return np.array([np.add.reduceat(row[order], starts) for row in rows])


def _sandwich(fit: Fit, meat: Floats) -> Floats:
    outer = fit.to_terms @ fit.bread
    return outer @ meat @ outer.T
