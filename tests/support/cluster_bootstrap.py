"""Pairs cluster bootstrap: draw whole clusters with replacement and refit the model."""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from analysis.core.conventions import SEED
from analysis.estimators.likelihood import Fit
from analysis.estimators.links import Link

DRAWS = 500
MAX_PASSES = 100
BATCH = 250  # draws in one task, for any number of workers; they share the passes over the rows
CUBIC_STEPS = 3
RIDGE = 1e-12  # share of the curvature; keeps a draw invertible in which some term does not vary
FLAT_ABOVE = 1e8  # variance of a coordinate times rows, above which the likelihood counts as flat; usually near 10
LAST_STEP_BELOW = 1e-9  # squared length, in standard errors, of a Newton step after which the error is about 1e-10


@dataclass(frozen=True)
class _Sample:
    """The rows of a fit in the order of their clusters."""

    link: Link
    outcome: np.ndarray  # (n,)
    columns: np.ndarray  # (k, n) the design in the coordinates of the fit, one term per row, which is faster
    sizes: np.ndarray  # (G,) rows of each cluster
    maximum: np.ndarray  # (k,) in the same coordinates

    def clusters(self) -> list[slice]:
        """The rows of each cluster."""
        return [slice(end - size, end) for size, end in zip(self.sizes, np.cumsum(self.sizes), strict=True)]


def frequencies(clusters: int, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """How often each cluster is drawn (draws, clusters) in samples of `clusters` clusters with replacement."""
    return np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1.0 / clusters), size=draws)


def pairs_bootstrap(
    fit: Fit, clusters: np.ndarray, draws: int = DRAWS, seed: int = SEED, n_jobs: int = 1
) -> np.ndarray:
    """Coefficients (draws, k) of `fit` refitted to samples of its clusters, whose codes 0..G-1 are (n,).

    A row is NaN if its sample has no finite maximum, as under separation, or none was found. The `n_jobs` workers are
    those of joblib, whose backend the caller may choose; the result does not depend on their number. Starting workers
    is worth it from some thousands of draws on.
    """
    sample, times = _sample(fit, clusters), frequencies(int(clusters.max()) + 1, draws, seed)
    derivatives = _cluster_derivatives(sample)
    batches = (times[start : start + BATCH] for start in range(0, draws, BATCH))
    tasks = (delayed(_refit_batch)(sample, batch, *_first_steps(derivatives, batch)) for batch in batches)
    return np.vstack(Parallel(n_jobs=n_jobs)(tasks)) @ fit.to_terms.T


def _sample(fit: Fit, clusters: np.ndarray) -> _Sample:
    order = np.argsort(clusters, kind="stable")
    maximum = np.linalg.solve(fit.to_terms, fit.coefficients)
    return _Sample(fit.link, fit.outcome[order], fit.columns[:, order], np.bincount(clusters), maximum)


def _cluster_derivatives(sample: _Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Derivatives of the log likelihood of each cluster at the maximum of the whole sample.

    First (G, k), minus second (G, k, k) and minus third (G, k, k, k).
    """
    index = sample.maximum @ sample.columns
    residual, weight = sample.link.derivatives(sample.outcome, index)
    weight_slope = sample.link.weight_slope(sample.outcome, index, residual, weight)
    parts = []
    for rows in sample.clusters():
        block = sample.columns[:, rows]
        pairs = block[:, None, :] * block
        parts.append((block @ residual[rows], pairs @ weight[rows], pairs @ (block * weight_slope[rows]).T))
    first, second, third = (np.array(part) for part in zip(*parts, strict=True))
    return first, second, third


def _first_steps(derivatives: tuple[np.ndarray, ...], batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradients (B, k) of the draws at the maximum of the whole sample, and first steps (B, k) to their own maximum.

    They use the derivatives of the clusters only, without a pass over the rows. The log likelihood of a draw is
    approximated by a cubic, or by a quadratic if the two steps differ much.
    """
    gradient, information, third = (np.tensordot(batch, part, 1) for part in derivatives)
    information = _ridged(information)
    newton = np.linalg.solve(information, gradient[..., None])[..., 0]
    step = newton
    for _ in range(CUBIC_STEPS):
        change = np.einsum("bijl,bl->bij", third, step)
        left = gradient - np.einsum("bij,bj->bi", information + change / 2.0, step)
        step = step + np.linalg.solve(information + change, left[..., None])[..., 0]
    ascent, ascent_of_newton = ((candidate * gradient).sum(axis=1) for candidate in (step, newton))
    is_near = (ascent > ascent_of_newton / 2.0) & (ascent < ascent_of_newton * 2.0)
    return gradient, np.where(is_near[:, None], step, newton)


def _refit_batch(sample: _Sample, batch: np.ndarray, gradients: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Maxima (B, k) of samples in which the frequencies of the clusters are `batch` (B, G); NaN if there is none.

    Newton's method for all draws at once. It starts at the maximum of the whole sample, where the draws have the
    `gradients` and take the first `steps`. A step is halved if it overshoots the maximum by more than its own length.
    """
    rows = batch @ sample.sizes
    positions, slopes = np.tile(sample.maximum, (len(batch), 1)), (gradients * steps).sum(axis=1)
    maxima, left = np.full_like(positions, np.nan), np.arange(len(batch))
    for _ in range(MAX_PASSES):
        moved = positions[left] + steps[left]
        reached, information = _derivatives(sample, batch[left], moved)
        beyond = ((reached * steps[left]).sum(axis=1) <= -slopes[left]) & (slopes[left] > LAST_STEP_BELOW)
        steps[left[beyond]] /= 2.0
        slopes[left[beyond]] /= 2.0
        on = left[~beyond]
        bread = np.linalg.inv(_ridged(information[~beyond]))
        positions[on] = moved[~beyond]
        steps[on] = (bread @ reached[~beyond][..., None])[..., 0]
        slopes[on] = (reached[~beyond] * steps[on]).sum(axis=1)
        is_flat = ~(np.abs(bread).max(axis=(1, 2)) * rows[on] <= FLAT_ABOVE)  # true also for NaN
        is_last = ~is_flat & (slopes[on] < LAST_STEP_BELOW)
        maxima[on[is_last]] = (positions + steps)[on[is_last]]
        left = np.setdiff1d(left, on[is_flat | is_last])
        if not len(left):
            break
    return maxima


def _derivatives(sample: _Sample, batch: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradients (B, k) and information (B, k, k) of the draws, each at its own point (B, k)."""
    terms = positions.shape[1]
    gradient, information = np.zeros_like(positions), np.zeros((len(positions), terms, terms))
    upper = np.triu_indices(terms)
    triangle = np.zeros((len(positions), len(upper[0])))
    for rows, times in zip(sample.clusters(), batch.T, strict=True):
        drawn, block = np.flatnonzero(times), sample.columns[:, rows]
        if not len(drawn):
            continue
        residual, weight = sample.link.derivatives(sample.outcome[rows], positions[drawn] @ block)
        often = times[drawn, None]
        gradient[drawn] += often * (residual @ block.T)
        triangle[drawn] += often * (weight @ (block[upper[0]] * block[upper[1]]).T)
    information[:, upper[0], upper[1]] = information[:, upper[1], upper[0]] = triangle
    return gradient, information


def _ridged(information: np.ndarray) -> np.ndarray:
    size = RIDGE * np.trace(information, axis1=1, axis2=2) + 1e-300  # the constant keeps a matrix of zeros invertible
    return information + size[:, None, None] * np.eye(information.shape[1])
