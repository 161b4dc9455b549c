"""Statistics over all specifications of a curve: joint tests with dependence by state and year, weighted shares."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from analysis.core.arrays import Floats, Integers, Mask
from analysis.core.conventions import SEED, SIGNIFICANCE_LEVEL
from analysis.studies.multiverse.dimensions import DIMENSIONS, TWO_WAY, Choice

PRIMARY = "median z"
"""The statistic named before the multiverse was fitted; the others are secondary."""
CRITICAL_Z = 1.959963984540054  # two-sided, at SIGNIFICANCE_LEVEL
DRAWS = 1999
RAKING_STEPS = 50
ALL = "all"


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """Median along the first axis of values (S, ...) with weights (S,)."""
    order = np.argsort(values, axis=0, kind="stable")
    share = np.cumsum(weights[order], axis=0) / weights.sum()
    middle = (share >= 0.5 - 1e-12).argmax(axis=0)[None]
    found: Floats = np.take_along_axis(np.take_along_axis(values, order, axis=0), middle, axis=0)[0]
    return found


def _share(hit: Mask, weights: Floats) -> Floats:
    return np.asarray(np.tensordot(weights / weights.sum(), hit, axes=(0, 0)))


JOINT_STATISTICS: dict[str, Callable[[Floats, Floats], Floats]] = {  # of z values (S, ...) and weights (S,)
    PRIMARY: weighted_median,
    "mean z": lambda z, weights: np.tensordot(weights / weights.sum(), z, axes=(0, 0)),
    "share positive": lambda z, weights: _share(z > 0, weights),
    "share positive and significant": lambda z, weights: _share(z > CRITICAL_Z, weights),
    "share significant": lambda z, weights: _share(np.abs(z) > CRITICAL_Z, weights),
}


def raked_weights(choices: Sequence[Choice]) -> Floats:
    """Weights of the fitted specifications with which each option of a dimension has the same share.

    In the frozen multiverse the shares are equal by design; the weights restore this where some specifications could
    not be fitted. Options without a fitted specification are left out of their dimension.

    Parameters
    ----------
    choices : sequence of dict
        The S fitted specifications.

    Returns
    -------
    ndarray of shape (S,)
        Weights that sum to 1, by iterative proportional fitting.

    References
    ----------
    Deming & Stephan (1940), Annals of Mathematical Statistics 11(4): 427-444.
    """
    weights = np.full(len(choices), 1.0 / max(len(choices), 1))
    codes = [np.unique([str(choice[name]) for choice in choices], return_inverse=True)[1] for name in DIMENSIONS]
    for _ in range(RAKING_STEPS):
        for code in codes:
            totals = np.bincount(code, weights=weights)
            weights = weights / totals[code] / len(totals)
    return weights


def joint_tests(
    statistics: Floats, scores: Floats, states: Integers, years: Integers, choices: Sequence[Choice], draws: int = DRAWS
) -> list[dict[str, Any]]:
    """Test the hypothesis of no effect in any specification by statistics of the whole curve.

    Under the hypothesis the S coefficients are sums of effective scores over the rows. Their covariance allows for
    dependence within states and within years, as the two-way clustered covariance does, and keeps the dependence
    between the specifications. The draws are from the normal distribution with that covariance, each divided by the
    standard error of the kind that its specification uses.

    Parameters
    ----------
    statistics : ndarray of shape (S,)
        z values of the specifications.
    scores : ndarray of shape (S, n)
        Effective scores with the coefficient held at 0; 0 in rows that are not in a sample.
    states, years : ndarray of shape (n,)
        Codes from 0.
    choices : sequence of dict
        The S specifications.
    draws : int, default DRAWS
        Number of draws.

    Returns
    -------
    list of dict
        One row per statistic with columns of results.specification_tests. The p-values are one-sided, towards more
        positive effects, except for the share significant, which counts both signs.

    References
    ----------
    Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29(2): 238-249.
    Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4: 1208-1214.
    """
    by_state, by_year = _sums(scores, states), _sums(scores, years)
    of_states = by_state @ by_state.T
    covariance = of_states + by_year @ by_year.T - scores @ scores.T
    is_two_way = np.array([choice["covariance"] == TWO_WAY for choice in choices])
    variance = np.where(is_two_way, np.diag(covariance), np.diag(of_states))
    size = np.sqrt(np.maximum(variance, 1e-3 * np.diag(of_states)))
    values, vectors = np.linalg.eigh(covariance / np.outer(size, size))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = root @ np.random.default_rng(SEED).normal(size=(len(values), draws))
    weights = raked_weights(choices)
    rows = []
    for name, statistic in JOINT_STATISTICS.items():
        observed, under_null = float(statistic(statistics, weights)), statistic(drawn, weights)
        rows.append(
            {
                "statistic": name,
                "is_primary": name == PRIMARY,
                "specifications": len(statistics),
                "observed": observed,
                "null_median": float(np.median(under_null)),
                "null_95": float(np.quantile(under_null, 1 - SIGNIFICANCE_LEVEL)),
                "p_value": (1 + int((under_null >= observed - 1e-12).sum())) / (1 + draws),
                "draws": draws,
            }
        )
    return rows


def share_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Weighted shares of one curve, over all specifications and by option of each dimension.

    Parameters
    ----------
    rows : sequence of dict
        Rows of results.specification_curve of one curve, failed ones included.

    Returns
    -------
    list of dict
        Rows of results.multiverse_shares. Shares are missing where no specification was fitted.
    """
    parts = [(ALL, ALL, list(rows))] + [
        (name, str(option.option), [row for row in rows if row[name] == option.option])
        for name, options in DIMENSIONS.items()
        for option in options
    ]
    return [{"dimension": name, "option": option, **_shares(part)} for name, option, part in parts]


def _shares(part: list[Mapping[str, Any]]) -> dict[str, Any]:
    fitted = [row for row in part if row["problem"] is None]
    counts = {"specifications": len(fitted), "failed": len(part) - len(fitted)}
    if not fitted:
        names = ("weight", "median_z", "share_positive", "share_positive_significant", "share_negative_significant")
        return counts | dict.fromkeys(names)
    weights, z, p_values = (
        np.array([row[name] for row in fitted], dtype=float) for name in ("weight", "statistic", "p_value")
    )
    significant = p_values < SIGNIFICANCE_LEVEL
    return counts | {
        "weight": float(weights.sum()),
        "median_z": float(weighted_median(z, weights)),
        "share_positive": float(_share(z > 0, weights)),
        "share_positive_significant": float(_share(significant & (z > 0), weights)),
        "share_negative_significant": float(_share(significant & (z < 0), weights)),
    }


def _sums(scores: Floats, codes: Integers) -> Floats:
    """Sums of the columns of `scores` (S, n) by code (S, G)."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    sums: Floats = np.add.reduceat(scores[:, order], starts, axis=1)
    return sums
