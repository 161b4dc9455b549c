"""How well probabilities sort events from non-events."""

import numpy as np


def auc(outcome: np.ndarray, prediction: np.ndarray) -> float:
    """Area under the ROC curve: the share of pairs (event, non-event) in which the event has the higher prediction,
    ties half.

    NaN where there are only events or only non-events.
    """
    events = outcome == 1.0
    n_events, n_others = int(events.sum()), int((~events).sum())
    if not n_events or not n_others:
        return float("nan")
    _, position, counts = np.unique(prediction, return_inverse=True, return_counts=True)
    middle_ranks = np.cumsum(counts) - (counts - 1) / 2.0
    return float((middle_ranks[position][events].sum() - n_events * (n_events + 1) / 2.0) / (n_events * n_others))
