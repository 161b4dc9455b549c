"""A model fitted to its design with every reason for distrust checked, and the Wald test of its quantities."""

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from analysis.core.conventions import SIGNIFICANCE_LEVEL
from analysis.core.errors import ModelError
from analysis.core.specification import Model
from analysis.design.matrix import Design
from analysis.estimators.likelihood import Fit, fit
from analysis.estimators.links import LINKS
from analysis.estimators.separation import separating_terms

UPPER = 1 - SIGNIFICANCE_LEVEL / 2


def fit_checked(design: Design, model: Model) -> tuple[Fit, list[str]]:
    """Fit a model and check that the likelihood has a finite maximum.

    Parameters
    ----------
    design : Design
        Estimation sample of the model.
    model : Model
        The model; only its link is used.

    Returns
    -------
    fitted : Fit
        The converged fit.
    warnings : list of str
        What to know before using the estimates.

    Raises
    ------
    ModelError
        If the link is unknown, there are more terms than rows, the outcome is separated, or the fit does not converge.
    """
    if model.link not in LINKS:
        raise ModelError(f"unknown link {model.link!r}; known: {', '.join(LINKS)}")
    n, terms, events = len(design.outcome), len(design.terms), int(design.outcome.sum())
    if terms >= n:
        raise ModelError(f"more terms ({terms}) than state-years ({n}) can carry")
    try:
        fitted = fit(design.outcome, design.matrix, LINKS[model.link])
    except np.linalg.LinAlgError as error:
        raise ModelError(f"the terms' magnitudes are beyond what can be computed with: {error}") from error
    if fitted.is_flat or not fitted.converged:
        found = separating_terms(design.outcome, design.matrix, design.terms)
        if found is not None:
            raise ModelError(
                f"{found[0]} separation by {', '.join(found[1])}: outcomes predicted perfectly, no finite maximum"
            )
        if not fitted.converged:
            raise ModelError(f"not converged after {fitted.steps} steps")
    warnings = ["nearly separated: the likelihood is almost flat in some direction"] if fitted.is_flat else []
    fewer = min(events, n - events)
    if terms > fewer:
        warnings.append(f"more terms ({terms}) than events or non-events ({fewer}): estimates are not to be relied on")
    return fitted, warnings


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
        ``estimate``, ``std_error``, ``statistic``, ``p_value`` (two-sided), ``conf_low`` and ``conf_high``.
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
