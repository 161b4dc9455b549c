"""Maximum likelihood for a binary outcome, by Newton's method in orthonormal coordinates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.estimators.links import Link

MAX_STEPS = 100
MAX_HALVINGS = 30
LAST_CHANGE = 1e-4  # of the index in any row: Taylor's series covers such a step to the ninth digit and beyond
FLAT_BELOW = 1e-7  # curvature, relative to that of the null model, below which the likelihood counts as flat


@dataclass(frozen=True)
class Fit:
    """A fitted model with n rows and k terms.

    coefficients (k,); index (n,), the linear predictor; residual and weight (n,), the score and minus the second
    derivative of log L in the index; columns (k, n), the design's columns, each a row, in coordinates where their
    cross-product is n times the identity; to_terms (k, k) takes a vector from those coordinates to the terms; bread
    (k, k), the inverse observed information in those coordinates.
    """

    link: Link
    outcome: np.ndarray
    coefficients: np.ndarray
    index: np.ndarray
    residual: np.ndarray
    weight: np.ndarray
    columns: np.ndarray
    to_terms: np.ndarray
    bread: np.ndarray
    steps: int
    converged: bool
    is_flat: bool

    @property
    def inverse_information(self) -> np.ndarray:
        """Inverse of the observed information, (k, k) in the terms: the covariance if the model is right and rows
        independent."""
        return self.to_terms @ self.bread @ self.to_terms.T

    @cached_property
    def log_likelihood(self) -> float:
        return float(self.link.log_likelihood(self.outcome, self.index).sum())

    @cached_property
    def null_log_likelihood(self) -> float:
        """With a constant alone."""
        start = np.full_like(self.index, self.link.start(float(self.outcome.mean())))
        return float(self.link.log_likelihood(self.outcome, start).sum())


def fit(outcome: np.ndarray, matrix: np.ndarray, link: Link) -> Fit:
    """Maximise the log likelihood of `outcome` (n,), 0 or 1, over the coefficients of `matrix` (n, k) of full column
    rank.

    The columns are first made orthonormal, so that powers of time are as harmless as any other term. The first step
    assumes equal weights. The others are Newton's with the observed Hessian, bent by the third derivative along the
    step (Chebyshev's method, which triples the number of right digits where Newton's doubles it), and halved while they
    overshoot the maximum along their own direction. `converged` is False where MAX_STEPS Hessians were not enough;
    `is_flat` is True where the likelihood has no curvature left in some direction, the mark of separation.
    """
    n, share = len(outcome), float(outcome.mean())
    columns, to_terms = orthonormal(matrix)
    start = link.start(share)
    (down, up), (low, high) = link.derivatives(np.array([0.0, 1.0]), np.array([start, start]))
    null_curvature = n * float((1.0 - share) * low + share * high)
    position = columns @ (start / n + np.where(outcome == 1.0, up, down) / null_curvature)
    rows = _Rows(outcome, columns, link)
    gradient, curvature = rows.move_to(position)
    converged = False
    for steps in range(1, MAX_STEPS + 1):
        bread, flatness = inverse(curvature, null_curvature)
        step = bread @ gradient
        third, largest_change = rows.bend(step)
        bent = step - bread @ third / 2.0
        if 0.5 * (gradient @ step) < gradient @ bent < 2.0 * (gradient @ step):  # else too far off for it to tell
            step = bent
        if largest_change < LAST_CHANGE:
            position, curvature = position + step, rows.slide(step)
            bread, flatness = inverse(curvature, null_curvature)
            converged = True
            break
        slope = gradient @ step
        for halvings in range(MAX_HALVINGS):
            moved = position + step / 2**halvings
            gradient, curvature = rows.move_to(moved)
            if gradient @ step > -slope:
                break
        position = moved
    return Fit(
        link=link,
        outcome=outcome,
        coefficients=to_terms @ position,
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


class _Rows:
    """The rows at some position: index, residual and weight (n,), as in Fit. Passed over in blocks, so that everything
    but these stays in the processor's cache."""

    def __init__(self, outcome: np.ndarray, columns: np.ndarray, link: Link):
        self.outcome, self.columns, self.link = outcome, columns, link
        self.parts = blocks(*columns.shape)
        self.index, self.residual, self.weight = np.empty((3, len(outcome)))

    def move_to(self, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The gradient (k,) and the information (k, k) at a position (k,)."""
        gradient, curvature = 0.0, 0.0
        for part in self.parts:
            block = self.columns[:, part]
            self.index[part] = index = position @ block
            self.residual[part], self.weight[part] = residual, weight = self.link.derivatives(self.outcome[part], index)
            gradient = gradient + block @ residual
            curvature = curvature + (block * weight) @ block.T
        return gradient, curvature

    def bend(self, step: np.ndarray) -> tuple[np.ndarray, float]:
        """How the information along a step (k,) changes along it, (k,), and the step's largest change of an index."""
        third, largest = 0.0, 0.0
        for part in self.parts:
            block = self.columns[:, part]
            change = step @ block
            third = third + block @ (self.turn(part) * change**2)
            largest = max(largest, float(np.abs(change).max()))
        return third, largest

    def slide(self, step: np.ndarray) -> np.ndarray:
        """Move on by a small step (k,), by Taylor's series; the information (k, k) there."""
        curvature = 0.0
        for part in self.parts:
            block = self.columns[:, part]
            change, turn = step @ block, self.turn(part)
            self.index[part] += change
            self.residual[part] -= (self.weight[part] + turn * change / 2.0) * change
            self.weight[part] += turn * change
            curvature = curvature + (block * self.weight[part]) @ block.T
        return curvature

    def turn(self, part: slice) -> np.ndarray:
        return self.link.turn(self.outcome[part], self.index[part], self.residual[part], self.weight[part])


def orthonormal(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns of (n, k) recombined so that their cross-product is n times the identity, as the rows of (k, n), and
    the (k, k) map of coefficients back.

    By the Cholesky factor of the cross-products (much faster than QR on tall thin matrices). What rounding leaves short
    of orthonormal does no harm: the map back is exact for the columns as they are.
    """
    n, terms = matrix.shape
    parts = blocks(terms, n)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows has no factor, and LinAlgError says so
        products = sum(matrix[part].T @ matrix[part] for part in parts) / n
        size = np.sqrt(np.diag(products))
        factor = np.linalg.cholesky(products / np.outer(size, size))
    back = np.linalg.inv(factor).T / size[:, None]
    columns = np.empty((terms, n))
    for part in parts:
        np.matmul(back.T, matrix[part].T, out=columns[:, part])
    return columns, back


def information(columns: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(k, k): the cross-products of the rows of (k, n), each of the n with its weight."""
    terms, n = columns.shape
    total = np.zeros((terms, terms))
    for part in blocks(terms, n):
        block = columns[:, part]
        total += (block * weight[part]) @ block.T
    return total


def inverse(information: np.ndarray, scale: float) -> tuple[np.ndarray, float]:
    """The inverse, bounded where the likelihood went flat, and the smallest eigenvalue as a share of `scale`."""
    curvature, directions = np.linalg.eigh(information)
    return (directions / np.maximum(curvature, 1e-14 * scale)) @ directions.T, float(curvature[0] / scale)


def blocks(terms: int, n: int) -> list[slice]:
    """The n of (k, n) in parts that stay in the processor's cache."""
    size = max(64, 400_000 // terms**2)
    return [slice(start, start + size) for start in range(0, n, size)]
