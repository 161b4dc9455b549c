"""Fit the frozen multiverse to the panel, to a placebo and to planted effects, and test each curve as a whole."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from analysis.core import tables
from analysis.core.arrays import Floats
from analysis.core.conventions import SEED
from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.design.matrix import codes
from analysis.studies.evidence.power import SMALLEST_EFFECT
from analysis.studies.multiverse.dimensions import Choice, dimension_rows, specifications
from analysis.studies.multiverse.fitting import fit_specification, with_terms
from analysis.studies.multiverse.statistics import joint_tests, raked_weights, share_rows
from analysis.studies.planted_worlds import planted_world, world_source

OBSERVED, PLACEBO = "observed", "placebo"
PLANTED, PLANTED_LARGE = "planted, smallest effect of interest", "planted, three times that effect"
PLANTED_EFFECTS = {PLANTED: SMALLEST_EFFECT, PLANTED_LARGE: 3 * SMALLEST_EFFECT}
CURVES = (OBSERVED, PLACEBO, *PLANTED_EFFECTS)
PLACEBO_LEAD = 3  # years
BATCH = 60  # specifications in one task of a worker process


def specification_curve(
    panel: pd.DataFrame, is_synthetic: bool = False, n_jobs: int = 1, choices: Sequence[Choice] | None = None
) -> dict[str, pd.DataFrame]:
    """Fit every specification of the multiverse in four curves, and test each curve as a whole.

    The curves are: the panel (observed); the same with mortality three years later, which cannot have an effect
    (placebo); and two worlds of the panel's size in which a rise has an effect of known size (`planted_world`). The
    last three show what the statistics can and cannot detect.

    Parameters
    ----------
    panel : DataFrame
        One row per ``cow_code`` and ``year``, in any order.
    is_synthetic : bool, default False
        Whether the panel is the synthetic sample; written to every table.
    n_jobs : int, default 1
        Worker processes, through joblib, whose backend the caller may choose. The results do not depend on it.
    choices : sequence of dict, optional
        Specifications to fit; those of ``multiverse.dimensions.specifications`` by default.

    Returns
    -------
    dict of str to DataFrame
        ``specification_curve``, for each curve one row per fit in the order of its z statistic, then those that could
        not be fitted; ``specification_tests``, one row per curve and joint statistic; ``multiverse_shares``, one row
        per curve and option; and ``multiverse_dimensions``. Columns as in ``tables.COLUMN_DOCS``. A planted curve is
        missing where the headline model, from which its world is drawn, cannot be estimated.

    Raises
    ------
    AnalysisError
        If the panel has no valid key.

    References
    ----------
    Steegen, Tuerlinckx, Gelman & Vanpaemel (2016), Perspectives on Psychological Science 11(5): 702-712.
    """
    choices = specifications() if choices is None else choices
    prepared = prepare(panel)
    curves = {OBSERVED: (prepared, choices), PLACEBO: (prepared, [_later(choice) for choice in choices])}
    try:
        source = world_source(prepared)
    except ModelError:
        pass  # results.models has the reason
    else:
        curves |= {name: (planted_world(source, effect, SEED), choices) for name, effect in PLANTED_EFFECTS.items()}
    found: dict[str, list[dict[str, Any]]] = {"specification_curve": [], "specification_tests": []}
    found |= {"multiverse_shares": [], "multiverse_dimensions": dimension_rows()}
    for curve, (data, chosen) in curves.items():
        rows, tests = fit_curve(data, chosen, n_jobs)
        for row, choice in zip(rows, choices, strict=True):
            row["mortality_lag"] = choice["mortality_lag"]
        fitted = [row for row in rows if row["problem"] is None]
        ordered = sorted(fitted, key=lambda row: (row["statistic"], row["specification"]))
        ordered += [row for row in rows if row["problem"] is not None]
        for table, new in (("curve", ordered), ("tests", tests)):
            found[f"specification_{table}"] += [{**row, "curve": curve} for row in new]
        found["multiverse_shares"] += [{**row, "curve": curve} for row in share_rows(rows)]
    return {name: tables.frame(name, rows, is_synthetic) for name, rows in found.items()}


def fit_curve(
    prepared: pd.DataFrame, choices: Sequence[Choice], n_jobs: int = 1
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Fit all specifications to one panel and test them jointly.

    Parameters
    ----------
    prepared : DataFrame
        A prepared panel.
    choices : sequence of dict
        Specifications.
    n_jobs : int, default 1
        Worker processes.

    Returns
    -------
    rows : list of dict
        Rows of results.specification_curve in the order of `choices`, without ``curve``.
    tests : list of dict
        Rows of results.specification_tests, without ``curve``; none if nothing could be fitted.
    """
    reduced = with_terms(prepared, choices)
    batches = [choices[start : start + BATCH] for start in range(0, len(choices), BATCH)]
    fitted = Parallel(n_jobs=n_jobs)(delayed(_fit_batch)(reduced, batch) for batch in batches)
    rows = [row for batch_rows, _ in fitted for row in batch_rows]
    kept = [position for position, row in enumerate(rows) if row["problem"] is None]
    if not kept:
        return rows, []
    scores = np.vstack([batch_scores for _, batch_scores in fitted])[kept]
    fitted_choices = [choices[position] for position in kept]
    for position, weight in zip(kept, raked_weights(fitted_choices), strict=True):
        rows[position]["weight"] = float(weight)
    z = np.array([rows[position]["statistic"] for position in kept])
    states, years = (codes(reduced[name].to_numpy()) for name in ("cow_code", "year"))
    return rows, joint_tests(z, scores, states, years, fitted_choices)


def _later(choice: Choice) -> Choice:
    return {**choice, "mortality_lag": choice["mortality_lag"] - PLACEBO_LEAD}


def _fit_batch(reduced: pd.DataFrame, choices: Sequence[Choice]) -> tuple[list[dict[str, Any]], Floats]:
    """Rows of the table, and the effective scores (specifications, n), 0 where there is no fit.

    BLAS has one thread, because with more it adds in another order and the last digits depend on the worker.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        return _fit_each(reduced, choices)


def _fit_each(reduced: pd.DataFrame, choices: Sequence[Choice]) -> tuple[list[dict[str, Any]], Floats]:
    rows, scores = [], np.zeros((len(choices), len(reduced)))
    for number, choice in enumerate(choices):
        row: dict[str, Any] = dict.fromkeys(tables.COLUMN_DOCS["specification_curve"]) | choice
        try:
            values, scores[number] = fit_specification(reduced, choice)
        except ModelError as error:
            row["problem"] = str(error)
        else:
            row |= values
        rows.append(row)
    return rows, scores
