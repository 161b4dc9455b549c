"""Worlds of the real panel's size with a planted effect of a rise of infant mortality, or without one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from analysis.core.arrays import Floats, Integers, Mask
from analysis.core.panel import column_values
from analysis.design.matrix import build, codes
from analysis.inference.fitting import fit_checked
from analysis.studies.kimball import HEADLINE_RULE, ROSE, headline_model

STATE_EFFECT = 0.45  # standard deviation, in units of the probit index
YEAR_EFFECT = 0.7
REGION_YEAR_EFFECT = 0.7
CONFOUNDING = 0.35  # state effect per standard deviation of the share of years with a rise
DEFENSE_SHARE = 0.55  # of the military formations, as in the panel
OTHER_FORMATIONS = 0.035  # probability of a formation of another kind in a year without a military one


@dataclass(frozen=True)
class WorldSource:
    """What worlds are drawn from: the regressors of the panel, and how often and after how long alliances are formed.

    Attributes
    ----------
    panel : DataFrame
        A prepared panel with n rows.
    index : ndarray of shape (n,)
        Probit index of the controls and the level of mortality; their means stand for missing values.
    duration : ndarray of shape (longest + 1,)
        Probit index by years since the last formation.
    rise : ndarray of shape (n,)
        1 in years of a rise, else 0.
    states, years : ndarray of shape (n,)
        Codes from 0.
    regions_by_year : ndarray of shape (n,)
        Code of region and year, from 0.
    starts : ndarray of bool, shape (n,)
        First row of a spell of membership.
    sample : ndarray of int
        Rows of the headline model.
    share : float
        Share of the sample with a formation.
    """

    panel: pd.DataFrame
    index: Floats
    duration: Floats
    rise: Floats
    states: Integers
    years: Integers
    regions_by_year: Integers
    starts: Mask
    sample: Integers
    share: float


def world_source(panel: pd.DataFrame) -> WorldSource:
    """Estimate from the headline model what worlds are drawn from.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.

    Returns
    -------
    WorldSource
        The effects of controls, level and duration are those of the headline model; that of the rise is left out.

    Raises
    ------
    ModelError
        If the headline model cannot be estimated.
    """
    model = headline_model()
    design = build(panel, model)
    fitted, _ = fit_checked(design, model)
    plain = [name for name in design.plain if name != ROSE]
    index = np.zeros(len(panel))
    for name in plain:
        position = design.terms.index(name)
        column = design.matrix[:, position]
        values = np.full(len(panel), column.mean())
        values[design.rows] = column
        index += fitted.coefficients[position] * values
    of_time = [position for position, name in enumerate(design.terms[:-1]) if name not in design.plain]
    time = design.matrix[:, of_time[0]] if of_time else np.zeros(len(design.rows))
    observed, first = np.unique(time, return_index=True)
    by_time = design.matrix[first][:, of_time] @ fitted.coefficients[of_time]
    longest = int(panel["year"].max() - panel["year"].min()) + 1
    rise = np.nan_to_num(column_values(panel, ROSE))
    state, year = panel["cow_code"].to_numpy(), panel["year"].to_numpy()
    follows = np.zeros(len(panel), dtype=bool)
    follows[1:] = (state[1:] == state[:-1]) & (year[1:] == year[:-1] + 1)
    return WorldSource(
        panel=panel,
        index=index,
        duration=np.interp(np.arange(longest + 1), observed, by_time),
        rise=rise,
        states=codes(state),
        years=codes(year),
        regions_by_year=codes(codes(panel["region"].fillna("").to_numpy()) * longest + codes(year)),
        starts=~follows,
        sample=design.rows,
        share=float(design.outcome.mean()),
    )


def planted_world(source: WorldSource, effect: float, seed: int) -> pd.DataFrame:
    """Draw a world in which a rise of infant mortality raises the probability of a formation by a given amount.

    Formations depend on the controls, the level of mortality and the time since the last formation as in the headline
    model, on a state effect, on a year effect that all states
    share, and on one that those of a region share. States whose mortality rises often have a
    larger state effect: the pooled model finds a rise even in a world without an effect, as the panel does when
    mortality is shifted along the years of a state.

    Parameters
    ----------
    source : WorldSource
        From `world_source`.
    effect : float
        Average effect of a rise on the probability of a formation over the sample; 0 for a world without one.
    seed : int
        Seed of the random draws; worlds with the same seed and different effects have the same draws.

    Returns
    -------
    DataFrame
        The panel with drawn outcomes and times since the last formation.
    """
    generator = np.random.default_rng(seed)
    states, years = int(source.states.max()) + 1, int(source.years.max()) + 1
    often = np.bincount(source.states, weights=source.rise) / np.bincount(source.states)
    often = (often - often.mean()) / max(float(often.std()), 1e-12)
    of_state = CONFOUNDING * often + STATE_EFFECT * generator.normal(size=states)
    of_year = YEAR_EFFECT * generator.normal(size=years)
    shared = REGION_YEAR_EFFECT * generator.normal(size=int(source.regions_by_year.max()) + 1)
    index = source.index + of_state[source.states] + of_year[source.years] + shared[source.regions_by_year]
    noise = ndtri(generator.uniform(1e-12, 1.0 - 1e-12, size=len(index)))

    def share(constant: float) -> float:
        outcome, _ = _formations(source, index + constant, noise)
        return float(outcome[source.sample].mean()) - source.share

    index = index + brentq(share, -4.0, 4.0, xtol=0.02)
    _, time = _formations(source, index, noise)
    at_risk = (index + source.duration[time])[source.sample]

    def excess(coefficient: float) -> float:
        return float((ndtr(at_risk + coefficient) - ndtr(at_risk)).mean()) - effect

    coefficient = brentq(excess, 0.0, 5.0) if effect > 0.0 else 0.0
    military, time = _formations(source, index + coefficient * source.rise, noise)
    defense = military * (generator.uniform(size=len(index)) < DEFENSE_SHARE)
    either = np.maximum(military, generator.uniform(size=len(index)) < OTHER_FORMATIONS)
    known = ~np.isnan(column_values(source.panel, f"forms_{HEADLINE_RULE}_alliance"))
    drawn = {}
    for rule, outcome in ((HEADLINE_RULE, military), ("defense", defense), ("any", either)):
        drawn[f"forms_{rule}_alliance"] = np.where(known, outcome, np.nan)
        drawn[f"years_since_{rule}_formation"] = np.where(known, _years_since(source, outcome), np.nan)
    return source.panel.assign(**drawn)


def _formations(source: WorldSource, index: Floats, noise: Floats) -> tuple[Floats, Integers]:
    """Formations (n,) by a probit with the index (n,) and its time dependence, and the years since the last one."""
    outcome, time = np.zeros(len(index)), np.zeros(len(index), dtype=np.int64)
    for rows in source_order(source):
        previous = rows - 1
        time[rows] = np.where(source.starts[rows], 0, np.where(outcome[previous] > 0, 0, time[previous]) + 1)
        outcome[rows] = noise[rows] < index[rows] + source.duration[time[rows]]
    return outcome, time


def source_order(source: WorldSource) -> list[Integers]:
    """Rows of each year, in the order of the years."""
    order = np.argsort(source.years, kind="stable")
    return np.split(order, np.cumsum(np.bincount(source.years))[:-1])


def _years_since(source: WorldSource, outcome: Floats) -> Floats:
    time = np.zeros(len(outcome))
    for row in np.flatnonzero(~source.starts):
        time[row] = 1.0 if outcome[row - 1] > 0 else time[row - 1] + 1.0
    return time
