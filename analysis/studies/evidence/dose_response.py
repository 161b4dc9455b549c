"""How often states form alliances after each size of change of infant mortality."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core import tables
from analysis.core.arrays import Floats, Integers, Mask
from analysis.core.errors import ModelError
from analysis.core.panel import column_values, prepare
from analysis.core.specification import Model, Term
from analysis.design.matrix import build, term_values
from analysis.inference.covariance import clustered
from analysis.inference.fitting import fit_checked
from analysis.inference.wald import log_odds_interval, wald
from analysis.studies.kimball import MORTALITY, RATE, headline_model

SUSPECT = "infant_mortality_is_suspect"
"""Optional column of the panel: whether the rate of the state-year is implausible."""

EDGES = (1.0, 2.0, 5.0)  # deaths per 1,000 live births
FALLS = ("falls over 5", "falls 2 to 5", "falls 1 to 2", "falls up to 1")
UNCHANGED = "no change"
RISES = ("rises up to 1", "rises 1 to 2", "rises 2 to 5", "rises over 5")
FLAGGED = "flagged"
BINS = (*FALLS, UNCHANGED, *RISES)
Labels = npt.NDArray[np.str_]


def dose_response(panel: pd.DataFrame, is_synthetic: bool = False) -> pd.DataFrame:
    """Share of state-years with a formation, and probit coefficient, by size of the yearly change of mortality.

    If higher demand for social policy causes alliances, the share should grow from the largest falls to the largest
    rises.

    Parameters
    ----------
    panel : DataFrame
        One row per ``cow_code`` and ``year``, in any order. With the column SUSPECT, its state-years are a bin of
        their own.
    is_synthetic : bool, default False
        Whether the panel is the synthetic sample; written to the table.

    Returns
    -------
    DataFrame
        One row per bin, columns as in ``tables.COLUMN_DOCS["dose_response"]``.

    Raises
    ------
    AnalysisError
        If the panel has no valid key.
    """
    panel = prepare(panel)
    labels = bin_labels(panel)
    bins = (*BINS, FLAGGED) if SUSPECT in panel.columns else BINS
    names = ("n", "events", "share", "share_low", "share_high")
    rows: list[dict[str, Any]] = [
        dict.fromkeys(tables.COLUMN_DOCS["dose_response"]) | {"bin_order": order, "bin": name}
        for order, name in enumerate(bins, start=1)
    ]
    try:
        design = build(panel, headline_model())
        for row in rows:
            member = labels[design.rows] == row["bin"]
            values = share_by_cluster(design.outcome, member, design.states)
            row.update(zip(names, values, strict=True))
        _add_estimates(rows, panel, labels, headline_model())
    except ModelError as error:
        for row in rows:
            row["problem"] = row["problem"] or str(error)
    return tables.frame("dose_response", rows, is_synthetic)


def bin_labels(panel: pd.DataFrame) -> Labels:
    """Bin of the yearly change of infant mortality of every row.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel with n rows.

    Returns
    -------
    ndarray of str, shape (n,)
        One of BINS or FLAGGED; empty where the change is missing. A change at an edge belongs to the bin nearer to 0.
    """
    change = term_values(panel, Term(RATE, 0, "change"))
    size = np.searchsorted(EDGES, np.abs(change), side="left")
    labels = np.select([change < 0, change > 0], [np.array(FALLS[::-1])[size], np.array(RISES)[size]], UNCHANGED)
    labels = np.where(np.isnan(change), "", labels)
    if SUSPECT in panel.columns:
        labels = np.where(column_values(panel, SUSPECT) == 1.0, FLAGGED, labels)
    return labels


def share_by_cluster(outcome: Floats, member: Mask, clusters: Integers) -> tuple[int, int, float, float, float]:
    """Share of events among some rows, with an interval clustered by state.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1.
    member : ndarray of bool, shape (n,)
        The rows.
    clusters : ndarray of shape (n,)
        Cluster codes.

    Returns
    -------
    n, events : int
        Rows, and events among them.
    share, low, high : float
        events / n, and its 95 per cent interval by linearisation, G / (G - 1) and t(G-1) with the G clusters of the
        rows; NaN where not defined.
    """
    n, events = int(member.sum()), int(outcome[member].sum())
    if n == 0:
        return 0, 0, np.nan, np.nan, np.nan
    share, inside = events / n, clusters[member]
    sums = np.bincount(inside, weights=outcome[member] - share)
    count = len(np.unique(inside))
    if count < 2:
        return n, events, share, np.nan, np.nan
    error = float(np.sqrt(count / (count - 1) * (sums @ sums))) / n
    return n, events, share, *log_odds_interval(share, error, count - 1)


def _add_estimates(rows: list[dict[str, Any]], panel: pd.DataFrame, labels: Labels, model: Model) -> None:
    """Write the probit coefficient of each bin against no change into its row."""
    if not next(row["n"] for row in rows if row["bin"] == UNCHANGED):
        raise ModelError("no state-year without change to compare with")
    others = tuple(term for term in model.terms if term.column not in MORTALITY)
    compared = {f"bin_{row['bin_order']}": row for row in rows if row["bin"] != UNCHANGED and row["n"]}
    known = labels != ""
    indicators = {name: np.where(known, labels == row["bin"], np.nan) for name, row in compared.items()}
    terms = (Term(RATE), *(Term(name) for name in indicators), *others)
    design = build(panel.assign(**indicators), replace(model, terms=terms))
    fitted, warnings = fit_checked(design, model)
    errors = np.sqrt(np.diag(clustered(fitted, design.states)))
    for name, row in compared.items():
        if name not in design.terms:
            row["problem"] = next((note for note in design.dropped if note.startswith(f"{name}:")), "not estimated")
            continue
        position = design.terms.index(name)
        test = wald(float(fitted.coefficients[position]), float(errors[position]), int(design.states.max()))
        row.update(test, problem="; ".join(warnings) or None)
