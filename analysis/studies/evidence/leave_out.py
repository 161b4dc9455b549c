"""The headline model without each calendar year, and without the state-years of each treaty."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from analysis.core import tables
from analysis.core.arrays import Mask
from analysis.core.errors import ModelError
from analysis.core.panel import KEY_FACTOR, prepare
from analysis.core.specification import Model
from analysis.design.matrix import Design, build, select_rows
from analysis.inference.fitting import fit_checked
from analysis.studies.evidence.rows import Rows, term_row
from analysis.studies.kimball import MORTALITY, headline_model

YEAR, TREATY = "one year", "one treaty"


def leave_out(panel: pd.DataFrame, entries: pd.DataFrame, is_synthetic: bool = False) -> pd.DataFrame:
    """Estimate the headline model without each year and each treaty in turn.

    Parameters
    ----------
    panel : DataFrame
        One row per ``cow_code`` and ``year``, in any order.
    entries : DataFrame
        Entries of states into alliances, as in marts.alliance_entries: ``cow_code``, ``atop_id``, ``entry_year``,
        ``is_new`` and ``has_<rule>`` of the model's obligation rule.
    is_synthetic : bool, default False
        Whether the panel is the synthetic sample; written to the table.

    Returns
    -------
    DataFrame
        One row per part and mortality term, columns as in ``tables.COLUMN_DOCS["leave_out"]``; parts without a row of
        the estimation sample are not there.

    Raises
    ------
    AnalysisError
        If the panel has no valid key.
    """
    panel, model = prepare(panel), headline_model()
    empty = dict.fromkeys(tables.COLUMN_DOCS["leave_out"])
    try:
        design = build(panel, model)
    except ModelError as error:
        return tables.frame("leave_out", [empty | {"problem": str(error)}], is_synthetic)
    rows: list[dict[str, Any]] = []
    for kind, identifier, without in (*_years(panel, design), *_treaties(panel, design, entries, model)):
        shared = empty | {"left_out": kind, "identifier": identifier}
        rows += [shared | row for row in _fitted(select_rows(design, ~without), model)]
    return tables.frame("leave_out", rows, is_synthetic)


def _years(panel: pd.DataFrame, design: Design) -> Iterator[tuple[str, int, Mask]]:
    years = panel["year"].to_numpy()[design.rows]
    for year in np.unique(years):
        yield YEAR, int(year), years == year


def _treaties(
    panel: pd.DataFrame, design: Design, entries: pd.DataFrame, model: Model
) -> Iterator[tuple[str, int, Mask]]:
    """For each treaty the state-years in which it forms an alliance by the model's obligation rule."""
    formed = entries[entries["is_new"].astype(bool) & entries[f"has_{model.rule}"].astype(bool)]
    keys = (panel["cow_code"] * KEY_FACTOR + panel["year"]).to_numpy()[design.rows]
    entered = (formed["cow_code"].astype("int64") * KEY_FACTOR + formed["entry_year"].astype("int64")).to_numpy()
    for treaty in np.unique(formed["atop_id"]):
        without = np.isin(keys, entered[formed["atop_id"] == treaty])
        if without.any():
            yield TREATY, int(treaty), without


def _fitted(design: Design, model: Model) -> Rows:
    try:
        fitted, warnings = fit_checked(design, model)
        names = [name for name in MORTALITY if name in design.terms]
        return [term_row(fitted, design, name) | {"problem": "; ".join(warnings) or None} for name in names]
    except ModelError as error:
        return [{"problem": str(error)}]
