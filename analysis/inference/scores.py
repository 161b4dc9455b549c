"""Scores of predicted probabilities: AUC, average precision, Brier score and logarithmic score, with row weights.

Every score takes an outcome of shape (n,) with values 0 and 1, a prediction of shape (n,), and weights of the rows:
none, one set of shape (n,), or one set per draw of shape (draws, n). It returns a number, or an array of shape
(draws,).
"""

from collections.abc import Callable

import numpy as np

from analysis.core.arrays import Floats

TINY = 1e-12  # lower bound of a probability in the logarithmic score, so that a wrong 0 or 1 does not score -infinity
Score = Callable[[Floats, Floats, Floats | None], Floats]


def auc(outcome: Floats, prediction: Floats, weight: Floats | None = None) -> Floats:
    """Area under the ROC curve: the share of pairs of event and non-event in which the event has the higher prediction.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1.
    prediction : ndarray of shape (n,)
        Probabilities, or any increasing function of them.
    weight : ndarray of shape (n,) or (draws, n), optional
        Weights of the rows.

    Returns
    -------
    float or ndarray of shape (draws,)
        0 to 1, higher is better; ties count half. NaN without events or without non-events.

    References
    ----------
    Hanley & McNeil (1982), Radiology 143(1): 29-36.
    """
    events, others = _weights_by_prediction(outcome, prediction, weight)
    ordered = (events * (np.cumsum(others, axis=-1) - others / 2.0)).sum(axis=-1)
    return _ratio(ordered, events.sum(axis=-1) * others.sum(axis=-1))


def average_precision(outcome: Floats, prediction: Floats, weight: Floats | None = None) -> Floats:
    """Area under the precision-recall curve: the precision at each distinct prediction, weighted by the step of recall.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1.
    prediction : ndarray of shape (n,)
        Probabilities, or any increasing function of them.
    weight : ndarray of shape (n,) or (draws, n), optional
        Weights of the rows.

    Returns
    -------
    float or ndarray of shape (draws,)
        0 to 1, higher is better. NaN without events.

    References
    ----------
    Davis & Goadrich (2006), Proceedings of the 23rd International Conference on Machine Learning: 233-240.
    """
    events, others = (sums[..., ::-1] for sums in _weights_by_prediction(outcome, prediction, weight))
    true_positives, positives = np.cumsum(events, axis=-1), np.cumsum(events + others, axis=-1)
    precision = true_positives / np.maximum(positives, np.finfo(float).tiny)  # 0 where nothing is predicted positive
    return _ratio((events * precision).sum(axis=-1), events.sum(axis=-1))


def brier(outcome: Floats, prediction: Floats, weight: Floats | None = None) -> Floats:
    """Brier score: mean squared error of the probability.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1.
    prediction : ndarray of shape (n,)
        Probabilities.
    weight : ndarray of shape (n,) or (draws, n), optional
        Weights of the rows.

    Returns
    -------
    float or ndarray of shape (draws,)
        0 to 1, lower is better.

    References
    ----------
    Brier (1950), Monthly Weather Review 78(1): 1-3.
    """
    return _weighted_mean((outcome - prediction) ** 2, weight)


def log_score(outcome: Floats, prediction: Floats, weight: Floats | None = None) -> Floats:
    """Logarithmic score: mean logarithm of the probability of the observed outcome.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1.
    prediction : ndarray of shape (n,)
        Probabilities.
    weight : ndarray of shape (n,) or (draws, n), optional
        Weights of the rows.

    Returns
    -------
    float or ndarray of shape (draws,)
        At most 0, higher is better. Probabilities are bounded below by TINY.

    References
    ----------
    Gneiting & Raftery (2007), Journal of the American Statistical Association 102(477): 359-378.
    """
    probability = np.where(outcome == 1.0, prediction, 1.0 - prediction)
    return _weighted_mean(np.log(np.maximum(probability, TINY)), weight)


def _weights_by_prediction(outcome: Floats, prediction: Floats, weight: Floats | None) -> tuple[Floats, Floats]:
    """Weights of events and of non-events at each distinct prediction, in ascending order."""
    order = np.argsort(prediction, kind="stable")
    starts = np.flatnonzero(np.diff(prediction[order], prepend=-np.inf))
    outcome = outcome[order]
    weight = np.ones(len(outcome)) if weight is None else weight[..., order]
    events = weight * outcome
    return np.add.reduceat(events, starts, axis=-1), np.add.reduceat(weight - events, starts, axis=-1)


def _weighted_mean(values: Floats, weight: Floats | None) -> Floats:
    return values.mean() if weight is None else _ratio((weight * values).sum(axis=-1), weight.sum(axis=-1))


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Part / whole, NaN where whole is 0."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole != 0.0)[()]


SCORES: dict[str, Score] = {"auc": auc, "average_precision": average_precision, "brier": brier, "log_score": log_score}
"""The scores by name."""
