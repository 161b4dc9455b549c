"""Distributed lags and leads of a rise of infant mortality: when, before or after it, alliances are formed."""

from dataclasses import replace
from functools import partial

import pandas as pd

from analysis.core.specification import Model, Term
from analysis.design.effects import add_state_means
from analysis.design.matrix import build
from analysis.inference.fitting import fit_checked
from analysis.studies.evidence.rows import Rows, checked, joint_row, term_row
from analysis.studies.kimball import MORTALITY, RATE, ROSE

CHECK, WITHIN = "lags and leads", "lags and leads within states"
LAGS = tuple(Term(ROSE, years) for years in (1, 2, 3))
LEADS = tuple(Term(ROSE, -years) for years in (1, 2, 3))
RISES = (*LAGS[::-1], Term(ROSE), *LEADS)


def lag_and_lead_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """Estimate the model with the rise of mortality in each of the years t-3 to t+3 jointly.

    An effect shows in the lags. The leads are rises after the formation, which cannot have caused it. What differs
    between states shows in lags and leads alike, and is taken out by state means of the mortality terms.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        A model with the rate and the rise of infant mortality.

    Returns
    -------
    list of dict
        Rows of results.evidence, without and with state means: one per year, and joint tests of all leads, of all lags,
        and of the lags with the year itself.
    """
    others = tuple(term for term in model.terms if term.column not in MORTALITY)
    wider = replace(model, terms=(Term(RATE), *RISES, *others))
    rows: Rows = []
    for check, with_means in ((CHECK, False), (WITHIN, True)):
        rows += checked(check, "t-3 to t+3 jointly", partial(_fitted, panel, wider, with_means))
    return rows


def _fitted(panel: pd.DataFrame, model: Model, with_means: bool) -> Rows:
    design = build(panel, model)
    if with_means:
        design = add_state_means(design, [name for name in MORTALITY if name in design.terms])
    fitted, warnings = fit_checked(design, model)
    problem = "; ".join(warnings + design.dropped) or None
    rows = [
        term_row(fitted, design, term.name) | {"detail": f"t{-term.lag:+d}" if term.lag else "t", "problem": problem}
        for term in RISES
        if term.name in design.terms
    ]
    lags, leads = [term.name for term in LAGS], [term.name for term in LEADS]
    return [
        *rows,
        joint_row(fitted, design, leads, "all leads"),
        joint_row(fitted, design, lags, "all lags"),
        joint_row(fitted, design, [ROSE, *lags], "year t and all lags"),
    ]
