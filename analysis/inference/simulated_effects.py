"""Intervals of average marginal effects by simulation from the normal distribution of the coefficients."""

import numpy as np
from scipy.special import ndtri

from analysis.core.arrays import Floats
from analysis.core.conventions import INTERVAL_TAILS, SEED
from analysis.estimators.likelihood import Fit
from analysis.inference.effects import Quantity, is_binary

DRAWS = 1000
ROWS_AT_ONCE = 20  # times DRAWS: fits into the processor's cache, and is too small for numpy to start threads
NODES = (0.5 - np.sqrt(1.0 / 12.0), 0.5 + np.sqrt(1.0 / 12.0))  # Gauss-Legendre on 0 to 1, with equal weights


def simulated_intervals(
    fit: Fit, matrix: Floats, effects: dict[int, Quantity], covariance: Floats
) -> dict[int, tuple[float, float]]:
    """Simulate 95 per cent intervals of average marginal effects.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    matrix : ndarray of shape (n, k)
        Design matrix of the estimation sample.
    effects : dict of int to Quantity
        Effects from ``analysis.inference.effects.average_marginal_effect``, by position of the term.
    covariance : ndarray of shape (k, k)
        Covariance of the coefficients.

    Returns
    -------
    dict of int to (float, float)
        Lower and upper end by position of the term, in probability per unit of the term. NaN if the covariance is not
        finite.

    Notes
    -----
    DRAWS vectors of coefficients are drawn, and the effect is computed at observed values for each. The ends are the
    percentiles of these effects, corrected by control variates: the percentiles of the linear approximation of the
    effect over the same draws, less those percentiles as known from the normal distribution, are subtracted. This
    leaves about a third of the simulation error.

    References
    ----------
    King, Tomz & Wittenberg (2000), American Journal of Political Science 44(2): 347-361.
    Hanmer & Kalkan (2013), American Journal of Political Science 57(1): 263-277.
    """
    if not np.isfinite(covariance).all():
        return dict.fromkeys(effects, (np.nan, np.nan))
    steps = coefficient_steps(fit, covariance)
    changes = steps @ fit.to_terms.T
    intervals: dict[int, tuple[float, float]] = {}
    density: Floats | None = None
    for position, effect in effects.items():
        drawn = fit.coefficients[position] + changes[:, position]
        if is_binary(matrix[:, position]):
            simulated = drawn * mean_density_of_change(fit, matrix[:, position], steps, drawn)
        else:
            density = mean_density(fit, fit.columns, steps) if density is None else density
            simulated = drawn * density
        error = np.quantile(changes @ effect.gradient, INTERVAL_TAILS)
        error = error - ndtri(INTERVAL_TAILS) * effect.std_error(covariance)
        low, high = np.quantile(simulated, INTERVAL_TAILS) - error
        intervals[position] = (float(low), float(high))
    return intervals


def coefficient_steps(fit: Fit, covariance: Floats) -> Floats:
    """Draw coefficients from their normal distribution, less the estimates.

    Parameters
    ----------
    fit : Fit
        A converged fit with k coefficients.
    covariance : ndarray of shape (k, k)
        Covariance of the coefficients; need not have full rank.

    Returns
    -------
    ndarray of shape (DRAWS, k)
        In the orthonormal coordinates of the fit. From the symmetric square root of the covariance, which unlike other
        roots is unique, so that every machine draws the same.
    """
    from_terms = np.linalg.inv(fit.to_terms)
    values, vectors = np.linalg.eigh(from_terms @ covariance @ from_terms.T)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    steps: Floats = np.random.default_rng(SEED).standard_normal((DRAWS, len(values))) @ root
    return steps


def mean_density_of_change(fit: Fit, values: Floats, steps: Floats, drawn: Floats) -> Floats:
    """Average change of the probability from 0 to 1 of a binary term, divided by the term's coefficient.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    values : ndarray of shape (n,)
        Values of the term, 0 or 1.
    steps : ndarray of shape (draws, k)
        Changes of the coefficients, from `coefficient_steps`.
    drawn : ndarray of shape (draws,)
        Drawn coefficients of the term.

    Returns
    -------
    ndarray of shape (draws,)
        In units of the link's density.

    Notes
    -----
    The change of the probability is the integral of coefficient times density while the term goes from 0 to 1. Two
    Gauss-Legendre nodes give it with a relative error below 1e-3 for coefficients up to 1, and are much faster than
    the probabilities.
    """
    wider = np.column_stack([steps, drawn])
    parts = [mean_density(fit, np.vstack([fit.columns, node - values]), wider) for node in NODES]
    average: Floats = np.mean(parts, axis=0)
    return average


def mean_density(fit: Fit, columns: Floats, steps: Floats) -> Floats:
    """Average of the link's density over the rows, after each step of the coefficients.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows.
    columns : ndarray of shape (m, n)
        Columns to which the steps apply, as rows.
    steps : ndarray of shape (draws, m)
        Changes of the coefficients of `columns`.

    Returns
    -------
    ndarray of shape (draws,)
        The density at ``fit.index + step @ columns``, averaged over the rows. Computed in single precision, whose error
        of about 1e-6 is far below the simulation error.
    """
    left = np.column_stack([np.ones(len(steps)), steps]).astype("float32")
    right = np.vstack([fit.index, columns]).astype("float32")
    total = np.zeros(len(steps))
    for start in range(0, len(fit.index), ROWS_AT_ONCE):
        total += fit.link.density(left @ right[:, start : start + ROWS_AT_ONCE]).sum(axis=1)
    return total / len(fit.index)
