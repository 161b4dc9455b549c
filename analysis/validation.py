"""Does mortality help to predict? Out-of-sample scores of the headline model with and without its mortality terms."""

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from analysis import tables
from analysis.design import Design, build, independent_columns
from analysis.errors import ModelError
from analysis.kimball import HEADLINE_MODEL, KIMBALL_2010, MORTALITY
from analysis.likelihood import fit
from analysis.links import LINKS
from analysis.panel import prepare
from analysis.scores import SCORES

FIRST_FORECAST = 1900  # earlier years are too few to learn from
YEARS_AHEAD = 10
FOLDS = 10
DRAWS = 999
SEED = 20100407
WITH, WITHOUT, DIFFERENCE = "with mortality", "without mortality", "difference"
IN_SAMPLE, FORWARD, BY_STATE = "in sample", "forward in time", "states left out"


def validate(panel: pd.DataFrame, is_synthetic: bool = False, jobs: int = 1) -> dict[str, pd.DataFrame]:
    """Score predictions of the headline model, and of the same without mortality, on the same state-years.

    Three schemes: in sample, for comparison; forward in time (each decade from 1900 predicted from the years before
    it); and states left out (each tenth of the states predicted from the others). Returns "validation", one row per
    scheme, score and set of terms, with intervals from a bootstrap of whole states, and "separation", the forward
    predictions in order. `jobs` worker processes through joblib. A scheme that cannot be carried out has one row that
    says why.
    """
    panel = prepare(panel)
    model = next(model for model in KIMBALL_2010 if model.name == HEADLINE_MODEL)
    try:
        design = build(panel, model)
        if not set(MORTALITY) <= set(design.terms):
            raise ModelError("; ".join(design.dropped))
    except ModelError as error:
        rows = [problem_row(scheme, error) for scheme in (IN_SAMPLE, FORWARD, BY_STATE)]
        return {
            "validation": tables.frame("validation", rows, is_synthetic),
            "separation": tables.frame("separation", [], is_synthetic),
        }
    years = panel["year"].to_numpy()[design.rows]
    folds = {IN_SAMPLE: in_sample(years), FORWARD: forward(years), BY_STATE: states_left_out(design.states)}
    done = Parallel(n_jobs=jobs)(delayed(scheme_rows)(design, scheme, splits) for scheme, splits in folds.items())
    predicted = next(predictions for rows, predictions in done if rows[0]["scheme"] == FORWARD)
    return {
        "validation": tables.frame("validation", [row for rows, _ in done for row in rows], is_synthetic),
        "separation": tables.frame("separation", separation_rows(panel, design, predicted), is_synthetic),
    }


def in_sample(years: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Masks (n,) of the rows to learn from and to predict: all, and all."""
    everything = np.ones(len(years), dtype=bool)
    return [(everything, everything)]


def forward(years: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each decade from FIRST_FORECAST: the years before it, and the decade."""
    starts = range(FIRST_FORECAST, int(years.max()) + 1, YEARS_AHEAD)
    splits = [(years < start, (years >= start) & (years < start + YEARS_AHEAD)) for start in starts]
    return [(past, decade) for past, decade in splits if past.any() and decade.any()]


def states_left_out(states: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The states dealt into FOLDS at random, with a fixed seed: for each fold the other states, and its own."""
    count = int(states.max()) + 1
    fold = np.random.default_rng(SEED).permutation(count)[states] % min(FOLDS, count)
    return [(fold != number, fold == number) for number in range(int(fold.max()) + 1)]


def scheme_rows(
    design: Design, scheme: str, splits: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[list[dict], np.ndarray | None]:
    """The rows of one scheme, and its predictions (n, 2), with and without mortality, NaN where nothing was
    predicted."""
    try:
        predictions = np.column_stack([predict(design, splits, leave_out) for leave_out in ((), MORTALITY)])
    except (ModelError, np.linalg.LinAlgError) as error:
        return [problem_row(scheme, error)], None
    predicted = np.isfinite(predictions).all(axis=1)
    outcome, states = design.outcome[predicted], design.states[predicted]
    if outcome.min() == outcome.max():
        return [problem_row(scheme, ModelError("the predicted state-years do not hold both outcomes"))], None
    drawn = state_weights(states)
    rows = []
    for name, score in SCORES.items():
        values = np.array([score(outcome, column, np.ones(len(outcome))) for column in predictions[predicted].T])
        redrawn = np.array([[score(outcome, column, w) for column in predictions[predicted].T] for w in drawn])
        for terms, value, draws in (
            (WITH, values[0], redrawn[:, 0]),
            (WITHOUT, values[1], redrawn[:, 1]),
            (DIFFERENCE, values[0] - values[1], redrawn[:, 0] - redrawn[:, 1]),
        ):
            low, high = np.nanquantile(draws, [0.025, 0.975])
            rows.append(
                {
                    "model": HEADLINE_MODEL,
                    "scheme": scheme,
                    "score": name,
                    "terms": terms,
                    "n": len(outcome),
                    "events": int(outcome.sum()),
                    "clusters": len(np.unique(states)),
                    "value": float(value),
                    "conf_low": float(low),
                    "conf_high": float(high),
                    "problem": None,
                }
            )
    return rows, predictions


def predict(design: Design, splits: list[tuple[np.ndarray, np.ndarray]], leave_out: tuple[str, ...]) -> np.ndarray:
    """Probabilities (n,) of the rows each split predicts, by the probit of the rows it learns from."""
    columns = [place for place, term in enumerate(design.terms) if term not in leave_out]
    probability = np.full(len(design.outcome), np.nan)
    link = LINKS["probit"]
    for learn, test in splits:
        outcome, matrix = design.outcome[learn], design.matrix[np.ix_(learn, columns)]
        if outcome.min() == outcome.max():
            raise ModelError("the state-years to learn from do not hold both outcomes")
        independent, _ = independent_columns(matrix, [design.terms[place] for place in columns])
        fitted = fit(outcome, np.ascontiguousarray(matrix[:, independent]), link)
        if fitted.is_flat or not fitted.converged:
            raise ModelError("no finite maximum on the state-years to learn from")
        index = design.matrix[np.ix_(test, columns)][:, independent] @ fitted.coefficients
        probability[test] = link.probability(index)
    return probability


def state_weights(states: np.ndarray) -> list[np.ndarray]:
    """DRAWS bootstrap weights (n,): how often each row's state was drawn, states drawn with replacement."""
    codes = np.unique(states, return_inverse=True)[1]
    count = int(codes.max()) + 1
    drawn = np.random.default_rng(SEED).multinomial(count, np.full(count, 1.0 / count), size=DRAWS)
    return [draw[codes].astype(float) for draw in drawn]


def separation_rows(panel: pd.DataFrame, design: Design, predictions: np.ndarray | None) -> list[dict]:
    """The forward predictions, the least probable first."""
    if predictions is None:
        return []
    keys = panel[["cow_code", "year"]].to_numpy()[design.rows]
    order = np.argsort(predictions[:, 0], kind="stable")  # NaN, what was not predicted, comes last
    order = order[: np.isfinite(predictions[:, 0]).sum()]
    return [
        {
            "model": HEADLINE_MODEL,
            "scheme": FORWARD,
            "rank": rank,
            "cow_code": int(keys[row, 0]),
            "year": int(keys[row, 1]),
            "outcome": int(design.outcome[row]),
            "probability": float(predictions[row, 0]),
            "probability_without_mortality": float(predictions[row, 1]),
        }
        for rank, row in enumerate(order, start=1)
    ]


def problem_row(scheme: str, error: Exception) -> dict:
    return dict.fromkeys(tables.COLUMN_DOCS["validation"]) | {
        "model": HEADLINE_MODEL,
        "scheme": scheme,
        "problem": str(error),
    }
