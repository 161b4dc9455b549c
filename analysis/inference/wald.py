"""Wald test and interval of one quantity."""

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

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
