"""Fit a model to its estimation sample and check that the fit can be used."""

import numpy as np

from analysis.core.errors import ModelError
from analysis.core.specification import Model
from analysis.design.matrix import Design
from analysis.estimators.likelihood import Fit, fit
from analysis.estimators.links import LINKS
from analysis.estimators.separation import separating_terms


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
        If the link is unknown, there are not more rows than terms, the terms are too large or too small to compute
        with, the outcome is separated, or the fit does not converge.

    References
    ----------
    Albert & Anderson (1984), Biometrika 71(1): 1-10, on separation.
    """
    if model.link not in LINKS:
        raise ModelError(f"unknown link {model.link!r}; known: {', '.join(LINKS)}")
    n, terms, events = len(design.outcome), len(design.terms), int(design.outcome.sum())
    if terms >= n:
        raise ModelError(f"too many terms ({terms}) for {n} state-years")
    try:
        fitted = fit(design.outcome, design.matrix, LINKS[model.link])
    except np.linalg.LinAlgError as error:
        raise ModelError(f"the magnitudes of the terms are beyond double precision: {error}") from error
    if fitted.is_flat or not fitted.converged:
        found = separating_terms(design.outcome, design.matrix, design.terms)
        if found is not None:
            raise ModelError(f"{found[0]} separation by {', '.join(found[1])}: the likelihood has no finite maximum")
        if not fitted.converged:
            raise ModelError(f"the fit did not converge in {fitted.steps} Newton steps")
    warnings = ["nearly separated: the likelihood is almost flat in some direction"] if fitted.is_flat else []
    fewer = min(events, n - events)
    if terms > fewer:
        warnings.append(f"more terms ({terms}) than events or non-events ({fewer}): estimates are unreliable")
    return fitted, warnings
