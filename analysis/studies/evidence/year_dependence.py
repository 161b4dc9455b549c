"""How much the finding depends on single years: concentration of the formations, and errors that allow for it."""

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
import pandas as pd

from analysis.core.arrays import Floats, Integers
from analysis.core.specification import Model
from analysis.design.matrix import Design, build
from analysis.estimators.likelihood import Fit
from analysis.inference.covariance import clustered, two_way
from analysis.inference.fitting import fit_checked
from analysis.inference.jackknife import refitted_jackknife
from analysis.inference.score_bootstrap import score_bootstrap, weights
from analysis.inference.wald import wald
from analysis.studies.estimation import sample_size
from analysis.studies.evidence.rows import COEFFICIENT, Rows, checked
from analysis.studies.kimball import MORTALITY

CHECK = "dependence by year"
MOST_YEARS = 10
DRAWS = 9999  # of the bootstrap: with 999, a p-value near 0.06 has a simulation error of 0.0075
SHARE = "share of formations"


def year_dependence_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """Share of the formations in the years with most, and the mortality terms under errors dependent within years.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        A model with the rate and the rise of infant mortality.

    Returns
    -------
    list of dict
        Rows of results.evidence: the share; then, for each mortality term, errors clustered by state, by year and by
        both, the score bootstrap by state and by year, and the jackknife by state with full refits.

    References
    ----------
    Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29(2): 238-249.
    Kline & Santos (2012), Journal of Econometric Methods 1(1): 23-41.
    MacKinnon, Nielsen & Webb (2023), Journal of Applied Econometrics 38(5): 671-694.
    """
    detail = f"in the {MOST_YEARS} years with most"
    rows = checked(CHECK, detail, lambda: [_concentration(build(panel, model))])
    return rows + checked(CHECK, "errors", lambda: _error_rows(build(panel, model), model))


def share_in_top_years(outcome: Floats, years: Integers, count: int = MOST_YEARS) -> float:
    """Share of all events that fall into the years with most events.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1, with at least one 1.
    years : ndarray of shape (n,)
        Year codes.
    count : int, default MOST_YEARS
        Number of years.

    Returns
    -------
    float
        0 to 1.
    """
    by_year = np.sort(np.bincount(years, weights=outcome))
    return float(by_year[-count:].sum() / outcome.sum())


def _concentration(design: Design) -> dict[str, object]:
    return sample_size(design) | {"quantity": SHARE, "estimate": share_in_top_years(design.outcome, design.years)}


def _error_rows(design: Design, model: Model) -> Rows:
    fitted, _ = fit_checked(design, model)
    states, years = int(design.states.max()) + 1, int(design.years.max()) + 1
    covariances = list(_covariances(fitted, design, states, years))
    bootstraps = (("score_bootstrap", design.states, states), ("score_bootstrap_year", design.years, years))
    rows: Rows = []
    for name in (name for name in MORTALITY if name in design.terms):
        position = design.terms.index(name)
        estimate = float(fitted.coefficients[position])
        shared = sample_size(design) | {"term": name, "quantity": COEFFICIENT}
        for covariance, detail, matrix, degrees in covariances:
            error = float(np.sqrt(matrix[position, position]))
            rows.append(shared | {"covariance": covariance, "detail": detail} | wald(estimate, error, degrees))
        for covariance, clusters, count in bootstraps:
            test = asdict(score_bootstrap(fitted, position, clusters, weights(count, DRAWS)))
            detail = f"{count} clusters, {DRAWS:,} draws"
            rows.append(shared | {"covariance": covariance, "detail": detail, "estimate": estimate} | test)
    return rows


def _covariances(fitted: Fit, design: Design, states: int, years: int) -> Iterator[tuple[str, str, Floats, int]]:
    """Name, detail, covariance and degrees of freedom."""
    yield "cluster_state", f"{states} clusters", clustered(fitted, design.states), states - 1
    yield "cluster_year", f"{years} clusters", clustered(fitted, design.years), years - 1
    both, _ = two_way(fitted, design.states, design.years)
    yield "cluster_state_year", f"{states} and {years} clusters", both, min(states, years) - 1
    jackknife = refitted_jackknife(fitted, design.matrix, design.states)
    yield "jackknife_state_refitted", f"{states} refits", jackknife, states - 1
