"""Comparative statics of the guns-and-butter model: its solution by demand, and thresholds of demand."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from analysis.core.errors import AnalysisError
from analysis.theory.frontier import Parameters, solve

SCAN_POINTS = 1000  # values of demand in the search for thresholds


@dataclass(frozen=True)
class Threshold:
    """A demand at which the gain of allying changes its sign.

    Attributes
    ----------
    demand : float
        The demand, theta.
    is_rising : bool
        Whether an alliance is the better choice above this demand, and not below it.
    """

    demand: float
    is_rising: bool


def comparative_statics(parameters: Parameters, demands: Iterable[float]) -> pd.DataFrame:
    """Solve the model for several values of demand.

    Parameters
    ----------
    parameters : Parameters
        The parameters, whose demand is replaced.
    demands : iterable of float
        Values of theta, in any order.

    Returns
    -------
    DataFrame
        One row per demand, in the given order. Columns: ``demand``; ``guns``, ``butter``, ``security`` and ``regime``
        with the prefixes ``alone_`` and ``allied_``, NaN or None without a plan; ``butter_freed``, by the alliance
        before its cost; and ``gain``, ``gain_slope``, ``crowding_out_slope``, ``probability``, ``allies`` and
        ``prediction`` as in Solution.

    Raises
    ------
    AnalysisError
        If there is no demand, one is not above 0, or the model has no solution.
    """
    rows = []
    for demand in demands:
        solution = solve(replace(parameters, demand=demand))
        row: dict[str, Any] = {"demand": float(demand)}
        for name, plan in (("alone", solution.alone), ("allied", solution.allied)):
            for quantity in ("guns", "butter", "security"):
                row[f"{name}_{quantity}"] = nan if plan is None else getattr(plan, quantity)
            row[f"{name}_regime"] = None if plan is None else plan.regime
        row["butter_freed"] = row["allied_butter"] + parameters.butter_cost - row["alone_butter"]
        for quantity in ("gain", "gain_slope", "crowding_out_slope", "probability", "allies", "prediction"):
            row[quantity] = getattr(solution, quantity)
        rows.append(row)
    if not rows:
        raise AnalysisError("comparative statics need at least one demand, found none")
    return pd.DataFrame(rows)


def thresholds(parameters: Parameters, lowest: float, highest: float) -> tuple[Threshold, ...]:
    """Find the values of demand at which the gain of allying changes its sign.

    Parameters
    ----------
    parameters : Parameters
        The parameters, whose demand is replaced.
    lowest, highest : float
        Range of the search.

    Returns
    -------
    tuple of Threshold
        In ascending order. Empty also if only one of the two plans is possible.

    Raises
    ------
    AnalysisError
        If the range is not 0 < lowest < highest, or the model has no solution.

    Notes
    -----
    The search uses SCAN_POINTS values with even logarithmic spacing, so that two thresholds between neighbouring values
    are missed.
    """
    if not 0 < lowest < highest < inf:
        raise AnalysisError(f"thresholds need 0 < lowest < highest, found {lowest!r} and {highest!r}")

    def gain(demand: float) -> float:
        return solve(replace(parameters, demand=float(demand))).gain

    demands = np.geomspace(lowest, highest, SCAN_POINTS)
    positive = np.array([gain(demand) > 0 for demand in demands])
    return tuple(
        Threshold(brentq(gain, demands[left], demands[left + 1], xtol=1e-14), bool(positive[left + 1]))
        for left in np.flatnonzero(positive[1:] != positive[:-1])
    )
