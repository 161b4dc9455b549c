"""Permutation test of the mortality terms: series of mortality shifted within states."""

from typing import Any

import numpy as np
import pandas as pd

from analysis.core.arrays import Floats, Integers
from analysis.core.conventions import INTERVAL_TAILS, SEED
from analysis.core.errors import ModelError
from analysis.core.specification import Model
from analysis.design.matrix import Design, build
from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered
from analysis.studies.estimation import sample_size
from analysis.studies.kimball import MORTALITY

PERMUTATIONS = 499


def permutation_rows(panel: pd.DataFrame, model: Model, draws: int = PERMUTATIONS) -> list[dict[str, Any]]:
    """Test the z of the mortality terms, clustered by state, against its distribution under circular shifts.

    The mortality of a state, all its terms together, is moved along the years of the state by a random number of years,
    and what leaves at the end enters at the beginning. This keeps how mortality follows itself and how much it differs
    between states, and breaks its relation to the years of the formations. As differences between states are kept, z is
    not centred at 0 under permutation: it is compared with its mean there.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        A model with mortality terms.
    draws : int, default PERMUTATIONS
        Number of shifts.

    Returns
    -------
    list of dict
        One row per mortality term: the z (``statistic``), its mean under permutation (``null_mean``), the two-sided
        p-value, and the middle 95 per cent of z under permutation.

    Raises
    ------
    ModelError
        If the model cannot be estimated.

    References
    ----------
    Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9(1): 39.
    """
    design = build(panel, model)
    names = [name for name in MORTALITY if name in design.terms]
    if not names:
        raise ModelError("; ".join(design.dropped))
    positions = [design.terms.index(name) for name in names]
    observed = _z_values(design, design.matrix, model, positions)
    generator = np.random.default_rng(SEED)
    drawn = np.empty((draws, len(names)))
    for draw in range(draws):
        matrix = design.matrix.copy()
        matrix[:, positions] = design.matrix[circular_shifts(design.states, generator)][:, positions]
        drawn[draw] = _z_values(design, matrix, model, positions)
    rows = []
    for name, z, null in zip(names, observed, drawn.T, strict=True):
        low, high = np.quantile(null, INTERVAL_TAILS)
        rows.append(
            sample_size(design)
            | {
                "term": name,
                "statistic": float(z),
                "null_mean": float(null.mean()),
                "p_value": centred_p_value(float(z), null),
                "conf_low": float(low),
                "conf_high": float(high),
            }
        )
    return rows


def circular_shifts(states: Integers, generator: np.random.Generator) -> Integers:
    """Positions of rows after a random circular shift within each state.

    Parameters
    ----------
    states : ndarray of shape (n,)
        State codes 0..G-1, in ascending order.
    generator : Generator
        Source of random numbers.

    Returns
    -------
    ndarray of int, shape (n,)
        For each row the row of the same state whose values it takes; every shift of a state is equally likely, also
        that by 0.
    """
    counts = np.bincount(states)
    starts = np.cumsum(counts) - counts
    shifts = generator.integers(0, counts)
    within = np.arange(len(states)) - starts[states]
    positions: Integers = starts[states] + (within + shifts[states]) % counts[states]
    return positions


def centred_p_value(observed: float, null: Floats) -> float:
    """Two-sided p-value of a statistic whose distribution without effect is not centred at 0.

    Parameters
    ----------
    observed : float
        The statistic.
    null : ndarray of shape (draws,)
        Its draws without effect.

    Returns
    -------
    float
        Share of the draws, the observed one counted with them, that are at least as far from the mean of the draws.
    """
    centre = float(null.mean())
    as_far = int((np.abs(null - centre) >= abs(observed - centre)).sum())
    return (1 + as_far) / (1 + len(null))


def _z_values(design: Design, matrix: Floats, model: Model, positions: list[int]) -> Floats:
    fitted = fit(design.outcome, matrix, LINKS[model.link])
    z: Floats = fitted.coefficients[positions] / np.sqrt(np.diag(clustered(fitted, design.states)))[positions]
    return z
