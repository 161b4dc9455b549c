"""Fit every combination of the choices Kimball (2010) leaves open, and test the combinations as a whole."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from scipy.special import ndtri

from analysis.core import tables
from analysis.core.conventions import INTERVAL_TAILS, SIGNIFICANCE_LEVEL
from analysis.core.errors import ModelError
from analysis.core.panel import KEY, prepare
from analysis.core.specification import Model, Sample, Term, TimeDependence
from analysis.design.matrix import build, term_values
from analysis.inference.covariance import clustered
from analysis.inference.fitting import fit_checked
from analysis.inference.score_bootstrap import effective_scores, weights
from analysis.inference.wald import wald
from analysis.studies import kimball

SOURCES = {
    "preferred": kimball.RATE,
    "abouharb_kimball": "imr_abouharb_kimball",
    "gapminder": "imr_gapminder",
    "world_bank": "imr_world_bank",
}
CONTROLS: dict[str, tuple[Term, ...]] = {
    "none": (),
    "published": kimball.CONTROLS,
    "with environment": (*kimball.CONTROLS, kimball.ENVIRONMENT_DISPUTES),
}
# Each choice and its values. Names and values are columns and entries of results.specification_curve.
CHOICES: dict[str, tuple[str | int, ...]] = {
    "rule": ("military", "defense", "any"),
    "mortality_source": tuple(SOURCES),
    "measure": ("level", "change", "rise", "rise beside level"),
    "mortality_lag": (0, 1),
    "time_dependence": ("spline", "cubic", "spline since any formation"),
    "controls": tuple(CONTROLS),
    "sample": ("1816-2000", "1900-2000", "1946-2000"),
    "family": ("probit", "logit", "cloglog", "linear"),
}
PRIMARY = "median z"  # the statistic named before the curve was fitted; the others are secondary
CRITICAL_Z = float(ndtri(INTERVAL_TAILS[1]))
DRAWS = 999
BATCH = 64  # specifications in one task of a worker process
Choice = dict[str, Any]  # one value for each of CHOICES, and the number under "specification"
Floats = npt.NDArray[np.float64]
JOINT_STATISTICS: dict[str, Callable[[Floats], Floats]] = {  # of z values (S, ...), over the specifications
    PRIMARY: lambda z: np.median(z, axis=0),
    "mean z": lambda z: np.mean(z, axis=0),
    "share positive": lambda z: np.mean(z > 0, axis=0),
    "share positive and significant": lambda z: np.mean(z > CRITICAL_Z, axis=0),
    "share significant": lambda z: np.mean(np.abs(z) > CRITICAL_Z, axis=0),
}


def specification_curve(
    panel: pd.DataFrame, is_synthetic: bool = False, n_jobs: int = 1, choices: Sequence[Choice] | None = None
) -> dict[str, pd.DataFrame]:
    """Fit every specification and test the curve as a whole.

    The joint test multiplies the scores of each state, under the hypothesis of no effect of mortality, by the same
    random weight in all specifications. This keeps the dependence between the specifications and needs no refit.

    Parameters
    ----------
    panel : DataFrame
        One row per ``cow_code`` and ``year``, in any order.
    is_synthetic : bool, default False
        Whether the panel is the synthetic sample; written to both tables.
    n_jobs : int, default 1
        Worker processes, through joblib, whose backend the caller may choose. The results do not depend on it.
    choices : sequence of dict, optional
        Specifications to fit; those of `specifications` by default.

    Returns
    -------
    dict of str to DataFrame
        ``specification_curve``, one row per distinct fit in the order of its z statistic, then those that could not be
        fitted; and ``specification_tests``, one row per joint statistic. Columns as in ``tables.COLUMN_DOCS``.

    Raises
    ------
    AnalysisError
        If the panel has no valid key.

    References
    ----------
    Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4: 1208-1214.
    Kline & Santos (2012), Journal of Econometric Methods 1(1): 23-41.
    """
    choices = specifications() if choices is None else choices
    prepared = _with_terms(prepare(panel), choices)
    batches = [choices[start : start + BATCH] for start in range(0, len(choices), BATCH)]
    fitted = Parallel(n_jobs=n_jobs)(delayed(_fit_batch)(prepared, batch) for batch in batches)
    rows = [row for batch_rows, _ in fitted for row in batch_rows]
    scores = np.vstack([batch_scores for _, batch_scores in fitted])
    distinct = _distinct_positions(rows)
    tests = joint_tests(np.array([row["statistic"] for row in rows])[distinct], scores[distinct])
    kept = sorted((rows[position] for position in distinct), key=lambda row: (row["statistic"], row["specification"]))
    failed = [row for row in rows if row["problem"] is not None]
    return {
        "specification_curve": tables.frame("specification_curve", kept + failed, is_synthetic),
        "specification_tests": tables.frame("specification_tests", tests, is_synthetic),
    }


def specifications() -> list[Choice]:
    """All distinct combinations of CHOICES.

    Returns
    -------
    list of dict
        One value for each key of CHOICES, and a number from 1 under ``specification``.
    """
    combinations = (dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values()))
    # For the rule "any" the two splines are the same.
    distinct = (
        choice
        for choice in combinations
        if not (choice["rule"] == "any" and choice["time_dependence"] == "spline since any formation")
    )
    return [{"specification": number, **choice} for number, choice in enumerate(distinct, start=1)]


def mortality_terms(choice: Choice) -> tuple[Term, ...]:
    """Mortality terms of one specification.

    For the preferred series they use the change and the rise of the mart, which never compare two sources.

    Parameters
    ----------
    choice : dict
        One of `specifications`.

    Returns
    -------
    tuple of Term
        The term under test first.
    """
    column, lag = SOURCES[choice["mortality_source"]], choice["mortality_lag"]
    level = Term(column, lag)
    if choice["mortality_source"] == "preferred":
        change, rise = Term("infant_mortality_change_1y", lag), Term(kimball.ROSE, lag)
    else:
        change, rise = Term(column, lag, "change"), Term(column, lag, "rose")
    by_measure = {"level": (level,), "change": (change,), "rise": (rise,), "rise beside level": (rise, level)}
    return by_measure[choice["measure"]]


def model_of(choice: Choice) -> Model:
    """Model of one specification, for a panel whose columns are the lagged and transformed terms.

    Parameters
    ----------
    choice : dict
        One of `specifications`.

    Returns
    -------
    Model
        Its terms are named after the lagged and transformed columns and have no lag or transformation of their own.
    """
    terms = (*mortality_terms(choice), *CONTROLS[choice["controls"]])
    first, last = (int(year) for year in choice["sample"].split("-"))
    formation = "any" if choice["time_dependence"] == "spline since any formation" else choice["rule"]
    form = "cubic" if choice["time_dependence"] == "cubic" else "natural_spline"
    return Model(
        name=str(choice["specification"]),
        outcome=f"forms_{choice['rule']}_alliance",
        terms=tuple(Term(term.name) for term in terms),
        sample=Sample(choice["sample"], first, last),
        time=TimeDependence(f"years_since_{formation}_formation", form),
        link=choice["family"],
    )


def joint_tests(statistics: Floats, scores: Floats) -> list[dict[str, Any]]:
    """Test the hypothesis of no effect in any specification by statistics of the whole curve.

    Parameters
    ----------
    statistics : ndarray of shape (S,)
        z values of the S specifications.
    scores : ndarray of shape (S, G)
        Effective scores of the coefficient under test by state, with the coefficient held at 0; 0 for states that are
        not in a specification's sample.

    Returns
    -------
    list of dict
        One row per statistic, columns as in ``tables.COLUMN_DOCS["specification_tests"]``. The p-values are one-sided,
        towards more positive effects, except for the share significant, which counts both signs.
    """
    present = scores != 0.0
    count = np.maximum(present.sum(axis=1), 2)
    squares = (scores**2).sum(axis=1)
    sums = scores @ weights(scores.shape[1], DRAWS).T
    spread = np.sqrt(np.maximum(squares[:, None] - sums**2 / count[:, None], 1e-300) * (count / (count - 1))[:, None])
    drawn = sums / spread  # (S, DRAWS)
    rows = []
    for name, statistic in JOINT_STATISTICS.items():
        observed, under_null = float(statistic(statistics)), statistic(drawn)
        rows.append(
            {
                "statistic": name,
                "specifications": len(statistics),
                "observed": observed,
                "null_median": float(np.median(under_null)),
                "null_95": float(np.quantile(under_null, 1 - SIGNIFICANCE_LEVEL)),
                "p_value": (1 + int((under_null >= observed - 1e-12).sum())) / (1 + DRAWS),
                "draws": DRAWS,
            }
        )
    return rows


def _with_terms(panel: pd.DataFrame, choices: Sequence[Choice]) -> pd.DataFrame:
    """The panel reduced to what the specifications need, each lagged or transformed term a column of its own.

    A column the panel lacks is left out, and the specifications that need it fail with that reason.
    """
    models = [model_of(choice) for choice in choices]
    needed = {model.outcome for model in models} | {model.time.column for model in models if model.time is not None}
    columns: dict[str, Any] = {name: panel[name] for name in (*KEY, *sorted(needed)) if name in panel.columns}
    terms = {term for choice in choices for term in (*mortality_terms(choice), *CONTROLS[choice["controls"]])}
    for term in sorted(terms, key=lambda term: term.name):
        if term.column in panel.columns:
            columns[term.name] = term_values(panel, term)
    return pd.DataFrame(columns)


def _fit_batch(prepared: pd.DataFrame, choices: Sequence[Choice]) -> tuple[list[dict[str, Any]], Floats]:
    """Rows of the table, and the effective scores (specifications, states), 0 where a state or fit is missing."""
    states = np.unique(prepared["cow_code"])
    rows, scores = [], np.zeros((len(choices), len(states)))
    for number, choice in enumerate(choices):
        row: dict[str, Any] = dict.fromkeys(tables.COLUMN_DOCS["specification_curve"]) | choice
        try:
            values, present, effective = _fit_one(prepared, choice)
        except ModelError as error:
            row["problem"] = str(error)
        else:
            row |= values
            scores[number, np.searchsorted(states, present)] = effective
        rows.append(row)
    return rows, scores


def _fit_one(prepared: pd.DataFrame, choice: Choice) -> tuple[dict[str, Any], npt.NDArray[np.int64], Floats]:
    """Columns of one specification; the codes of the states in its sample, ascending; their effective scores."""
    model, term = model_of(choice), mortality_terms(choice)[0].name
    design = build(prepared, model)
    if term not in design.terms:
        raise ModelError("; ".join(design.dropped))
    fitted, _ = fit_checked(design, model)
    position = design.terms.index(term)
    estimate = float(fitted.coefficients[position])
    error = float(np.sqrt(clustered(fitted, design.states)[position, position]))
    spread = float(design.matrix[:, position].std())
    columns = {
        "term": term,
        "n": len(design.outcome),
        "events": int(design.outcome.sum()),
        "estimate": estimate,
        "std_error": error,
        "statistic": estimate / error,
        "p_value": wald(estimate, error, int(design.states.max()))["p_value"],
        "effect": estimate * spread * float(fitted.link.density(fitted.index).mean()),
    }
    present = np.unique(prepared["cow_code"].to_numpy()[design.rows])
    return columns, present, effective_scores(fitted, position, design.states, 0.0)


def _distinct_positions(rows: list[dict[str, Any]]) -> list[int]:
    """Positions of the fitted rows, each fit once: a choice changes nothing if a series begins late or two agree."""
    seen, positions = set(), []
    for position, row in enumerate(rows):
        choices = (row[name] for name in CHOICES if name not in ("sample", "mortality_source"))
        fit = (*choices, row["n"], row["events"], row["estimate"])
        if row["problem"] is None and fit not in seen:
            seen.add(fit)
            positions.append(position)
    return positions
