"""Wald tests of one quantity and of several jointly, and intervals."""

import numpy as np
from scipy.special import fdtrc, ndtr, ndtri, stdtr, stdtrit

from analysis.core.arrays import Floats
from analysis.core.conventions import INTERVAL_TAILS

UPPER = INTERVAL_TAILS[1]


def wald(value: float, error: float, degrees: float | None = None) -> dict[str, float]:
    """Wald test of the hypothesis that a quantity is 0, and its 95 per cent interval.

    Parameters
    ----------
    value : float
        The estimate.
    error : float
        Its standard error, in the same unit.
    degrees : float, optional
        Degrees of freedom of the t distribution; the normal distribution by default.

    Returns
    -------
    dict of str to float
        ``estimate``, ``std_error``, ``statistic``, ``p_value`` (two-sided), ``conf_low`` and ``conf_high``. The
        statistic is NaN if the error is not above 0.
    """
    statistic = value / error if error > 0 else np.nan
    tail = ndtr(-abs(statistic)) if degrees is None else stdtr(degrees, -abs(statistic))
    critical = float(ndtri(UPPER)) if degrees is None else stdtrit(degrees, UPPER)
    return {
        "estimate": value,
        "std_error": error,
        "statistic": statistic,
        "p_value": float(2.0 * tail),
        "conf_low": float(value - critical * error),
        "conf_high": float(value + critical * error),
    }


def joint_wald(values: Floats, covariance: Floats, degrees: int) -> tuple[float, float]:
    """Wald test of the hypothesis that several quantities are all 0.

    Parameters
    ----------
    values : ndarray of shape (q,)
        The estimates.
    covariance : ndarray of shape (q, q)
        Their covariance.
    degrees : int
        Degrees of freedom of the covariance: clusters less 1.

    Returns
    -------
    statistic : float
        F with q and `degrees` degrees of freedom: the chi-squared statistic divided by q.
    p_value : float
        Of the hypothesis. Both are NaN if the covariance has no inverse.
    """
    try:
        statistic = float(values @ np.linalg.solve(covariance, values)) / len(values)
    except np.linalg.LinAlgError:
        return np.nan, np.nan
    return statistic, float(fdtrc(len(values), degrees, statistic))


def log_odds_interval(probability: float, error: float, degrees: int) -> tuple[float, float]:
    """Interval of a probability, symmetric in its log odds, so that it stays between 0 and 1.

    Parameters
    ----------
    probability : float
        The estimate, strictly between 0 and 1; otherwise the interval is NaN.
    error : float
        Its standard error.
    degrees : int
        Degrees of freedom of the t distribution.

    Returns
    -------
    (float, float)
        Lower and upper end of the 95 per cent interval.
    """
    if not 0.0 < probability < 1.0:
        return np.nan, np.nan
    spread = np.exp(stdtrit(degrees, UPPER) * error / (probability * (1.0 - probability)))
    odds = probability / (1.0 - probability)
    low, high = odds / spread, odds * spread
    return float(low / (1.0 + low)), float(high / (1.0 + high))
