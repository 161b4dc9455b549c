"""What one specification of the multiverse estimates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.core.arrays import Floats
from analysis.core.errors import ModelError
from analysis.core.panel import KEY
from analysis.core.specification import Model, Sample, Term, TimeDependence
from analysis.design.effects import add_period_effects, add_state_means
from analysis.design.matrix import Design, build, term_values
from analysis.inference.covariance import clustered, two_way
from analysis.inference.fitting import fit_checked
from analysis.inference.score_bootstrap import effective_scores
from analysis.inference.wald import wald
from analysis.studies import kimball
from analysis.studies.multiverse.dimensions import (
    BESIDE_LEVEL,
    CONTROLS,
    LEFT_OUT,
    MUNDLAK,
    POSITIVE_PART,
    SINCE_ANY,
    SOURCES,
    TWO_WAY,
    Choice,
)

SUSPECT = "infant_mortality_is_suspect"
PERIODS = {"decade": 10, "year": 1}  # lengths in years
PART = "_positive_part"


def mortality_terms(choice: Choice) -> tuple[Term, ...]:
    """Mortality terms of one specification.

    For the preferred series they use the change and the rise of the mart, which never compare two sources.

    Parameters
    ----------
    choice : dict
        One of ``dimensions.specifications``.

    Returns
    -------
    tuple of Term
        The term under test first; for the positive part the change of which it is a part.
    """
    column, lag = SOURCES[choice["mortality_source"]], choice["mortality_lag"]
    if choice["mortality_source"] == "preferred":
        change, rise = Term("infant_mortality_change_1y", lag), Term(kimball.ROSE, lag)
    else:
        change, rise = Term(column, lag, "change"), Term(column, lag, "rose")
    by_measure = {
        "change": (change,),
        POSITIVE_PART: (change,),
        "rise": (rise,),
        BESIDE_LEVEL: (rise, Term(column, lag)),
    }
    return by_measure[choice["measure"]]


def mortality_names(choice: Choice) -> tuple[str, ...]:
    """Names of the mortality terms of one specification, the one under test first."""
    names = tuple(term.name for term in mortality_terms(choice))
    return (names[0] + PART,) if choice["measure"] == POSITIVE_PART else names


def model_of(choice: Choice) -> Model:
    """Model of one specification, for a panel from `with_terms`.

    Parameters
    ----------
    choice : dict
        One of ``dimensions.specifications``.

    Returns
    -------
    Model
        Its terms are named after the lagged and transformed columns and have no lag or transformation of their own.
    """
    names = (*mortality_names(choice), *(term.name for term in CONTROLS[choice["controls"]]))
    first, last = (int(year) for year in choice["sample"].split("-"))
    where = SUSPECT if choice["flagged_values"] == LEFT_OUT else None
    formation = "any" if choice["time_dependence"] == SINCE_ANY else choice["rule"]
    form = "cubic" if choice["time_dependence"] == "cubic" else "natural_spline"
    return Model(
        name=str(choice["specification"]),
        outcome=f"forms_{choice['rule']}_alliance",
        terms=tuple(map(Term, names)),
        sample=Sample(choice["sample"], first, last, where, 1.0 if where else None, negate=where is not None),
        time=TimeDependence(f"years_since_{formation}_formation", form),
        link=choice["family"],
    )


def panel_columns(choice: Choice) -> set[str]:
    """Columns of the panel that one specification reads, keys excluded."""
    model = model_of(choice)
    terms = (*mortality_terms(choice), *CONTROLS[choice["controls"]])
    columns = {model.outcome, *(term.column for term in terms)}
    columns |= {model.time.column} if model.time else set()
    return columns | ({model.sample.where} if model.sample.where else set())


def with_terms(panel: pd.DataFrame, choices: Sequence[Choice]) -> pd.DataFrame:
    """The panel reduced to what the specifications need, each lagged or transformed term a column of its own.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    choices : sequence of dict
        Specifications.

    Returns
    -------
    DataFrame
        A column the panel lacks is left out, and the specifications that need it fail with that reason.
    """
    models = [model_of(choice) for choice in choices]
    needed = {model.outcome for model in models} | {model.time.column for model in models if model.time is not None}
    needed |= {model.sample.where for model in models if model.sample.where is not None}
    columns: dict[str, Any] = {name: panel[name] for name in (*KEY, *sorted(needed)) if name in panel.columns}
    terms = {term for choice in choices for term in (*mortality_terms(choice), *CONTROLS[choice["controls"]])}
    for term in sorted(terms, key=lambda term: term.name):
        if term.column in panel.columns:
            values = term_values(panel, term)
            columns |= {term.name: values, term.name + PART: np.maximum(values, 0.0)}
    return pd.DataFrame(columns)


def design_of(prepared: pd.DataFrame, choice: Choice) -> tuple[Design, Model]:
    """Estimation sample of one specification, with its calendar effects and state means.

    Parameters
    ----------
    prepared : DataFrame
        From `with_terms`.
    choice : dict
        One specification.

    Returns
    -------
    design : Design
        State means are those of the mortality terms over the rows that the calendar effects leave.
    model : Model
        From `model_of`.

    Raises
    ------
    ModelError
        If the sample cannot be formed.
    """
    model = model_of(choice)
    design = build(prepared, model)
    if choice["calendar_effects"] != "none":
        length = PERIODS[choice["calendar_effects"]]
        years = prepared["year"].to_numpy()[design.rows]
        design, _ = add_period_effects(design, years // length * length, choice["calendar_effects"])
    if choice["unit_effects"] == MUNDLAK:
        design = add_state_means(design, [name for name in mortality_names(choice) if name in design.terms])
    return design, model


def fit_specification(prepared: pd.DataFrame, choice: Choice) -> tuple[dict[str, Any], Floats]:
    """Fit one specification.

    Parameters
    ----------
    prepared : DataFrame
        From `with_terms`, with n rows.
    choice : dict
        One specification.

    Returns
    -------
    columns : dict
        Columns of results.specification_curve.
    scores : ndarray of shape (n,)
        Effective scores of the coefficient under test with the coefficient held at 0, in units of the coefficient; 0 in
        rows that are not in the sample.

    Raises
    ------
    ModelError
        If the specification cannot be fitted.
    """
    term = mortality_names(choice)[0]
    design, model = design_of(prepared, choice)
    if term not in design.terms:
        raise ModelError("; ".join(design.dropped))
    fitted, _ = fit_checked(design, model)
    position = design.terms.index(term)
    estimate = float(fitted.coefficients[position])
    degrees = int(design.states.max())
    if choice["covariance"] == TWO_WAY:
        covariance, _ = two_way(fitted, design.states, design.years)
        degrees = min(degrees, int(design.years.max()))
    else:
        covariance = clustered(fitted, design.states)
    variance = float(covariance[position, position])
    if not variance > 0.0:
        raise ModelError(f"no standard error {choice['covariance']} of {term}")
    test = wald(estimate, float(np.sqrt(variance)), degrees)
    scores = np.zeros(len(prepared))
    scores[design.rows] = effective_scores(fitted, position, np.arange(len(design.rows)), 0.0)
    spread = float(design.matrix[:, position].std())
    columns = {
        "term": term,
        "n": len(design.outcome),
        "events": int(design.outcome.sum()),
        **{name: test[name] for name in ("estimate", "std_error", "statistic", "p_value")},
        "effect": estimate * spread * float(fitted.link.density(fitted.index).mean()),
    }
    return columns, scores
