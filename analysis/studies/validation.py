"""Does mortality help to predict? Out-of-sample scores of the headline model with and without its mortality terms."""

from dataclasses import replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from analysis.core import tables
from analysis.core.errors import ModelError
from analysis.core.panel import KEY, column_values, prepare
from analysis.core.specification import Model, TimeDependence
from analysis.design.matrix import CONSTANT, Design, build, check_outcome, codes, independent_columns
from analysis.design.time_dependence import natural_spline
from analysis.estimators.links import LINKS
from analysis.inference.scores import SCORES
from analysis.studies.estimation import fit_checked
from analysis.studies.kimball import HEADLINE_MODEL, KIMBALL_2010, MORTALITY

FIRST_FORECAST = 1900  # earlier years are too few to learn from
YEARS_AHEAD = 10  # a choice of ours: how long a fit is used before it is made anew
FOLDS = 10  # likewise
DRAWS = 999
DRAWS_AT_ONCE = 32  # their weights stay in the processor's cache
SEED = 20100407
WITH, WITHOUT, TIME_ONLY, DIFFERENCE = "with mortality", "without mortality", "time only", "difference"
IN_SAMPLE, FORWARD, BY_STATE = "in sample", "forward in time", "states left out"
Blocks = dict[str, tuple[np.ndarray, np.ndarray]]  # name: masks (n,) of the rows to learn from and to predict


def validate(panel: pd.DataFrame, is_synthetic: bool = False, n_jobs: int = 1) -> dict[str, pd.DataFrame]:
    """Score predictions of the headline model, of the same without mortality, and of the time since the last formation
    alone, all on the state-years of the headline model (Ward, Greenhill & Bakke 2010).

    Three schemes: in sample, for comparison; forward in time (each decade from 1900 predicted from all years before
    it); and states left out (each tenth of the states predicted from the others). Coefficients and spline knots come
    from the rows learnt from; the variables of a predicted year are taken as known, also the time since the last
    formation. Returns "validation", one row per scheme, score and set of terms, with intervals from DRAWS resamples of
    whole states, and "separation", the forward predictions in order. What could not be predicted (a decade, a tenth,
    or everything) has a row that says why. `n_jobs` worker processes through joblib; the result does not depend on
    them.
    """
    panel = prepare(panel)
    model = next(model for model in KIMBALL_2010 if model.name == HEADLINE_MODEL)
    try:
        design = build(panel, model)
        if not set(MORTALITY) <= set(design.terms):
            raise ModelError("; ".join(design.dropped))
    except ModelError as error:
        rows = [problem_row(scheme, str(error)) for scheme in (IN_SAMPLE, FORWARD, BY_STATE)]
        return {
            "validation": tables.frame("validation", rows, is_synthetic),
            "separation": tables.frame("separation", [], is_synthetic),
        }
    keys = panel[KEY].to_numpy()[design.rows]
    time = column_values(panel, model.time.column)[design.rows]
    schemes = {IN_SAMPLE: in_sample(keys[:, 1]), FORWARD: forward(keys[:, 1]), BY_STATE: states_left_out(design.states)}
    done = Parallel(n_jobs=n_jobs)(
        delayed(scheme_rows)(design, time, model, scheme, blocks) for scheme, blocks in schemes.items()
    )
    predictions = dict(zip(schemes, (predicted for _, predicted in done), strict=True))[FORWARD]
    return {
        "validation": tables.frame("validation", [row for rows, _ in done for row in rows], is_synthetic),
        "separation": tables.frame("separation", separation_rows(keys, design.outcome, predictions), is_synthetic),
    }


def in_sample(years: np.ndarray) -> Blocks:
    """All rows predicted from all."""
    everything = np.ones(len(years), dtype=bool)
    return {"all years": (everything, everything)}


def forward(years: np.ndarray) -> Blocks:
    """Each decade from FIRST_FORECAST that has rows, from the years before it."""
    blocks = {}
    for start in range(FIRST_FORECAST, int(years.max()) + 1, YEARS_AHEAD):
        end = start + YEARS_AHEAD - 1
        decade = (years >= start) & (years <= end)
        if decade.any():
            blocks[f"{start}-{end}"] = (years < start, decade)
    return blocks


def states_left_out(states: np.ndarray) -> Blocks:
    """The states, numbered 0..G-1, dealt into FOLDS at random with a fixed seed: each fold from the other states."""
    count = int(states.max()) + 1
    fold = np.random.default_rng(SEED).permutation(count)[states] % FOLDS
    return {f"fold {number + 1}": (fold != number, fold == number) for number in np.unique(fold)}


def scheme_rows(
    design: Design, time: np.ndarray, model: Model, scheme: str, blocks: Blocks
) -> tuple[list[dict], np.ndarray]:
    """The rows of one scheme, and its predictions, as predict() returns them."""
    predictions, problems = predict(design, time, model, blocks)
    failed = [problem_row(scheme, problem) for problem in problems]
    predicted = np.isfinite(predictions[:, 0])
    outcome, states = design.outcome[predicted], codes(design.states[predicted])
    if not predicted.any() or outcome.min() == outcome.max():
        return [*failed, problem_row(scheme, "the predicted state-years do not hold both outcomes")], predictions
    values = score_all(outcome, predictions[predicted], np.ones((1, len(outcome))))
    redrawn = resampled(outcome, predictions[predicted], states)
    counts = {"n": len(outcome), "events": int(outcome.sum()), "clusters": int(states.max()) + 1}
    rows = []
    for score in SCORES:
        # per set of terms, and with minus without in the same draws
        point = np.column_stack([values[score], values[score][:, 0] - values[score][:, 1]])[0]
        drawn = np.column_stack([redrawn[score], redrawn[score][:, 0] - redrawn[score][:, 1]])
        for place, terms in enumerate((WITH, WITHOUT, TIME_ONLY, DIFFERENCE)):
            low, high = np.nanquantile(drawn[:, place], [0.025, 0.975]) if counts["clusters"] > 1 else (None, None)
            rows.append(
                {"model": HEADLINE_MODEL, "scheme": scheme, "score": score, "terms": terms}
                | counts
                | {"value": float(point[place]), "conf_low": low, "conf_high": high, "problem": None}
            )
    return rows + failed, predictions


def predict(design: Design, time: np.ndarray, model: Model, blocks: Blocks) -> tuple[np.ndarray, list[str]]:
    """Probabilities (n, 3): with mortality, without, time only; and why a block has none.

    A block in which one of the three cannot be fitted is NaN in all, so that they are scored on the same rows.
    """
    predictions, problems = np.full((len(design.outcome), 3), np.nan), []
    without = [term for term in design.plain if term not in MORTALITY]
    for name, (learn, test) in blocks.items():
        try:
            block = [predict_block(design, time, model, plain, learn, test) for plain in (design.plain, without, [])]
            predictions[test] = np.column_stack(block)
        except ModelError as error:
            problems.append(f"{name}, {int(test.sum())} state-years not predicted: {error}")
    return predictions, problems


def predict_block(
    design: Design, time: np.ndarray, model: Model, plain: list[str], learn: np.ndarray, test: np.ndarray
) -> np.ndarray:
    """Probabilities of the `test` rows by the model fitted on the `learn` rows with these terms beside time."""
    check_outcome(design.outcome[learn], model.outcome)
    clock = time_columns(time, time[learn], model.time)
    matrix = np.column_stack(
        [design.matrix[:, [design.terms.index(term) for term in plain]], clock, np.ones(len(time))]
    )
    terms = [*plain, *(f"{model.time.column}_{number}" for number in range(clock.shape[1])), CONSTANT]
    columns, _ = independent_columns(matrix[learn], terms)
    learned = replace(
        design,
        outcome=design.outcome[learn],
        matrix=np.ascontiguousarray(matrix[np.ix_(learn, columns)]),
        terms=[terms[column] for column in columns],
        rows=design.rows[learn],
        states=design.states[learn],
        years=design.years[learn],
    )
    fitted, _ = fit_checked(learned, model)
    return LINKS[model.link].probability(matrix[np.ix_(test, columns)] @ fitted.coefficients)


def time_columns(time: np.ndarray, learned: np.ndarray, dependence: TimeDependence) -> np.ndarray:
    """The headline's spline of `time` with the boundary knots of the times learnt from: straight beyond them."""
    boundary = (min(0.0, learned.min()), learned.max())
    knots = tuple(knot for knot in dependence.knots if boundary[0] < knot < boundary[1])
    return np.column_stack([time, natural_spline(time, knots, boundary)]) if knots else time[:, None]


def resampled(outcome: np.ndarray, predictions: np.ndarray, states: np.ndarray) -> dict[str, np.ndarray]:
    """Each score of the predictions (n, 3) in DRAWS samples of whole states with replacement, (DRAWS, 3)."""
    count = int(states.max()) + 1
    drawn = np.random.default_rng(SEED).multinomial(count, np.full(count, 1.0 / count), size=DRAWS).astype(float)
    parts = [
        score_all(outcome, predictions, drawn[start : start + DRAWS_AT_ONCE, states])
        for start in range(0, DRAWS, DRAWS_AT_ONCE)
    ]
    return {score: np.concatenate([part[score] for part in parts]) for score in SCORES}


def score_all(outcome: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Each score (draws, 3) of the predictions (n, 3) with row weights (draws, n)."""
    return {
        name: np.column_stack([score(outcome, column, weights) for column in predictions.T])
        for name, score in SCORES.items()
    }


def separation_rows(keys: np.ndarray, outcome: np.ndarray, predictions: np.ndarray) -> list[dict]:
    """The forward predictions, the least probable first; of equal ones the order of state and year."""
    order = np.argsort(predictions[:, 0], kind="stable")  # NaN, what was not predicted, comes last
    order = order[: np.isfinite(predictions[:, 0]).sum()]
    return [
        {
            "model": HEADLINE_MODEL,
            "scheme": FORWARD,
            "rank": rank,
            "cow_code": int(keys[row, 0]),
            "year": int(keys[row, 1]),
            "outcome": int(outcome[row]),
            "probability": float(predictions[row, 0]),
            "probability_without_mortality": float(predictions[row, 1]),
        }
        for rank, row in enumerate(order, start=1)
    ]


def problem_row(scheme: str, problem: str) -> dict:
    return dict.fromkeys(tables.COLUMN_DOCS["validation"]) | {
        "model": HEADLINE_MODEL,
        "scheme": scheme,
        "problem": problem,
    }
