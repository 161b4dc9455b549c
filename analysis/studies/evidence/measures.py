"""The headline model with other measures of how infant mortality changed, each beside its level."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from analysis.core.panel import column_values, lag
from analysis.core.specification import Model, Term
from analysis.design.matrix import build, term_values
from analysis.inference.fitting import fit_checked
from analysis.studies.evidence.rows import Rows, checked, term_row
from analysis.studies.kimball import MORTALITY, RATE, ROSE

CHECK = "measure of mortality"
CHANGE, PERCENT = f"{RATE}_change", f"{RATE}_change_percent"
POSITIVE, NEGATIVE = f"{RATE}_change_positive_part", f"{RATE}_change_negative_part"
WITHOUT_ZEROS = f"{ROSE}_without_zeros"


def measure_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """Estimate the model with each measure of change in place of the rise.

    The measures are: the rise (0 or 1); the change; its positive part, max(change, 0); its negative part,
    min(change, 0); both parts; the change in per cent of the year before; and the rise without the state-years in
    which mortality did not change at all.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        A model with the rate and the rise of infant mortality.

    Returns
    -------
    list of dict
        One row of results.evidence per measure and term.
    """
    wider = panel.assign(**measures(panel))
    others = tuple(term for term in model.terms if term.column not in MORTALITY)
    rows: Rows = []
    for detail, columns in _variants():
        changed = replace(model, terms=(Term(RATE), *map(Term, columns), *others))
        rows += checked(CHECK, detail, partial(_fitted, wider, changed, columns))
    return rows


def measures(panel: pd.DataFrame) -> dict[str, np.ndarray]:
    """Measures of the yearly change of infant mortality.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel with n rows.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        CHANGE, POSITIVE and NEGATIVE in deaths per 1,000 live births, PERCENT in per cent of the year before, and
        WITHOUT_ZEROS, 0 or 1.
    """
    change, before = term_values(panel, Term(RATE, 0, "change")), lag(panel, column_values(panel, RATE), 1)
    return {
        CHANGE: change,
        POSITIVE: np.maximum(change, 0.0),
        NEGATIVE: np.minimum(change, 0.0),
        PERCENT: 100.0 * change / before,
        WITHOUT_ZEROS: np.where(change == 0.0, np.nan, column_values(panel, ROSE)),
    }


def _variants() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "rise", (ROSE,)
    yield "change", (CHANGE,)
    yield "positive part of the change", (POSITIVE,)
    yield "negative part of the change", (NEGATIVE,)
    yield "both parts of the change", (POSITIVE, NEGATIVE)
    yield "change in per cent", (PERCENT,)
    yield "rise, state-years of no change left out", (WITHOUT_ZEROS,)


def _fitted(panel: pd.DataFrame, model: Model, columns: tuple[str, ...]) -> Rows:
    design = build(panel, model)
    fitted, warnings = fit_checked(design, model)
    return [term_row(fitted, design, name) | {"problem": "; ".join(warnings) or None} for name in columns]
