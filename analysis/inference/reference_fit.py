"""Probits by statsmodels, the reference of the published estimates, and their agreement with the own estimator."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from analysis.core.arrays import Floats
from analysis.core.errors import ModelError
from analysis.core.specification import Model
from analysis.design.matrix import Design
from analysis.estimators.likelihood import Fit
from analysis.inference.covariance import clustered, robust

TOLERANCE = 1e-8  # of each difference of `agreement_row`
MAX_STEPS = 100


@dataclass(frozen=True)
class ReferenceFit:
    """Estimates of statsmodels with k coefficients.

    Attributes
    ----------
    coefficients : ndarray of shape (k,)
        Maximum likelihood estimates.
    robust : ndarray of shape (k, k)
        Sandwich with the observed Hessian, times n / (n - 1), as by Stata's ``vce(robust)``.
    clustered : ndarray of shape (k, k)
        The same with the scores summed by state, times G / (G - 1), as by Stata's ``vce(cluster)``; NaN with one state.
    log_likelihood : float
        At the maximum.
    """

    coefficients: Floats
    robust: Floats
    clustered: Floats
    log_likelihood: float


def fit_reference(design: Design, model: Model) -> ReferenceFit:
    """Fit a probit by statsmodels, with robust and clustered covariances.

    Parameters
    ----------
    design : Design
        Estimation sample of the model.
    model : Model
        The model; only its link is used.

    Returns
    -------
    ReferenceFit
        In the units of the terms of `design`.

    Raises
    ------
    ModelError
        If the link is not probit, or statsmodels does not find the maximum.

    Notes
    -----
    statsmodels adds a small ridge to the Hessian, so that its Newton steps stall on terms of very different size. The
    fit therefore uses orthonormal columns; the estimates are transformed back to the terms, which is exact. The
    corrections of statsmodels are switched off, since it uses n / (n - k) and G / (G - 1) * (n - 1) / (n - k).
    """
    # Imported late: it takes longer than all fits together.
    from statsmodels.discrete.discrete_model import Probit
    from statsmodels.stats.sandwich_covariance import cov_cluster, cov_white_simple

    if model.link != "probit":
        raise ModelError(f"the published estimates are those of probits, found link {model.link!r}")
    n, groups = len(design.outcome), int(design.states.max()) + 1
    columns, triangle = np.linalg.qr(design.matrix)
    to_terms = np.linalg.inv(triangle) * np.sqrt(n)
    try:
        fitted = Probit(design.outcome, columns * np.sqrt(n)).fit(
            disp=0, method="newton", maxiter=MAX_STEPS, warn_convergence=False
        )
    except np.linalg.LinAlgError as error:
        raise ModelError(f"statsmodels cannot fit the model: {error}") from error
    if not fitted.mle_retvals["converged"]:
        raise ModelError(f"statsmodels did not converge in {MAX_STEPS} Newton steps")
    by_row = to_terms @ cov_white_simple(fitted, use_correction=False) @ to_terms.T
    by_state = np.full_like(by_row, np.nan)
    if groups > 1:
        by_state = to_terms @ cov_cluster(fitted, design.states, use_correction=False) @ to_terms.T
        by_state *= groups / (groups - 1)
    return ReferenceFit(to_terms @ fitted.params, by_row * n / (n - 1), by_state, float(fitted.llf))


def agreement_row(model: Model, design: Design, fitted: Fit, reference: ReferenceFit) -> dict[str, Any]:
    """Compare the own estimator with statsmodels on one model.

    Parameters
    ----------
    model : Model
        The model.
    design : Design
        Its estimation sample.
    fitted : Fit
        The own fit.
    reference : ReferenceFit
        The fit of statsmodels.

    Returns
    -------
    dict
        Row of ``results.estimator_agreement``: the largest difference of a coefficient in robust standard errors, and
        the largest relative differences of the robust and of the clustered standard errors.
    """
    own_robust, own_clustered = (
        np.sqrt(np.diag(matrix)) for matrix in (robust(fitted), clustered(fitted, design.states))
    )
    by_row, by_state = (np.sqrt(np.diag(matrix)) for matrix in (reference.robust, reference.clustered))
    differences: dict[str, float | None] = {
        "coefficient_difference": float(np.abs((fitted.coefficients - reference.coefficients) / by_row).max()),
        "robust_difference": float(np.abs(own_robust / by_row - 1.0).max()),
        "cluster_difference": float(np.abs(own_clustered / by_state - 1.0).max()) if design.states.max() > 0 else None,
    }
    agrees = all(value is None or value <= TOLERANCE for value in differences.values())
    return {
        "model": model.name,
        "reference": f"statsmodels {version('statsmodels')}",
        "n": len(design.outcome),
        "n_coefficients": len(design.terms),
        **differences,
        "tolerance": TOLERANCE,
        "agrees": agrees,
        "problem": None,
    }


def disagreement_row(model: Model, problem: str) -> dict[str, Any]:
    """Row of ``results.estimator_agreement`` for a model that only the own estimator could fit.

    Parameters
    ----------
    model : Model
        The model.
    problem : str
        Why statsmodels could not fit it.

    Returns
    -------
    dict
    """
    figures = dict.fromkeys(
        ("n", "n_coefficients", "coefficient_difference", "robust_difference", "cluster_difference")
    )
    reference = {"reference": f"statsmodels {version('statsmodels')}", "tolerance": TOLERANCE}
    return {"model": model.name, **figures, **reference, "agrees": False, "problem": problem}
