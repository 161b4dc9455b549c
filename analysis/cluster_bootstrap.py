"""The pairs cluster bootstrap of a fitted model: whole clusters drawn with replacement, and the model refitted."""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from analysis.likelihood import FLAT_BELOW, MAX_HALVINGS, Fit
from analysis.links import Link

DRAWS = 500
SEED = 20100407
MAX_STEPS = 50
BATCH = 50  # draws to a task, whatever the number of workers
LAST_STEP_BELOW = 1e-10  # squared length, in standard errors, of a Newton step that leaves an error of its square


@dataclass(frozen=True)
class _Sample:
    """The rows of a fit in the order of their clusters, and what each cluster contributes at the fit's maximum."""

    link: Link
    outcome: np.ndarray  # (n,)
    columns: np.ndarray  # (k, n) the design in the coordinates of the fit, each term a row: faster to pass over
    sizes: np.ndarray  # (G,) rows of each cluster
    position: np.ndarray  # (k,) the maximum, in the same coordinates
    gradients: np.ndarray  # (G, k)
    informations: np.ndarray  # (G, k, k)


def frequencies(clusters: int, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """(draws, clusters): how often each cluster is drawn, when as many as there are are drawn with replacement."""
    return np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1.0 / clusters), size=draws)


def pairs_bootstrap(
    fit: Fit, clusters: np.ndarray, draws: int = DRAWS, seed: int = SEED, n_jobs: int = 1
) -> np.ndarray:
    """(draws, k): the coefficients of `fit` refitted to samples of its clusters, codes 0..G-1 in (n,).

    A row is NaN where the sample of frequencies() has no finite maximum (separation) or none was found. `n_jobs`
    workers through joblib, whose backend the caller may choose; how many changes not a bit of the result. They pay
    only where they are already running, or from some thousands of draws on.
    """
    sample, times = _sample(fit, clusters), frequencies(int(clusters.max()) + 1, draws, seed)
    batches = [times[start : start + BATCH] for start in range(0, draws, BATCH)]
    positions = Parallel(n_jobs=n_jobs)(delayed(_refit_batch)(sample, batch) for batch in batches)
    return np.vstack(positions) @ fit.to_terms.T


def _sample(fit: Fit, clusters: np.ndarray) -> _Sample:
    order = np.argsort(clusters, kind="stable")
    outcome, columns, sizes = fit.outcome[order], np.ascontiguousarray(fit.scaled[order].T), np.bincount(clusters)
    position = np.linalg.solve(fit.to_terms, fit.coefficients)
    ends = np.cumsum(sizes)
    parts = [
        _derivatives(fit.link, outcome[end - size : end], columns[:, end - size : end], np.ones(size), position)
        for size, end in zip(sizes, ends, strict=True)
    ]
    gradients, informations = (np.array(part) for part in zip(*parts, strict=True))
    return _Sample(fit.link, outcome, columns, sizes, position, gradients, informations)


def _refit_batch(sample: _Sample, batch: np.ndarray) -> np.ndarray:
    return np.array([_refit(sample, times) for times in batch])


def _refit(sample: _Sample, times: np.ndarray) -> np.ndarray:
    """(k,): the maximum where each cluster counts as often as `times` (G,) says; NaN where there is none.

    Newton's method from the maximum of the whole sample. There every cluster's derivatives are known, so that the first
    step needs no pass over the rows; later ones pass over the rows drawn.
    """
    repeats = np.repeat(times, sample.sizes)
    drawn = np.flatnonzero(repeats)
    outcome, columns, repeats = sample.outcome[drawn], sample.columns.take(drawn, axis=1), repeats[drawn]
    position = sample.position
    gradient = np.einsum("g,gi->i", times, sample.gradients)
    information = np.einsum("g,gij->ij", times, sample.informations)
    flat_below = FLAT_BELOW * np.trace(information) / len(position)
    for _ in range(MAX_STEPS):
        curvature, directions = np.linalg.eigh(information)
        if curvature[0] < flat_below:
            break
        step = directions @ ((gradient @ directions) / curvature)
        slope = gradient @ step
        if slope < LAST_STEP_BELOW:
            return position + step
        for halvings in range(MAX_HALVINGS):
            moved = position + step / 2**halvings
            gradient, information = _derivatives(sample.link, outcome, columns, repeats, moved)
            if gradient @ step > -slope:  # not beyond the maximum by more than it was short of it
                break
        position = moved
    return np.full_like(position, np.nan)


def _derivatives(link, outcome, columns, repeats, position):
    """Gradient (k,) and observed information (k, k) of the log likelihood at `position`, each row counted `repeats`
    times."""
    residual, weight = link.derivatives(outcome, position @ columns)
    return columns @ (residual * repeats), (columns * (weight * repeats)) @ columns.T
