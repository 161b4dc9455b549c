"""Score out-of-sample predictions of the headline model with and without its mortality terms."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed

from analysis.core import tables
from analysis.core.conventions import INTERVAL_TAILS, SEED
from analysis.core.errors import ModelError
from analysis.core.panel import KEY, column_values, prepare
from analysis.core.specification import CONSTANT, Model, TimeDependence
from analysis.design.matrix import Design, build, check_outcome, codes, independent_columns
from analysis.design.time_dependence import natural_spline
from analysis.estimators.links import LINKS
from analysis.inference.fitting import fit_checked
from analysis.inference.scores import SCORES
from analysis.studies.kimball import HEADLINE_MODEL, MORTALITY, headline_model

FIRST_FORECAST = 1900  # earlier years leave too few to estimate on
YEARS_AHEAD = 10  # our choice: years predicted before the model is fitted again
FOLDS = 10  # our choice
DRAWS = 999
DRAWS_AT_ONCE = 32  # the weights of so many draws fit into the processor's cache
WITH, WITHOUT, TIME_ONLY, DIFFERENCE = "with mortality", "without mortality", "time only", "difference"
IN_SAMPLE, FORWARD, BY_STATE = "in sample", "forward in time", "states left out"
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Blocks = dict[str, tuple[Mask, Mask]]  # by name: rows (n,) to estimate on, and rows (n,) to predict
Rows = list[dict[str, Any]]


def validate(panel: pd.DataFrame, is_synthetic: bool = False, n_jobs: int = 1) -> dict[str, pd.DataFrame]:
    """Score three sets of terms on the state-years of the headline model, in and out of sample.

    The sets of terms are those of the headline model, the same without mortality, and the time since the last
    formation alone. They are scored in sample, for comparison; forward in time, each decade from 1900 predicted from
    all earlier years; and with states left out, each tenth of the states predicted from the others. Coefficients and
    spline knots come from the rows estimated on. The variables of a predicted year are taken as known, including the
    time since the last formation.

    Parameters
    ----------
    panel : DataFrame
        One row per ``cow_code`` and ``year``, in any order.
    is_synthetic : bool, default False
        Whether the panel is the synthetic sample; written to both tables.
    n_jobs : int, default 1
        Worker processes, through joblib. The results do not depend on it.

    Returns
    -------
    dict of str to DataFrame
        ``validation``, one row per scheme, score and set of terms, with 95 per cent intervals from resamples of whole
        states, and one row per decade or tenth that could not be predicted; and ``separation``, the forward
        predictions in order. Columns as in ``tables.COLUMN_DOCS``.

    Raises
    ------
    AnalysisError
        If the panel has no valid key.

    References
    ----------
    Ward, Greenhill & Bakke (2010), Journal of Peace Research 47(4): 363-375.
    """
    panel = prepare(panel)
    model = headline_model()
    try:
        design = build(panel, model)
        if not set(MORTALITY) <= set(design.terms):
            raise ModelError("; ".join(design.dropped))
        time = column_values(panel, _time_dependence(model).column)[design.rows]
    except ModelError as error:
        problems = [_problem_row(scheme, str(error)) for scheme in (IN_SAMPLE, FORWARD, BY_STATE)]
        return _as_tables(problems, [], is_synthetic)
    keys = panel[KEY].to_numpy()[design.rows]
    schemes = {IN_SAMPLE: in_sample(keys[:, 1]), FORWARD: forward(keys[:, 1]), BY_STATE: states_left_out(design.states)}
    scored = Parallel(n_jobs=n_jobs)(
        delayed(_scheme_rows)(design, time, model, scheme, blocks) for scheme, blocks in schemes.items()
    )
    predictions = {scheme: predicted for scheme, (_, predicted) in zip(schemes, scored, strict=True)}
    return _as_tables(
        [row for rows, _ in scored for row in rows],
        _separation_rows(keys, design.outcome, predictions[FORWARD]),
        is_synthetic,
    )


def in_sample(years: npt.NDArray[np.int64]) -> Blocks:
    """Predict all rows from all rows.

    Parameters
    ----------
    years : ndarray of shape (n,)
        Calendar year of each row.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        One block: the rows to estimate on and the rows to predict, boolean of shape (n,).
    """
    everything = np.ones(len(years), dtype=bool)
    return {"all years": (everything, everything)}


def forward(years: npt.NDArray[np.int64]) -> Blocks:
    """Predict each decade from FIRST_FORECAST from all earlier years.

    Parameters
    ----------
    years : ndarray of shape (n,)
        Calendar year of each row.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        By decade that has rows: the rows to estimate on and the rows to predict, boolean of shape (n,).
    """
    blocks = {}
    for start in range(FIRST_FORECAST, int(years.max()) + 1, YEARS_AHEAD):
        end = start + YEARS_AHEAD - 1
        decade = (years >= start) & (years <= end)
        if decade.any():
            blocks[f"{start}-{end}"] = (years < start, decade)
    return blocks


def states_left_out(states: npt.NDArray[np.int64]) -> Blocks:
    """Predict each of FOLDS random parts of the states from the other states.

    Parameters
    ----------
    states : ndarray of shape (n,)
        State of each row, numbered from 0.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        By fold: the rows to estimate on and the rows to predict, boolean of shape (n,). The folds are the same in
        every run.
    """
    count = int(states.max()) + 1
    fold = np.random.default_rng(SEED).permutation(count)[states] % FOLDS
    return {f"fold {number + 1}": (fold != number, fold == number) for number in np.unique(fold)}


def predict(design: Design, time: Floats, model: Model, blocks: Blocks) -> tuple[Floats, list[str]]:
    """Predict the outcome with three sets of terms, block by block.

    Parameters
    ----------
    design : Design
        Estimation sample of `model`, with n rows.
    time : ndarray of shape (n,)
        Time since the last formation, in years.
    model : Model
        The headline model.
    blocks : dict of str to (ndarray, ndarray)
        Rows to estimate on and rows to predict, by name of the block.

    Returns
    -------
    predictions : ndarray of shape (n, 3)
        Probabilities with mortality, without it, and by time only. NaN in all three columns for a block in which one
        of them cannot be fitted, so that all are scored on the same rows.
    problems : list of str
        The blocks without predictions, with the reason.
    """
    predictions, problems = np.full((len(design.outcome), 3), np.nan), []
    without = [term for term in design.plain if term not in MORTALITY]
    for name, (train, test) in blocks.items():
        try:
            block = [_predict_block(design, time, model, plain, train, test) for plain in (design.plain, without, [])]
            predictions[test] = np.column_stack(block)
        except ModelError as error:
            problems.append(f"{name}, {int(test.sum())} state-years not predicted: {error}")
    return predictions, problems


def _scheme_rows(design: Design, time: Floats, model: Model, scheme: str, blocks: Blocks) -> tuple[Rows, Floats]:
    """The rows of one scheme, and its predictions (n, 3) from `predict`."""
    predictions, problems = predict(design, time, model, blocks)
    failed = [_problem_row(scheme, problem) for problem in problems]
    predicted = np.isfinite(predictions[:, 0])
    outcome, states = design.outcome[predicted], codes(design.states[predicted])
    if not predicted.any() or outcome.min() == outcome.max():
        return [*failed, _problem_row(scheme, "the predicted state-years do not hold both outcomes")], predictions
    values = _score_all(outcome, predictions[predicted], np.ones((1, len(outcome))))
    drawn = _resampled_scores(outcome, predictions[predicted], states)
    clusters = int(states.max()) + 1
    shared: dict[str, Any] = {"model": HEADLINE_MODEL, "scheme": scheme, "problem": None}
    shared |= {"n": len(outcome), "events": int(outcome.sum()), "clusters": clusters}
    rows: Rows = []
    for score in SCORES:
        point, draws = _with_difference(values[score])[0], _with_difference(drawn[score])
        for column, terms in enumerate((WITH, WITHOUT, TIME_ONLY, DIFFERENCE)):
            low, high = np.nanquantile(draws[:, column], INTERVAL_TAILS) if clusters > 1 else (None, None)
            row = {"score": score, "terms": terms, "value": float(point[column]), "conf_low": low, "conf_high": high}
            rows.append(shared | row)
    return rows + failed, predictions


def _with_difference(scores: Floats) -> Floats:
    """Scores (draws, 3) and, as a fourth column, those with mortality less those without in the same draws."""
    return np.column_stack([scores, scores[:, 0] - scores[:, 1]])


def _predict_block(design: Design, time: Floats, model: Model, plain: list[str], train: Mask, test: Mask) -> Floats:
    """Probabilities of the `test` rows by a model of the terms `plain` and time, fitted on the `train` rows."""
    check_outcome(design.outcome[train], model.outcome)
    dependence = _time_dependence(model)
    time_terms = _time_columns(time, time[train], dependence)
    plain_terms = design.matrix[:, [design.terms.index(term) for term in plain]]
    matrix = np.column_stack([plain_terms, time_terms, np.ones(len(time))])
    terms = [*plain, *(f"{dependence.column}_{number}" for number in range(time_terms.shape[1])), CONSTANT]
    columns, _ = independent_columns(matrix[train], terms)
    matrix = np.take(matrix, columns, axis=1)
    training = replace(
        design,
        outcome=design.outcome[train],
        matrix=matrix[train],
        terms=[terms[column] for column in columns],
        rows=design.rows[train],
        states=design.states[train],
        years=design.years[train],
    )
    fitted, _ = fit_checked(training, model)
    probability: Floats = LINKS[model.link].probability(matrix[test] @ fitted.coefficients)
    return probability


def _time_dependence(model: Model) -> TimeDependence:
    if model.time is None:
        raise ModelError(f"{model.name} has no time dependence, which every set of terms includes")
    return model.time


def _time_columns(time: Floats, trained: Floats, dependence: TimeDependence) -> Floats:
    """Spline of `time` whose boundary knots come from the times estimated on; linear beyond them."""
    boundary = (min(0.0, trained.min()), trained.max())
    knots = tuple(knot for knot in dependence.knots if boundary[0] < knot < boundary[1])
    return np.column_stack([time, natural_spline(time, knots, boundary)]) if knots else time[:, None]


def _resampled_scores(outcome: Floats, predictions: Floats, states: npt.NDArray[np.int64]) -> dict[str, Floats]:
    """Each score (DRAWS, 3) of the predictions (n, 3) in samples of whole states with replacement."""
    count = int(states.max()) + 1
    drawn = np.random.default_rng(SEED).multinomial(count, np.full(count, 1.0 / count), size=DRAWS).astype(float)
    parts = [
        _score_all(outcome, predictions, drawn[start : start + DRAWS_AT_ONCE, states])
        for start in range(0, DRAWS, DRAWS_AT_ONCE)
    ]
    return {score: np.concatenate([part[score] for part in parts]) for score in SCORES}


def _score_all(outcome: Floats, predictions: Floats, weights: Floats) -> dict[str, Floats]:
    """Each score (draws, 3) of the predictions (n, 3) with row weights (draws, n)."""
    return {
        name: np.column_stack([score(outcome, column, weights) for column in predictions.T])
        for name, score in SCORES.items()
    }


def _separation_rows(keys: npt.NDArray[np.int64], outcome: Floats, predictions: Floats) -> Rows:
    """The forward predictions, the least probable first; ties in the order of state and year."""
    order = np.argsort(predictions[:, 0], kind="stable")  # NaN, a row without prediction, is sorted last
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


def _problem_row(scheme: str, problem: str) -> dict[str, Any]:
    empty = dict.fromkeys(tables.COLUMN_DOCS["validation"])
    return empty | {"model": HEADLINE_MODEL, "scheme": scheme, "problem": problem}


def _as_tables(validation: Rows, separation: Rows, is_synthetic: bool) -> dict[str, pd.DataFrame]:
    return {
        "validation": tables.frame("validation", validation, is_synthetic),
        "separation": tables.frame("separation", separation, is_synthetic),
    }
