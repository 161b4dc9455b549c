"""Logit with an effect of every state that is conditioned out, so that only years of the same state are compared."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from analysis.core.arrays import Floats
from analysis.core.errors import ModelError
from analysis.design.matrix import Design, independent_columns, select_rows

MAX_STEPS = 100
SCORE_BELOW = 1e-4  # of the score at the maximum, in standard errors of the coefficients
FLAT_BELOW = 1e-3  # information at the maximum in some direction, as a share of that at 0


@dataclass(frozen=True)
class ConditionalFit:
    """Estimates of a conditional logit with k terms.

    Attributes
    ----------
    design : Design
        The state-years that count: those of states whose outcome varies. Its terms are those of the original sample.
    terms : list of str
        The k terms that vary within states and are not collinear there.
    coefficients : ndarray of shape (k,)
        Log odds per unit of the term.
    covariance : ndarray of shape (k, k)
        Sandwich with the scores summed by state, times G / (G - 1).
    states_never, states_always : int
        States left out because the outcome is always 0, or always 1.
    rows_left_out : int
        Their state-years.
    """

    design: Design
    terms: list[str]
    coefficients: Floats
    covariance: Floats
    states_never: int
    states_always: int
    rows_left_out: int


def fit_conditional_logit(design: Design) -> ConditionalFit:
    """Fit a logit of the years of each state, given its number of events.

    Parameters
    ----------
    design : Design
        Estimation sample of a model; its constant is conditioned out with the effects of states.

    Returns
    -------
    ConditionalFit
        The exact conditional maximum likelihood estimates.

    Raises
    ------
    ModelError
        If the outcome varies in fewer than two states, no term varies within them, the maximum is not found, or there
        is none.

    Notes
    -----
    The likelihood, its score and its Hessian are those of statsmodels. Its own search stops at a mean score of 1e-5,
    which is far from the maximum with thousands of rows; here scipy maximizes the likelihood, over terms that are
    scaled to a unit information at 0.

    References
    ----------
    Chamberlain (1980), Review of Economic Studies 47(1): 225-238.
    """
    from statsmodels.discrete.conditional_models import ConditionalLogit  # imported late: it takes seconds

    years = np.bincount(design.states)
    events = np.bincount(design.states, weights=design.outcome)
    varies = (events > 0) & (events < years)
    never = int((events == 0).sum())
    if varies.sum() < 2:
        raise ModelError("conditional logit: the outcome varies in fewer than two states")
    kept = select_rows(design, varies[design.states])
    years, events = years[varies], events[varies]
    means = np.column_stack([np.bincount(kept.states, weights=column) / years for column in kept.matrix.T])
    deviations = kept.matrix - means[kept.states]
    deviations[:, -1] = 1.0  # the place of the constant
    independent, _ = independent_columns(deviations, kept.terms)
    positions = independent[:-1]
    if not positions:
        raise ModelError("conditional logit: no term varies within states")
    weights = (events * (years - events) / years / (years - 1))[kept.states]
    deviations = deviations[:, positions]
    triangle = np.linalg.qr(deviations * np.sqrt(weights)[:, None], mode="r")
    to_terms = np.linalg.inv(triangle)
    model = ConditionalLogit(kept.outcome, deviations @ to_terms, groups=kept.states)

    def objective(scaled: Floats) -> tuple[float, Floats]:
        return -float(model.loglike(scaled)), -np.asarray(model.score(scaled))

    found = minimize(
        objective,
        np.zeros(len(positions)),
        jac=True,
        method="BFGS",
        options={"maxiter": MAX_STEPS, "gtol": SCORE_BELOW / 10},
    )
    if not np.abs(found.jac).max() < SCORE_BELOW:
        raise ModelError(f"conditional logit: the maximum was not found ({found.message})")
    information = -model.hessian(found.x)
    if np.linalg.eigvalsh(information).min() < FLAT_BELOW:
        raise ModelError("conditional logit: the terms separate the years within states, or nearly so")
    scores = np.array([model.score_grp(group, found.x) for group in range(len(years))])
    root = to_terms @ np.linalg.inv(information) @ scores.T
    groups = len(years)
    return ConditionalFit(
        design=kept,
        terms=[kept.terms[position] for position in positions],
        coefficients=to_terms @ found.x,
        covariance=root @ root.T * (groups / (groups - 1)),
        states_never=never,
        states_always=int((~varies).sum()) - never,
        rows_left_out=len(design.outcome) - len(kept.outcome),
    )
