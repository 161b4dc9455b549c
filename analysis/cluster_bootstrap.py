"""The pairs cluster bootstrap of a fitted model: whole clusters drawn with replacement, and the model refitted."""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from analysis.likelihood import MAX_HALVINGS, Fit
from analysis.links import Link

DRAWS = 500
SEED = 20100407
MAX_STEPS = 50
BATCH = 125  # draws to a task, whatever the number of workers; each task takes a copy of the rows along
DIFFERENCE = 1e-3  # of the index, to differentiate weights numerically: they only serve to find a start
CUBIC_STEPS = 3
RIDGE = 1e-12  # share of the curvature, so that a draw in which some term does not vary does not stop the others
FLAT_ABOVE = 1e8  # variance of a coordinate, times rows, from which on the likelihood counts as flat; it is near 10
LAST_STEP_BELOW = 1e-10  # squared length, in standard errors, of a Newton step that leaves an error of its square


@dataclass(frozen=True)
class _Sample:
    """The rows of a fit in the order of their clusters."""

    link: Link
    outcome: np.ndarray  # (n,)
    columns: np.ndarray  # (k, n) the design in the coordinates of the fit, each term a row: faster to pass over
    sizes: np.ndarray  # (G,) rows of each cluster
    maximum: np.ndarray  # (k,) in the same coordinates


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
    derivatives = _cluster_derivatives(sample)
    batches = (times[start : start + BATCH] for start in range(0, draws, BATCH))
    tasks = (delayed(_refit_batch)(sample, batch, *_first_steps(derivatives, batch)) for batch in batches)
    return np.vstack(Parallel(n_jobs=n_jobs)(tasks)) @ fit.to_terms.T


def _sample(fit: Fit, clusters: np.ndarray) -> _Sample:
    order = np.argsort(clusters, kind="stable")
    columns, maximum = np.ascontiguousarray(fit.scaled[order].T), np.linalg.solve(fit.to_terms, fit.coefficients)
    return _Sample(fit.link, fit.outcome[order], columns, np.bincount(clusters), maximum)


def _cluster_derivatives(sample: _Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each cluster's log likelihood at the maximum of the whole sample: (G, k) first derivatives, (G, k, k) second
    and (G, k, k, k) third, the latter two with the sign turned."""
    index = sample.maximum @ sample.columns
    residual, weight = sample.link.derivatives(sample.outcome, index)
    ahead, behind = (sample.link.derivatives(sample.outcome, index + side * DIFFERENCE)[1] for side in (1.0, -1.0))
    turn = (ahead - behind) / (2.0 * DIFFERENCE)
    parts = []
    for size, end in zip(sample.sizes, np.cumsum(sample.sizes), strict=True):
        rows = slice(end - size, end)
        block = sample.columns[:, rows]
        pairs = block[:, None, :] * block
        parts.append((block @ residual[rows], pairs @ weight[rows], pairs @ (block * turn[rows]).T))
    first, second, third = (np.array(part) for part in zip(*parts, strict=True))
    return first, second, third


def _first_steps(derivatives: tuple[np.ndarray, ...], batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(B, k) gradients of the draws at the maximum of the whole sample, and (B, k) first steps towards their own.

    By the clusters' derivatives alone, without a pass over the rows: a draw's log likelihood is taken for a cubic,
    where that is not far from taking it for a parabola.
    """
    gradient, information, turn = (np.tensordot(batch, part, 1) for part in derivatives)
    terms = gradient.shape[1]
    information += RIDGE * np.trace(information, axis1=1, axis2=2)[:, None, None] * np.eye(terms)
    newton = np.linalg.solve(information, gradient[..., None])[..., 0]
    step = newton
    for _ in range(CUBIC_STEPS):
        turned = np.einsum("bijl,bl->bij", turn, step)
        left = gradient - np.einsum("bij,bj->bi", information + turned / 2.0, step)
        step = step + np.linalg.solve(information + turned, left[..., None])[..., 0]
    ascent, ascent_of_newton = ((way * gradient).sum(axis=1) for way in (step, newton))
    is_near = (ascent > ascent_of_newton / 2.0) & (ascent < ascent_of_newton * 2.0)
    return gradient, np.where(is_near[:, None], step, newton)


def _refit_batch(sample: _Sample, batch: np.ndarray, gradients: np.ndarray, steps: np.ndarray) -> np.ndarray:
    return np.array([_refit(sample, *draw) for draw in zip(batch, gradients, steps, strict=True)])


def _refit(sample: _Sample, times: np.ndarray, gradient: np.ndarray, step: np.ndarray) -> np.ndarray:
    """(k,): the maximum where each cluster counts as often as `times` (G,) says; NaN where there is none.

    Newton's method over the rows drawn, from the maximum of the whole sample, where `gradient` is the draw's and `step`
    the first to take.
    """
    repeats = np.repeat(times, sample.sizes)
    drawn = np.flatnonzero(repeats)
    outcome, columns, repeats = sample.outcome[drawn], sample.columns.take(drawn, axis=1), repeats[drawn]
    position = sample.maximum
    for _ in range(MAX_STEPS):
        slope = gradient @ step
        for halvings in range(MAX_HALVINGS):
            moved = position + step / 2**halvings
            residual, weight = sample.link.derivatives(outcome, moved @ columns)
            gradient = columns @ (residual * repeats)
            if gradient @ step > -slope:  # not beyond the maximum by more than it was short of it
                break
        position = moved
        try:
            bread = np.linalg.inv((columns * (weight * repeats)) @ columns.T)
        except np.linalg.LinAlgError:
            break
        if np.abs(bread).max() * len(outcome) > FLAT_ABOVE:
            break
        step = bread @ gradient
        if gradient @ step < LAST_STEP_BELOW:
            return position + step
    return np.full_like(position, np.nan)
