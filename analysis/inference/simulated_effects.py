"""Intervals of average marginal effects by simulation: coefficients drawn from their estimated normal distribution."""

import numpy as np
from scipy.special import ndtri

from analysis.core.conventions import SEED
from analysis.estimators.likelihood import Fit
from analysis.inference.effects import Quantity, is_binary

DRAWS = 1000
TAILS = (0.025, 0.975)
ROWS_AT_ONCE = 20  # times DRAWS: stays in the processor's cache, and is too small to be spread over threads
POINTS = (0.5 - np.sqrt(1.0 / 12.0), 0.5 + np.sqrt(1.0 / 12.0))  # Gauss and Legendre's on 0 to 1, of equal weight


def simulated_intervals(
    fit: Fit, matrix: np.ndarray, effects: dict[int, Quantity], covariance: np.ndarray
) -> dict[int, tuple[float, float]]:
    """By term, for the `effects` of effects.average_marginal_effect: 95 per cent intervals from DRAWS draws of all
    coefficients with `covariance` (k, k), the effect computed anew at observed values for each (King, Tomz & Wittenberg
    2000; Hanmer & Kalkan 2013). NaN where the covariance is not known.

    The ends are the 2.5th and 97.5th percentile, each less the accident of the draws: what the same draws make of the
    effect's linear approximation, whose percentiles are known, is set against these. That leaves a third of the noise.
    """
    if not np.isfinite(covariance).all():
        return dict.fromkeys(effects, (np.nan, np.nan))
    moves = coefficient_moves(fit, covariance)
    changes = moves @ fit.to_terms.T
    intervals, density = {}, None
    for term, effect in effects.items():
        drawn = fit.coefficients[term] + changes[:, term]
        if is_binary(matrix[:, term]):
            simulated = drawn * mean_density_of_change(fit, matrix[:, term], moves, drawn)
        else:
            density = mean_density(fit, fit.columns, moves) if density is None else density
            simulated = drawn * density
        accident = np.quantile(changes @ effect.gradient, TAILS) - ndtri(TAILS) * effect.std_error(covariance)
        low, high = np.quantile(simulated, TAILS) - accident
        intervals[term] = (float(low), float(high))
    return intervals


def coefficient_moves(fit: Fit, covariance: np.ndarray) -> np.ndarray:
    """(DRAWS, k): draws of the coefficients less their estimates, in the fit's own coordinates.

    By the symmetric square root of the covariance, which is the same on every machine; its rank need not be full.
    """
    back = np.linalg.inv(fit.to_terms)
    values, vectors = np.linalg.eigh(back @ covariance @ back.T)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return np.random.default_rng(SEED).standard_normal((DRAWS, len(values))) @ root


def mean_density_of_change(fit: Fit, values: np.ndarray, moves: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """(DRAWS,): for a term of 0 and 1, the change of the average probability from 0 to 1 over the coefficient.

    That change is the integral of the coefficient times the density while the term goes from 0 to 1; two points give it
    to a few ten thousandths of itself for coefficients up to 1, in a fraction of the time the probabilities would take.
    """
    wider = np.column_stack([moves, drawn])
    parts = [mean_density(fit, np.vstack([fit.columns, point - values]), wider) for point in POINTS]
    return np.mean(parts, axis=0)


def mean_density(fit: Fit, columns: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """(DRAWS,): the link's density at fit.index + move @ columns, averaged over the rows, for each of the moves.

    In single precision: a millionth is lost where the number of draws leaves some hundredths open.
    """
    left = np.column_stack([np.ones(len(moves)), moves]).astype("float32")
    right = np.vstack([fit.index, columns]).astype("float32")
    total = np.zeros(len(moves))
    for start in range(0, len(fit.index), ROWS_AT_ONCE):
        total += fit.link.density(left @ right[:, start : start + ROWS_AT_ONCE]).sum(axis=1)
    return total / len(fit.index)
