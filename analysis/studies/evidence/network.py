"""The claim seen by pairs of states, with errors that allow for what pairs, treaties, years and states share."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.core import tables
from analysis.core.arrays import Floats, Integers
from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.core.specification import Model
from analysis.design.effects import STATE_MEAN, add_period_effects, add_state_means
from analysis.design.matrix import Design, build, codes
from analysis.estimators.likelihood import Fit
from analysis.inference.covariance import clustered, dyadic_robust, two_way
from analysis.inference.fitting import fit_checked
from analysis.inference.wald import wald
from analysis.studies.evidence.dyads import MEMBERS, TREATY, dyad_models, dyad_panel, summed
from analysis.studies.kimball import MORTALITY

DYADIC = "dyadic_robust"
POOLED, WITHIN, DECADES = "", "/within_dyads", "/decades"
DYAD_MEAN, DECADE = "_dyad_mean", "decade"
REPAIRED = "the covariance was not positive semi-definite and was repaired"


def network(
    panel: pd.DataFrame, dyad_years: pd.DataFrame, entries: pd.DataFrame, is_synthetic: bool = False
) -> pd.DataFrame:
    """Estimate the probits of formation by pairs of states.

    Parameters
    ----------
    panel, dyad_years, entries : DataFrame
        As for `analysis.studies.evidence.dyads.dyad_panel`.
    is_synthetic : bool, default False
        Whether the data are the synthetic sample; written to the table.

    Returns
    -------
    DataFrame
        One row per model, term and covariance, columns as in ``tables.COLUMN_DOCS["network"]``; one row with the
        ``problem`` for a model that cannot be fitted. Each model of `dyad_models` is fitted as it is, with the means of
        its mortality terms by dyad (so that the terms compare years of one dyad), and with effects of decades.

    References
    ----------
    Aronow, Samii & Assenova (2015), Political Analysis 23(4): 564-577.
    Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29(2): 238-249.
    Mundlak (1978), Econometrica 46(1): 69-85.
    """
    dyads = prepare(dyad_panel(panel, dyad_years, entries))
    empty = dict.fromkeys(tables.COLUMN_DOCS["network"])
    rows: list[dict[str, Any]] = []
    for model in dyad_models():
        for variant in (POOLED, WITHIN, DECADES):
            try:
                found = _rows(dyads, model, variant)
            except ModelError as error:
                found = [{"problem": _of_dyads(str(error))}]
            rows += [empty | {"model": model.name + variant} | row for row in found]
    return tables.frame("network", rows, is_synthetic)


def _of_dyads(text: str) -> str:
    """A message on a panel, whose rows are pairs here."""
    return text.replace("state-year", "dyad-year")


def _design(dyads: pd.DataFrame, model: Model, variant: str) -> tuple[Design, list[str]]:
    """The estimation sample, with the means of the mortality terms by dyad or the effects of decades, and notes."""
    design = build(dyads, model)
    if variant == WITHIN:
        means = add_state_means(design, [name for name in map(summed, MORTALITY) if name in design.plain])
        return replace(means, terms=[name.replace(STATE_MEAN, DYAD_MEAN) for name in means.terms]), means.dropped
    if variant == DECADES:
        years = dyads["year"].to_numpy()[design.rows]
        design, note = add_period_effects(design, years // 10 * 10, DECADE)
        return design, [*design.dropped, note]
    return design, design.dropped


def _rows(dyads: pd.DataFrame, model: Model, variant: str) -> list[dict[str, Any]]:
    design, notes = _design(dyads, model, variant)
    fitted, warnings = fit_checked(design, model)
    chosen = dyads.iloc[design.rows]
    members = codes(chosen[MEMBERS].to_numpy().ravel()).reshape(-1, 2)
    treaties = codes(chosen[TREATY[model.outcome]].fillna(-chosen["cow_code"]).to_numpy())
    sizes = {
        "n": len(design.outcome),
        "events": int(design.outcome.sum()),
        "dyads": int(design.states.max()) + 1,
        "states": int(members.max()) + 1,
    }
    rows = []
    for name, matrix, clusters, note in _covariances(fitted, design.states, treaties, design.years, members):
        errors = np.sqrt(np.diag(matrix))
        problem = _of_dyads("; ".join([*notes, *warnings, *([note] if note else [])])) or None
        shared = sizes | {"covariance": name, "clusters": clusters, "problem": problem}
        for term, estimate, error in zip(design.terms, fitted.coefficients, errors, strict=True):
            if not term.startswith(f"{DECADE}_"):
                rows.append(shared | {"term": term} | wald(float(estimate), float(error), clusters - 1))
    return rows


def _covariances(
    fitted: Fit, dyads: Integers, treaties: Integers, years: Integers, members: Integers
) -> Iterator[tuple[str, Floats, int, str | None]]:
    """Name, covariance, number of clusters, and what to know about it."""
    for name, clusters in (("cluster_dyad", dyads), ("cluster_treaty", treaties), ("cluster_year", years)):
        yield name, clustered(fitted, clusters), int(clusters.max()) + 1, None
    first, second = codes(members[:, 0]), codes(members[:, 1])
    matrix, repaired = two_way(fitted, first, second, dyads)
    fewer = int(min(first.max(), second.max())) + 1
    yield "cluster_members", matrix, fewer, REPAIRED if repaired else None
    matrix, repaired = dyadic_robust(fitted, members[:, 0], members[:, 1])
    yield DYADIC, matrix, int(members.max()) + 1, REPAIRED if repaired else None
