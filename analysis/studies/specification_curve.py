"""Every combination of the choices Kimball (2010) leaves open, fitted, and tested as a whole."""

from itertools import product

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from analysis.core import tables
from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.core.specification import Model, Sample, Term, TimeDependence
from analysis.design.matrix import build, term_values
from analysis.inference.covariance import clustered
from analysis.inference.score_bootstrap import effective_scores, weights
from analysis.studies.estimation import fit_checked, wald

SOURCES = {
    "preferred": "infant_mortality_rate",
    "abouharb_kimball": "imr_abouharb_kimball",
    "gapminder": "imr_gapminder",
    "world_bank": "imr_world_bank",
}
CONTROLS = {
    "none": (),
    "published": (Term("cinc"), Term("dispute_rivals", 1), Term("w_over_s", 1)),
    "with environment": (
        Term("cinc"),
        Term("dispute_rivals", 1),
        Term("w_over_s", 1),
        Term("relevant_environment_disputes", 1),
    ),
}
# Each choice and its values, in the order of the columns; each value is a column entry of the table.
CHOICES = {
    "rule": ("military", "defense", "any"),
    "mortality_source": tuple(SOURCES),
    "measure": ("level", "change", "rise", "rise beside level"),
    "mortality_lag": (0, 1),
    "time_dependence": ("spline", "cubic", "spline since any formation"),
    "controls": tuple(CONTROLS),
    "sample": ("1816-2000", "1900-2000", "1946-2000"),
    "family": ("probit", "logit", "cloglog", "linear"),
}
DRAWS = 999
CRITICAL_Z = 1.959964  # two-sided 5 per cent point of the normal distribution
BATCH = 64


def specifications() -> list[dict]:
    """All distinct combinations of CHOICES, one dictionary each, numbered from 1 under "specification"."""
    combinations = (dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values()))
    distinct = (
        choice
        for choice in combinations
        if not (choice["rule"] == "any" and choice["time_dependence"] == "spline since any formation")
    )
    return [{"specification": number, **choice} for number, choice in enumerate(distinct, start=1)]


def mortality_terms(choice: dict) -> tuple[Term, ...]:
    """The mortality terms of one specification, the one under test first.

    The mart's own change and rise are used for the preferred series: they never compare two different sources.
    """
    column, lag = SOURCES[choice["mortality_source"]], choice["mortality_lag"]
    level = Term(column, lag)
    if choice["mortality_source"] == "preferred":
        change, rise = Term("infant_mortality_change_1y", lag), Term("infant_mortality_rose", lag)
    else:
        change, rise = Term(column, lag, "change"), Term(column, lag, "rose")
    return {"level": (level,), "change": (change,), "rise": (rise,), "rise beside level": (rise, level)}[
        choice["measure"]
    ]


def model_of(choice: dict) -> Model:
    """The model of one specification, whose terms are columns already lagged and transformed (see `with_terms`)."""
    terms = (*mortality_terms(choice), *CONTROLS[choice["controls"]])
    first, last = (int(year) for year in choice["sample"].split("-"))
    spell = "any" if choice["time_dependence"] == "spline since any formation" else choice["rule"]
    form = "cubic" if choice["time_dependence"] == "cubic" else "natural_spline"
    return Model(
        name=str(choice["specification"]),
        outcome=f"forms_{choice['rule']}_alliance",
        terms=tuple(Term(term.name) for term in terms),
        sample=Sample(choice["sample"], first, last),
        time=TimeDependence(f"years_since_{spell}_formation", form),
        link=choice["family"],
    )


def with_terms(panel: pd.DataFrame, choices: list[dict]) -> pd.DataFrame:
    """The panel reduced to what the specifications need, each lagged or transformed term a column of its own.

    A column the panel lacks is left out; the specifications that need it then say so.
    """
    terms = {term for choice in choices for term in (*mortality_terms(choice), *CONTROLS[choice["controls"]])}
    columns = {name: panel[name] for name in ("cow_code", "year")}
    for model in {(m.outcome, m.time.column): m for m in map(model_of, choices)}.values():
        columns |= {name: panel[name] for name in (model.outcome, model.time.column) if name in panel.columns}
    for term in sorted(terms, key=lambda term: term.name):
        if term.column in panel.columns:
            columns[term.name] = term_values(panel, term)
    return pd.DataFrame(columns)


def specification_curve(
    panel: pd.DataFrame, is_synthetic: bool = False, jobs: int = 1, choices: list[dict] | None = None
) -> dict[str, pd.DataFrame]:
    """Fit every specification and test the curve as a whole.

    Returns "specification_curve", one row per specification ordered by its statistic, and "specification_tests", one
    row per joint statistic. `jobs` worker processes through joblib (whose backend the caller may choose). The joint
    test reweights each state's scores, under the hypothesis that mortality does nothing, with the same random weight in
    all specifications, so that their dependence on each other is kept; it takes no further fits.
    """
    choices = specifications() if choices is None else choices
    prepared = with_terms(prepare(panel), choices)
    batches = [choices[start : start + BATCH] for start in range(0, len(choices), BATCH)]
    if jobs == 1:
        fitted = [fit_batch(prepared, batch) for batch in batches]
    else:
        fitted = Parallel(n_jobs=jobs)(delayed(fit_batch)(prepared, batch) for batch in batches)
    rows = [row for batch_rows, _ in fitted for row in batch_rows]
    scores = np.vstack([batch_scores for _, batch_scores in fitted])
    keep = distinct_rows(rows)
    tests = joint_tests(np.array([row["statistic"] for row in rows])[keep], scores[keep])
    kept = sorted((rows[place] for place in keep), key=lambda row: (row["statistic"], row["specification"]))
    failed = [row for row in rows if row["problem"] is not None]
    return {
        "specification_curve": tables.frame("specification_curve", kept + failed, is_synthetic),
        "specification_tests": tables.frame("specification_tests", tests, is_synthetic),
    }


def fit_batch(prepared: pd.DataFrame, choices: list[dict]) -> tuple[list[dict], np.ndarray]:
    """Rows of the table, and for each the effective scores by state under the null, (specifications, states), 0 where
    none."""
    states = np.unique(prepared["cow_code"])
    rows, scores = [], np.zeros((len(choices), len(states)))
    for place, choice in enumerate(choices):
        row = dict.fromkeys(tables.COLUMN_DOCS["specification_curve"]) | choice
        rows.append(row)
        try:
            design = build(prepared, model_of(choice))
            term = mortality_terms(choice)[0].name
            if term not in design.terms:
                raise ModelError("; ".join(design.dropped))
            fitted, _ = fit_checked(design, model_of(choice))
        except ModelError as error:
            row["problem"] = str(error)
            continue
        position = design.terms.index(term)
        estimate = float(fitted.coefficients[position])
        error = float(np.sqrt(clustered(fitted, design.states)[position, position]))
        spread = float(design.matrix[:, position].std())
        row |= {
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
        scores[place, np.searchsorted(states, present)] = effective_scores(fitted, position, design.states, 0.0)
    return rows, scores


def distinct_rows(rows: list[dict]) -> list[int]:
    """Places of the fitted rows, each fit once: where a series begins late, or two agree, a choice changes nothing."""
    seen, places = set(), []
    for place, row in enumerate(rows):
        choices = (row[name] for name in CHOICES if name not in ("sample", "mortality_source"))
        fit = (*choices, row["n"], row["events"], row["estimate"])
        if row["problem"] is None and fit not in seen:
            seen.add(fit)
            places.append(place)
    return places


def joint_tests(statistics: np.ndarray, scores: np.ndarray) -> list[dict]:
    """Observed joint statistics against their distribution under the null of no effect in any specification.

    statistics (S,) are z values; scores (S, G) effective scores by state at the null. One-sided towards more positive
    effects, as the claim has it, for the median, the mean and the share positive and significant; two-sided for the
    share significant.
    """
    present = scores != 0.0
    count = np.maximum(present.sum(axis=1), 2)
    squares = (scores**2).sum(axis=1)
    sums = scores @ weights(scores.shape[1], DRAWS).T
    spread = np.sqrt(np.maximum(squares[:, None] - sums**2 / count[:, None], 1e-300) * (count / (count - 1))[:, None])
    drawn = sums / spread  # (S, DRAWS)
    summaries = {
        "median z": lambda z: np.median(z, axis=0),
        "mean z": lambda z: np.mean(z, axis=0),
        "share positive": lambda z: np.mean(z > 0, axis=0),
        "share positive and significant": lambda z: np.mean(z > CRITICAL_Z, axis=0),
        "share significant": lambda z: np.mean(np.abs(z) > CRITICAL_Z, axis=0),
    }
    rows = []
    for name, summary in summaries.items():
        observed, under_null = float(summary(statistics)), summary(drawn)
        rows.append(
            {
                "statistic": name,
                "specifications": len(statistics),
                "observed": observed,
                "null_median": float(np.median(under_null)),
                "null_95": float(np.quantile(under_null, 0.95)),
                "p_value": (1 + int((under_null >= observed - 1e-12).sum())) / (1 + DRAWS),
                "draws": DRAWS,
            }
        )
    return rows
