"""Maximum likelihood for a binary outcome, by Newton's method in orthonormal coordinates."""

from dataclasses import dataclass

import numpy as np

from analysis.links import Link

MAX_STEPS = 100
MAX_HALVINGS = 30
CONVERGED_BELOW = 1e-20  # squared distance to the maximum, in standard errors
STEPS_PER_HESSIAN = 2  # the second step with the same Hessian costs a third of the first
NEAR = 1e-10  # the same, where halving a step makes no sense any more
FLAT_BELOW = 1e-7  # curvature, relative to that of the null model, below which the likelihood counts as flat


@dataclass(frozen=True)
class Fit:
    """A fitted model with n rows and k terms.

    coefficients (k,); index (n,), the linear predictor; residual and weight (n,), the score and minus the second
    derivative of log L in the index; scaled (n, k), the design in coordinates where its cross-product is n times the
    identity; to_terms (k, k) takes a vector from those coordinates to the terms; bread (k, k), the inverse observed
    information in those coordinates.
    """

    link: Link
    outcome: np.ndarray
    coefficients: np.ndarray
    index: np.ndarray
    residual: np.ndarray
    weight: np.ndarray
    scaled: np.ndarray
    to_terms: np.ndarray
    bread: np.ndarray
    log_likelihood: float
    null_log_likelihood: float
    steps: int
    converged: bool
    is_flat: bool

    @property
    def inverse_information(self) -> np.ndarray:
        """Inverse of the observed information, (k, k) in the terms: the covariance if the model is right and rows
        independent."""
        return self.to_terms @ self.bread @ self.to_terms.T


def fit(outcome: np.ndarray, matrix: np.ndarray, link: Link) -> Fit:
    """Maximise the log likelihood of `outcome` (n,), 0 or 1, over the coefficients of `matrix` (n, k) of full column
    rank.

    The columns are first made orthonormal, so that powers of time are as harmless as any other term. The first step
    assumes equal weights; the others are Newton's with the observed Hessian, halved while they overshoot the maximum
    along their own direction. `converged` is False where MAX_STEPS Hessians were not enough; `is_flat` is True where
    the likelihood has no curvature left in some direction, the mark of separation.
    """
    n, share = len(outcome), float(outcome.mean())
    scaled, to_terms = orthonormal(matrix)
    start = link.start(share)
    (down, up), (low, high) = link.derivatives(np.array([0.0, 1.0]), np.array([start, start]))
    null_curvature = n * float((1.0 - share) * low + share * high)
    position = (start / n + np.where(outcome == 1.0, up, down) / null_curvature) @ scaled
    index = scaled @ position
    residual, weight = link.derivatives(outcome, index)
    gradient = residual @ scaled
    converged = False
    for steps in range(1, MAX_STEPS + 1):
        curvature, directions = np.linalg.eigh(information(scaled, weight))
        inverse = 1.0 / np.maximum(curvature, 1e-14 * null_curvature)  # bounded where the likelihood went flat
        bread = (directions * inverse) @ directions.T
        if gradient @ bread @ gradient < CONVERGED_BELOW:
            converged = True
            break
        for _ in range(STEPS_PER_HESSIAN):
            step = bread @ gradient
            slope = gradient @ step
            if slope < CONVERGED_BELOW:
                break
            for halvings in range(MAX_HALVINGS):
                moved = position + step / 2**halvings
                index = scaled @ moved
                residual, weight = link.derivatives(outcome, index)
                gradient = residual @ scaled
                if gradient @ step > -slope or slope < NEAR:  # next to the maximum only rounding decides the sign
                    break
            position = moved
    return Fit(
        link=link,
        outcome=outcome,
        coefficients=to_terms @ position,
        index=index,
        residual=residual,
        weight=weight,
        scaled=scaled,
        to_terms=to_terms,
        bread=bread,
        log_likelihood=link.log_likelihood(outcome, index),
        null_log_likelihood=link.log_likelihood(outcome, np.full(n, start)),
        steps=steps,
        converged=converged,
        is_flat=bool(curvature[0] < FLAT_BELOW * null_curvature),
    )


def orthonormal(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns of (n, k) recombined so that their cross-product is n times the identity, and the (k, k) map of
    coefficients back.

    By the Cholesky factor of the cross-products (much faster than QR on tall thin matrices). What rounding leaves short
    of orthonormal does no harm: the map back is exact for the columns as they are.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows has no factor, and LinAlgError says so
        products = information(matrix, np.ones(len(matrix))) / len(matrix)
        size = np.sqrt(np.diag(products))
        factor = np.linalg.cholesky(products / np.outer(size, size))
    back = np.linalg.inv(factor).T / size[:, None]
    scaled = np.empty_like(matrix)
    for rows in row_blocks(matrix):
        scaled[rows] = matrix[rows] @ back
    return scaled, back


def information(scaled: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(k, k): the cross-products of (n, k), each row with its weight."""
    total = np.zeros((scaled.shape[1],) * 2)
    for rows in row_blocks(scaled):
        block = scaled[rows]
        total += block.T @ (block * weight[rows, None])
    return total


def row_blocks(matrix: np.ndarray) -> list[slice]:
    """Rows in blocks that stay in the processor's cache, and whose cross-products are too small for the linear algebra
    library to spread over threads: on a busy machine waiting for the threads takes far longer than the work.
    """
    size = max(64, 200_000 // matrix.shape[1] ** 2)
    return [slice(start, start + size) for start in range(0, len(matrix), size)]
