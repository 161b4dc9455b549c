"""Rows of results.evidence: empty ones, those of a fitted term, and the handling of checks that cannot be made."""

from collections.abc import Callable
from typing import Any

import numpy as np

from analysis.core.arrays import Floats
from analysis.core.conventions import HEADLINE_COVARIANCE
from analysis.core.errors import ModelError
from analysis.core.evidence_tables import EVIDENCE_DOCS
from analysis.design.matrix import Design
from analysis.estimators.likelihood import Fit
from analysis.inference.covariance import clustered
from analysis.inference.effects import average_marginal_effect
from analysis.inference.wald import joint_wald, wald
from analysis.studies.estimation import sample_size

COEFFICIENT, EFFECT, JOINT_TEST = "coefficient", "average marginal effect", "joint test"
Row = dict[str, Any]
Rows = list[Row]


def empty_row(check: str, detail: str) -> Row:
    """A row of results.evidence without figures.

    Parameters
    ----------
    check, detail : str
        Group of checks, and the check.

    Returns
    -------
    dict
        Every column of the table except ``is_synthetic``.
    """
    columns = (name for name in EVIDENCE_DOCS["evidence"] if name != "is_synthetic")
    return dict.fromkeys(columns) | {"check": check, "detail": detail}


def checked(check: str, detail: str, estimate: Callable[[], Rows]) -> Rows:
    """The rows of one check, or one row with the reason why it cannot be made.

    Parameters
    ----------
    check, detail : str
        Group of checks, and the check; a row of `estimate` may have a detail of its own.
    estimate : callable
        Returns rows with some of the columns.

    Returns
    -------
    list of dict
        Rows with every column.
    """
    empty = empty_row(check, detail)
    try:
        return [empty | row for row in estimate()]
    except ModelError as error:
        return [empty | {"problem": str(error)}]


def term_row(fitted: Fit, design: Design, name: str, covariance: Floats | None = None) -> Row:
    """Coefficient of one term, its test, and its average marginal effect.

    Parameters
    ----------
    fitted : Fit
        The fit of the design, with k coefficients.
    design : Design
        The estimation sample.
    name : str
        The term.
    covariance : ndarray of shape (k, k), optional
        Covariance of the coefficients clustered by state; computed if it is not given.

    Returns
    -------
    dict
        Columns of results.evidence.

    Raises
    ------
    ModelError
        If the term is not in the fit.
    """
    if name not in design.terms:
        raise ModelError(next((note for note in design.dropped if note.startswith(name)), f"{name} is not in the fit"))
    position = design.terms.index(name)
    matrix = clustered(fitted, design.states) if covariance is None else covariance
    error = float(np.sqrt(matrix[position, position]))
    return (
        sample_size(design)
        | {
            "term": name,
            "quantity": COEFFICIENT,
            "covariance": HEADLINE_COVARIANCE,
            "effect": average_marginal_effect(fitted, design.matrix, position).estimate,
        }
        | wald(float(fitted.coefficients[position]), error, int(design.states.max()))
    )


def joint_row(fitted: Fit, design: Design, names: list[str], detail: str) -> Row:
    """Wald test, clustered by state, of the hypothesis that the coefficients of several terms are all 0.

    Parameters
    ----------
    fitted : Fit
        The fit of the design.
    design : Design
        The estimation sample.
    names : list of str
        The terms; those that are not in the fit are left out.
    detail : str
        What is tested.

    Returns
    -------
    dict
        Columns of results.evidence; the statistic is F with the number of terms and states - 1 degrees of freedom.

    Raises
    ------
    ModelError
        If none of the terms is in the fit.
    """
    positions = [design.terms.index(name) for name in names if name in design.terms]
    if not positions:
        raise ModelError(f"none of {', '.join(names)} is in the fit")
    covariance = clustered(fitted, design.states)[np.ix_(positions, positions)]
    degrees = int(design.states.max())
    statistic, p_value = joint_wald(fitted.coefficients[positions], covariance, degrees)
    return sample_size(design) | {
        "detail": f"{detail}: F({len(positions)}, {degrees})",
        "quantity": JOINT_TEST,
        "covariance": HEADLINE_COVARIANCE,
        "statistic": statistic,
        "p_value": p_value,
    }
