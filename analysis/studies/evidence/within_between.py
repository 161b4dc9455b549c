"""Comparisons within states (state means), within years and decades, and both."""

from collections.abc import Callable
from functools import partial

import pandas as pd

from analysis.core.specification import Model
from analysis.design.effects import STATE_MEAN, add_period_effects, add_state_means
from analysis.design.matrix import Design, build
from analysis.inference.fitting import fit_checked
from analysis.studies.evidence.rows import Rows, checked, joint_row, term_row
from analysis.studies.kimball import MORTALITY

WITHIN, CALENDAR, BOTH = "within states", "calendar effects", "within states and calendar effects"
MORTALITY_MEANS, ALL_MEANS = "state means of mortality", "state means of all terms"
YEARS, DECADES = "year effects", "decade effects"
Change = Callable[[Design], tuple[Design, str]]


def within_between_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """Estimate the model with state means of its terms, with effects of years or decades, and with both.

    With state means, the coefficient of a term compares years of the same state, and that of its mean is what differs
    between states beyond it. Years or decades in which the outcome does not vary predict it perfectly; their rows are
    left out, and ``problem`` counts them.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        A model with the rate and the rise of infant mortality.

    Returns
    -------
    list of dict
        Rows of results.evidence: one per variant and mortality term, and for their means; a joint test of the means.

    References
    ----------
    Mundlak (1978), Econometrica 46(1): 69-85.
    """
    rows: Rows = []
    for check, detail, change in (
        (WITHIN, MORTALITY_MEANS, lambda design: (_mortality_means(design), "")),
        (WITHIN, ALL_MEANS, lambda design: (add_state_means(design, design.plain), "")),
        (CALENDAR, YEARS, partial(_periods, panel, 1, "year")),
        (CALENDAR, DECADES, partial(_periods, panel, 10, "decade")),
        (BOTH, f"{MORTALITY_MEANS}, {YEARS}", partial(_both, panel, 1, "year")),
        (BOTH, f"{MORTALITY_MEANS}, {DECADES}", partial(_both, panel, 10, "decade")),
    ):
        rows += checked(check, detail, partial(_fitted, panel, model, change, detail))
    return rows


def _mortality_means(design: Design) -> Design:
    return add_state_means(design, [name for name in design.plain if name in MORTALITY])


def _periods(panel: pd.DataFrame, length: int, name: str, design: Design) -> tuple[Design, str]:
    years = panel["year"].to_numpy()[design.rows]
    return add_period_effects(design, years // length * length, name)


def _both(panel: pd.DataFrame, length: int, name: str, design: Design) -> tuple[Design, str]:
    """State means over the rows that the effects of the periods leave."""
    design, note = _periods(panel, length, name, design)
    return _mortality_means(design), note


def _fitted(panel: pd.DataFrame, model: Model, change: Change, detail: str) -> Rows:
    design, note = change(build(panel, model))
    fitted, warnings = fit_checked(design, model)
    problem = "; ".join(([note] if note else []) + warnings) or None
    means = [name + STATE_MEAN for name in MORTALITY if name + STATE_MEAN in design.terms]
    names = [name for name in (*MORTALITY, *means) if name in design.terms]
    rows = [term_row(fitted, design, name) | {"problem": problem} for name in names]
    return [*rows, joint_row(fitted, design, means, f"{detail}: means of mortality")] if means else rows
