"""How strong an unobserved confounder would have to be to explain the finding, on the linear probability model.

The treatment is the rise of mortality. A partial R2 is the share of the variance left by the other variables that a
variable explains.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analysis.core.arrays import Floats, Integers
from analysis.core.conventions import SIGNIFICANCE_LEVEL
from analysis.core.errors import ModelError
from analysis.core.specification import Model
from analysis.design.matrix import Design, build
from analysis.inference.wald import wald
from analysis.studies.estimation import sample_size
from analysis.studies.evidence.rows import COEFFICIENT, Rows, checked
from analysis.studies.kimball import ROSE

CHECK = "unobserved confounder"
MULTIPLES = (1, 2, 3)


class LinearTerm(NamedTuple):
    """Least squares estimate of one term.

    Attributes
    ----------
    estimate, error : float
        Coefficient and classical standard error.
    degrees : int
        Residual degrees of freedom.
    """

    estimate: float
    error: float
    degrees: int

    @property
    def partial_r2(self) -> float:
        """Partial R2 of the term with the outcome, given the other terms."""
        squared = (self.estimate / self.error) ** 2
        return float(squared / (squared + self.degrees))


class Strength(NamedTuple):
    """Strength of a confounder, by its partial R2.

    Attributes
    ----------
    with_treatment : float
        Partial R2 with the treatment, given the other terms.
    with_outcome : float
        Partial R2 with the outcome, given treatment and other terms.
    """

    with_treatment: float
    with_outcome: float


def confounding_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """Robustness value of the rise of mortality, and its coefficient with confounders as strong as observed terms.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        A model with the rise of infant mortality; its terms enter a linear probability model.

    Returns
    -------
    list of dict
        Rows of results.evidence: the linear coefficient; the robustness values for an estimate of 0 and for an interval
        that reaches 0; for each observed term the coefficient if a confounder were once, twice and three times as
        strong; and the same for one as strong as all that differs between states, or between years. Errors are
        classical, as the method requires; with errors clustered by state less would do.

    References
    ----------
    Cinelli & Hazlett (2020), Journal of the Royal Statistical Society B 82(1): 39-67.
    """
    return checked(CHECK, "linear probability model", lambda: _rows(panel, model))


def linear_term(outcome: Floats, matrix: Floats, position: int) -> LinearTerm:
    """Least squares coefficient of one column.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        Dependent variable.
    matrix : ndarray of shape (n, k)
        Regressors of full column rank, the constant included.
    position : int
        Column of the term.

    Returns
    -------
    LinearTerm

    Notes
    -----
    By the theorem of Frisch, Waugh and Lovell: outcome and term are regressed on the other columns first.
    """
    others = np.delete(matrix, position, axis=1)
    orthonormal, _ = np.linalg.qr(others)
    both = np.column_stack([matrix[:, position], outcome])
    term, left = (both - orthonormal @ (orthonormal.T @ both)).T
    size = float(term @ term)
    estimate = float(term @ left) / size
    residual = left - estimate * term
    degrees = len(outcome) - matrix.shape[1]
    return LinearTerm(estimate, float(np.sqrt(residual @ residual / degrees / size)), degrees)


def robustness_value(term: LinearTerm, significance_level: float | None = None) -> float:
    """Smallest strength of a confounder, alike with treatment and outcome, that would explain an estimate.

    Parameters
    ----------
    term : LinearTerm
        The estimate.
    significance_level : float, optional
        Without it, the confounder takes the estimate to 0; with it, to the edge of two-sided significance.

    Returns
    -------
    float
        Partial R2, 0 to 1; 0 if the estimate is not significant anyway.
    """
    f = abs(term.estimate) / term.error / np.sqrt(term.degrees)
    critical = 0.0
    if significance_level is not None:
        degrees = term.degrees - 1
        critical = float(stdtrit(degrees, 1.0 - significance_level / 2) / np.sqrt(degrees))
    excess = f - critical
    if excess <= 0.0:
        return 0.0
    value = 0.5 * (np.sqrt(excess**4 + 4.0 * excess**2) - excess**2)
    if critical > 0.0 and f > 1.0 / critical:  # the outcome's side of the constraint does not bind
        value = (f**2 - critical**2) / (1.0 + f**2)
    return float(value)


def adjusted_estimate(term: LinearTerm, confounder: Strength) -> float:
    """Coefficient of the treatment if a confounder were in the regression that reduces its size.

    Parameters
    ----------
    term : LinearTerm
        The estimate without it.
    confounder : Strength
        How strong it is.

    Returns
    -------
    float
        In the unit of the estimate.
    """
    odds = confounder.with_outcome * confounder.with_treatment / (1.0 - confounder.with_treatment)
    bias = np.sqrt(odds) * term.error * np.sqrt(term.degrees)
    return float(np.sign(term.estimate) * (abs(term.estimate) - bias))


def adjusted_error(term: LinearTerm, confounder: Strength) -> float:
    """Standard error of the coefficient of the treatment if a confounder were in the regression.

    Parameters
    ----------
    term : LinearTerm
        The estimate without it.
    confounder : Strength
        How strong it is.

    Returns
    -------
    float
        In the unit of the estimate.
    """
    left = (1.0 - confounder.with_outcome) / (1.0 - confounder.with_treatment)
    return float(np.sqrt(left * term.degrees / (term.degrees - 1)) * term.error)


def benchmark(with_treatment: float, with_outcome: float, multiple: float) -> Strength:
    """Bound on the strength of a confounder that is a multiple of that of an observed term.

    Parameters
    ----------
    with_treatment : float
        Partial R2 of the observed term with the treatment, given the other terms.
    with_outcome : float
        Its partial R2 with the outcome, given treatment and other terms.
    multiple : float
        How many times as strong the confounder is, in both relations.

    Returns
    -------
    Strength
        At most 1 with the outcome.

    Raises
    ------
    ModelError
        If no confounder can be so strong.

    References
    ----------
    Cinelli & Hazlett (2020), section 4.4 and its appendix.
    """
    treatment = multiple * with_treatment / (1.0 - with_treatment)
    if treatment >= 1.0:
        raise ModelError(f"no confounder can be {multiple:g} times as strong")
    shared = multiple * with_treatment**2 / ((1.0 - multiple * with_treatment) * (1.0 - with_treatment))
    scale = ((np.sqrt(multiple) + np.sqrt(shared)) / np.sqrt(1.0 - shared)) ** 2
    return Strength(treatment, float(min(scale * with_outcome / (1.0 - with_outcome), 1.0)))


def group_r2(outcome: Floats, others: Floats, groups: Integers) -> float:
    """Partial R2 of indicators of all groups with the outcome, given other columns.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        Dependent variable.
    others : ndarray of shape (n, k)
        The other columns, the constant included.
    groups : ndarray of shape (n,)
        Group codes 0..G-1.

    Returns
    -------
    float
        0 to 1.

    Notes
    -----
    Deviations from the means of the groups take the place of the indicators.
    """
    both = np.column_stack([others, outcome])
    counts = np.bincount(groups)
    means = np.column_stack([np.bincount(groups, weights=column) / counts for column in both.T])
    left = []
    for columns in (both, both - means[groups]):
        size = np.linalg.norm(columns, axis=0)
        scaled = columns[:, :-1] / np.where(size[:-1] > 0.0, size[:-1], 1.0)
        residual = columns[:, -1] - scaled @ np.linalg.lstsq(scaled, columns[:, -1], rcond=1e-10)[0]
        left.append(float(residual @ residual))
    return 1.0 - left[1] / left[0]


def _rows(panel: pd.DataFrame, model: Model) -> Rows:
    design = build(panel, model)
    if ROSE not in design.terms:
        raise ModelError(f"{ROSE} is not in the fit")
    position = design.terms.index(ROSE)
    term = linear_term(design.outcome, design.matrix, position)
    shared = sample_size(design) | {"term": ROSE, "covariance": "classical"}
    rows: Rows = [shared | {"quantity": COEFFICIENT} | wald(term.estimate, term.error, term.degrees)]
    for detail, level in (("estimate of 0", None), ("interval that reaches 0", SIGNIFICANCE_LEVEL)):
        value = robustness_value(term, level)
        rows.append(shared | {"detail": detail, "quantity": "robustness value", "estimate": value})
    for detail, with_treatment, with_outcome, multiple in _benchmarks(design, position):
        row = shared | {"detail": detail, "quantity": "bounded coefficient"}
        try:
            strength = benchmark(with_treatment, with_outcome, multiple)
        except ModelError as impossible:
            rows.append(row | {"problem": str(impossible)})
        else:
            estimate, error = adjusted_estimate(term, strength), adjusted_error(term, strength)
            rows.append(row | wald(estimate, error, term.degrees - 1))
    return rows


def _benchmarks(design: Design, position: int) -> Iterator[tuple[str, float, float, int]]:
    """Detail, partial R2 with treatment and with outcome, and multiple, of each confounder to compare with."""
    treatment, others = design.matrix[:, position], np.delete(design.matrix, position, axis=1)
    for name in design.plain:
        if name == ROSE:
            continue
        column = design.terms.index(name)
        with_outcome = linear_term(design.outcome, design.matrix, column).partial_r2
        with_treatment = linear_term(treatment, others, column - (column > position)).partial_r2
        for multiple in MULTIPLES:
            yield f"confounder {multiple} times as strong as {name}", with_treatment, with_outcome, multiple
    for name, codes in (("states", design.states), ("years", design.years)):
        with_treatment = group_r2(treatment, others, codes)
        with_outcome = group_r2(design.outcome, design.matrix, codes)
        yield f"confounder as strong as all differences between {name}", with_treatment, with_outcome, 1
