"""How good predicted probabilities are: scores of outcomes (n,) of 0 and 1 against probabilities (n,), rows weighted.

Weights are none, one per row (n,), or a set per draw (draws, n); a score is a number, or one per draw.
"""

import numpy as np

TINY = 1e-12  # a probability of 0 or 1 that turns out wrong costs log(TINY), not infinity


def auc(outcome: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Area under the ROC curve: the share of pairs (event, non-event) in which the event has the higher prediction,
    ties half. NaN where there are only events or only non-events. Any increasing function of the probability will
    do."""
    events, others = by_prediction(outcome, prediction, weight)
    sorted_right = (events * (np.cumsum(others, axis=-1) - others / 2.0)).sum(axis=-1)
    return ratio(sorted_right, events.sum(axis=-1) * others.sum(axis=-1))


def average_precision(outcome: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Area under the precision-recall curve, as the mean precision over the steps of recall. NaN without events."""
    events, others = (sums[..., ::-1] for sums in by_prediction(outcome, prediction, weight))
    found, flagged = np.cumsum(events, axis=-1), np.cumsum(events + others, axis=-1)
    precision = found / np.maximum(flagged, np.finfo(float).tiny)  # nothing flagged: nothing found
    return ratio((events * precision).sum(axis=-1), events.sum(axis=-1))


def brier(outcome: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Mean squared error of the probability; lower is better."""
    return mean((outcome - prediction) ** 2, weight)


def log_score(outcome: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Mean logarithm of the probability given to what happened; higher is better."""
    probability = np.where(outcome == 1.0, prediction, 1.0 - prediction)
    return mean(np.log(np.maximum(probability, TINY)), weight)


def by_prediction(outcome, prediction, weight) -> tuple[np.ndarray, np.ndarray]:
    """Weights of events and of non-events at each distinct prediction, the lowest first."""
    order = np.argsort(prediction, kind="stable")
    starts = np.flatnonzero(np.diff(prediction[order], prepend=-np.inf))
    outcome = outcome[order]
    weight = np.ones(len(outcome)) if weight is None else weight[..., order]
    events = weight * outcome
    return np.add.reduceat(events, starts, axis=-1), np.add.reduceat(weight - events, starts, axis=-1)


def mean(values, weight) -> np.ndarray:
    return values.mean() if weight is None else ratio((weight * values).sum(axis=-1), weight.sum(axis=-1))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where whole is 0."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole != 0.0)[()]


SCORES = {"auc": auc, "average_precision": average_precision, "brier": brier, "log_score": log_score}
