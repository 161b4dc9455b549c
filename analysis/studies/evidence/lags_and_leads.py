"""Distributed lags and leads of a rise of infant mortality: when, before or after it, alliances are formed."""

from dataclasses import replace

import pandas as pd

from analysis.core.specification import Model, Term
from analysis.design.matrix import build
from analysis.inference.fitting import fit_checked
from analysis.studies.evidence.rows import Rows, checked, joint_row, term_row
from analysis.studies.kimball import MORTALITY, RATE, ROSE

CHECK = "lags and leads"
REACH = 3  # years before and after
LAGS = tuple(Term(ROSE, years) for years in range(1, REACH + 1))
LEADS = tuple(Term(ROSE, -years) for years in range(1, REACH + 1))


def lag_and_lead_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """Estimate the model with the rise of mortality in each of the years t-3 to t+3 jointly.

    An effect shows in the lags. The leads are rises after the formation, which cannot have caused it: if they speak as
    loud as the lags, the rise stands for something else.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        A model with the rate and the rise of infant mortality.

    Returns
    -------
    list of dict
        Rows of results.evidence: one per year, and joint tests of all leads, of all lags, and of the lags with the year
        itself.
    """
    return checked(CHECK, f"t-{REACH} to t+{REACH} jointly", lambda: _fitted(panel, model))


def _fitted(panel: pd.DataFrame, model: Model) -> Rows:
    others = tuple(term for term in model.terms if term.column not in MORTALITY)
    rises = (*LAGS[::-1], Term(ROSE), *LEADS)
    design = build(panel, replace(model, terms=(Term(RATE), *rises, *others)))
    fitted, warnings = fit_checked(design, model)
    problem = "; ".join(warnings + design.dropped) or None
    rows = [
        term_row(fitted, design, term.name) | {"detail": f"t{-term.lag:+d}" if term.lag else "t", "problem": problem}
        for term in rises
        if term.name in design.terms
    ]
    lags, leads = [term.name for term in LAGS], [term.name for term in LEADS]
    return [
        *rows,
        joint_row(fitted, design, leads, "all leads"),
        joint_row(fitted, design, lags, "all lags"),
        joint_row(fitted, design, [ROSE, *lags], "year t and all lags"),
    ]
