"""Maximum likelihood for a binary outcome, by Newton's method in orthonormal coordinates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.core.arrays import Floats
from analysis.estimators.links import Link

MAX_STEPS = 100
MAX_HALVINGS = 30
LAST_CHANGE = 1e-4  # of the index in any row; a Taylor step of this size is accurate to at least 9 digits
FLAT_BELOW = 1e-7  # curvature, relative to that of the null model, below which the likelihood counts as flat


@dataclass(frozen=True)
class Fit:
    """A model with n rows and k terms, fitted by maximum likelihood.

    Attributes
    ----------
    link : Link
        The link.
    outcome : ndarray of shape (n,)
        0 or 1.
    coefficients : ndarray of shape (k,)
        Estimates, in units of the linear index per unit of the term.
    index : ndarray of shape (n,)
        Linear index at the estimates.
    residual, weight : ndarray of shape (n,)
        First derivative of the log likelihood of each row in its index, and minus the second.
    columns : ndarray of shape (k, n)
        The columns of the design matrix, as rows, in orthonormal coordinates: their cross-product is n times the
        identity.
    to_terms : ndarray of shape (k, k)
        Matrix that takes a vector of coefficients from the orthonormal coordinates to the terms.
    bread : ndarray of shape (k, k)
        Inverse observed information in the orthonormal coordinates.
    steps : int
        Newton steps taken.
    converged : bool
        Whether the maximum was reached within MAX_STEPS.
    is_flat : bool
        Whether the likelihood has almost no curvature in some direction, as under separation.
    """

    link: Link
    outcome: Floats
    coefficients: Floats
    index: Floats
    residual: Floats
    weight: Floats
    columns: Floats
    to_terms: Floats
    bread: Floats
    steps: int
    converged: bool
    is_flat: bool

    @property
    def inverse_information(self) -> Floats:
        """Inverse observed information of the terms, of shape (k, k).

        It is the covariance of the estimates if the model is correct and the rows are independent.
        """
        return self.to_terms @ self.bread @ self.to_terms.T

    @cached_property
    def log_likelihood(self) -> float:
        """Log likelihood at the estimates."""
        return float(self.link.log_likelihood(self.outcome, self.index).sum())

    @cached_property
    def null_log_likelihood(self) -> float:
        """Maximum log likelihood of a model with a constant alone, on the same rows."""
        null_index = np.full_like(self.index, self.link.index_at(float(self.outcome.mean())))
        return float(self.link.log_likelihood(self.outcome, null_index).sum())


def fit(outcome: Floats, matrix: Floats, link: Link) -> Fit:
    """Maximise the log likelihood of a binary outcome.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1, both present.
    matrix : ndarray of shape (n, k)
        Design matrix of full column rank.
    link : Link
        The link.

    Returns
    -------
    Fit
        The fit; check `converged` and `is_flat`, or use ``analysis.inference.fitting.fit_checked``.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix does not have full column rank, or its values overflow.

    Notes
    -----
    The columns are made orthonormal first, so that badly scaled terms such as powers of time cost no accuracy. The
    first step assumes equal weights. The other steps are Newton's with the observed Hessian, corrected by the third
    derivative along the step (Chebyshev's method, of third order where Newton's is of second). A step is halved while
    it overshoots the maximum along its direction.
    """
    n, share = len(outcome), float(outcome.mean())
    columns, to_terms = orthonormal_columns(matrix)
    start = link.index_at(share)
    (of_non_event, of_event), (low, high) = link.derivatives(np.array([0.0, 1.0]), np.array([start, start]))
    null_curvature = n * float((1.0 - share) * low + share * high)
    point = columns @ (start / n + np.where(outcome == 1.0, of_event, of_non_event) / null_curvature)
    rows = _Rows(outcome, columns, link)
    gradient, curvature = rows.evaluate(point)
    converged, steps = False, 0
    while steps < MAX_STEPS:
        steps += 1
        bread, flatness = _bounded_inverse(curvature, null_curvature)
        step = bread @ gradient
        third, largest_change = rows.third_derivative(step)
        corrected = step - bread @ third / 2.0
        # Far from the maximum the third derivative is no guide, and the correction is not used.
        if 0.5 * (gradient @ step) < gradient @ corrected < 2.0 * (gradient @ step):
            step = corrected
        if largest_change < LAST_CHANGE:
            point, curvature = point + step, rows.taylor_step(step)
            bread, flatness = _bounded_inverse(curvature, null_curvature)
            converged = True
            break
        slope = gradient @ step
        for halvings in range(MAX_HALVINGS):
            moved = point + step / 2**halvings
            gradient, curvature = rows.evaluate(moved)
            if gradient @ step > -slope:
                break
        point = moved
    return Fit(
        link=link,
        outcome=outcome,
        coefficients=to_terms @ point,
        index=rows.index,
        residual=rows.residual,
        weight=rows.weight,
        columns=columns,
        to_terms=to_terms,
        bread=bread,
        steps=steps,
        converged=converged,
        is_flat=flatness < FLAT_BELOW,
    )


def orthonormal_columns(matrix: Floats) -> tuple[Floats, Floats]:
    """Recombine the columns of a design matrix so that their cross-product is n times the identity.

    Parameters
    ----------
    matrix : ndarray of shape (n, k)
        Design matrix of full column rank.

    Returns
    -------
    columns : ndarray of shape (k, n)
        The recombined columns, as rows.
    to_terms : ndarray of shape (k, k)
        Matrix that takes coefficients of `columns` to coefficients of `matrix`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix does not have full column rank, or its values overflow.

    Notes
    -----
    By the Cholesky factor of the cross-products, which is much faster than QR for tall matrices. Rounding errors in the
    orthonormality do no harm, as `to_terms` is exact for the columns as computed.
    """
    n, terms = matrix.shape
    parts = _blocks(terms, n)
    with np.errstate(over="ignore", invalid="ignore"):  # values that overflow have no factor: LinAlgError
        products = np.zeros((terms, terms))
        for part in parts:
            products = products + matrix[part].T @ matrix[part]
        products = products / n
        size = np.sqrt(np.diag(products))
        factor = np.linalg.cholesky(products / np.outer(size, size))
    to_terms = np.linalg.inv(factor).T / size[:, None]
    columns = np.empty((terms, n))
    for part in parts:
        np.matmul(to_terms.T, matrix[part].T, out=columns[:, part])
    return columns, to_terms


def information(columns: Floats, weight: Floats) -> Floats:
    """Weighted cross-products of the columns of a design matrix.

    Parameters
    ----------
    columns : ndarray of shape (k, n)
        The columns, as rows.
    weight : ndarray of shape (n,)
        Weight of each of the n rows of the design.

    Returns
    -------
    ndarray of shape (k, k)
        The sum over the rows of weight_i x_i x_i'.
    """
    terms, n = columns.shape
    total = np.zeros((terms, terms))
    for part in _blocks(terms, n):
        block = columns[:, part]
        total += (block * weight[part]) @ block.T
    return total


class _Rows:
    """Index, residual and weight of all rows, as in Fit, at the current point of the orthonormal coordinates.

    The rows are processed in blocks that fit into the processor's cache.
    """

    def __init__(self, outcome: Floats, columns: Floats, link: Link) -> None:
        self.outcome, self.columns, self.link = outcome, columns, link
        self.parts = _blocks(*columns.shape)
        self.index, self.residual, self.weight = np.empty((3, len(outcome)))

    def evaluate(self, point: Floats) -> tuple[Floats, Floats]:
        """Move to a point (k,) and return the gradient (k,) and the information (k, k) there."""
        terms = len(point)
        gradient, curvature = np.zeros(terms), np.zeros((terms, terms))
        for part in self.parts:
            block = self.columns[:, part]
            self.index[part] = index = point @ block
            self.residual[part], self.weight[part] = residual, weight = self.link.derivatives(self.outcome[part], index)
            gradient = gradient + block @ residual
            curvature = curvature + (block * weight) @ block.T
        return gradient, curvature

    def third_derivative(self, step: Floats) -> tuple[Floats, float]:
        """Change (k,) of the information times `step` (k,) along the step, and the largest change of an index."""
        third, largest = np.zeros(len(step)), 0.0
        for part in self.parts:
            block = self.columns[:, part]
            change = step @ block
            third = third + block @ (self._weight_slope(part) * change**2)
            largest = max(largest, float(np.abs(change).max()))
        return third, largest

    def taylor_step(self, step: Floats) -> Floats:
        """Move by a small step (k,), by Taylor's series, and return the information (k, k) there."""
        curvature = np.zeros((len(step), len(step)))
        for part in self.parts:
            block = self.columns[:, part]
            change, weight_slope = step @ block, self._weight_slope(part)
            self.index[part] += change
            self.residual[part] -= (self.weight[part] + weight_slope * change / 2.0) * change
            self.weight[part] += weight_slope * change
            curvature = curvature + (block * self.weight[part]) @ block.T
        return curvature

    def _weight_slope(self, part: slice) -> Floats:
        return self.link.weight_slope(self.outcome[part], self.index[part], self.residual[part], self.weight[part])


def _bounded_inverse(information: Floats, scale: float) -> tuple[Floats, float]:
    """Inverse with eigenvalues bounded away from 0, and the smallest eigenvalue as a share of `scale`."""
    curvature, directions = np.linalg.eigh(information)
    return (directions / np.maximum(curvature, 1e-14 * scale)) @ directions.T, float(curvature[0] / scale)


def _blocks(terms: int, n: int) -> list[slice]:
    """Slices of n rows such that a block of shape (terms, rows) fits into the processor's cache."""
    size = max(64, 400_000 // terms**2)
    return [slice(start, start + size) for start in range(0, n, size)]
