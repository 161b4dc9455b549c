"""How good predicted probabilities are: scores of outcomes (n,) of 0 and 1 against probabilities (n,), rows
weighted."""

import numpy as np

TINY = 1e-12  # a probability of 0 or 1 that turns out wrong costs log(TINY), not infinity


def auc(outcome: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Area under the ROC curve: the share of pairs (event, non-event) in which the event has the higher prediction,
    ties half. NaN where there are only events or only non-events. Any increasing function of the probability will
    do."""
    events, others = by_prediction(outcome, prediction, weight)
    pairs = events.sum() * others.sum()
    if pairs == 0.0:
        return float("nan")
    return float((events * (np.cumsum(others) - others / 2.0)).sum() / pairs)


def average_precision(outcome: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Area under the precision-recall curve, as the mean precision over the steps of recall. NaN without events."""
    events, others = by_prediction(outcome, prediction, weight)
    if events.sum() == 0.0:
        return float("nan")
    found, flagged = np.cumsum(events[::-1]), np.cumsum((events + others)[::-1])
    return float((events[::-1] * found / np.maximum(flagged, 1e-300)).sum() / events.sum())


def brier(outcome: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Mean squared error of the probability; lower is better."""
    return float(np.average((outcome - prediction) ** 2, weights=weight))


def log_score(outcome: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Mean logarithm of the probability given to what happened; higher is better."""
    probability = np.where(outcome == 1.0, prediction, 1.0 - prediction)
    return float(np.average(np.log(np.maximum(probability, TINY)), weights=weight))


def by_prediction(outcome, prediction, weight) -> tuple[np.ndarray, np.ndarray]:
    """Weights of events and of non-events at each distinct prediction, the lowest first."""
    weight = np.ones(len(outcome)) if weight is None else weight
    values, place = np.unique(prediction, return_inverse=True)
    return (
        np.bincount(place, weights=weight * outcome, minlength=len(values)),
        np.bincount(place, weights=weight * (1.0 - outcome), minlength=len(values)),
    )


SCORES = {"auc": auc, "average_precision": average_precision, "brier": brier, "log_score": log_score}
