"""The synthetic world: the values of every state in every year, and the effect planted in them.

Grids have shape (S, T): states in code order by calendar years from 1816. A state enters military treaties in a year
with the probability of a probit on the variables in PLANTED, so a correct estimator recovers those coefficients. All
other values are noise around smooth paths.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.ingest.sample.conflict import Conflict, build_conflict
from orchestration.ingest.sample.states import FIRST_YEAR, SAME_SERIES, Booleans, Floats, Roster, build_roster

Columns = dict[str, Any]
"""Published column name to its values: an array, or one value for all rows."""

# The probit of forming a military alliance in year t. Mortality and CINC are of year t; rivals, W/S and
# relevant-environment disputes are of year t-1; years count from the last formation, or else from system entry.
PLANTED = {
    "intercept": -1.75,
    "infant_mortality_rate": 0.002,
    "infant_mortality_rose": 0.35,
    "cinc": 3.0,
    "dispute_rivals": 0.1,
    "w_over_s": 0.4,
    "relevant_environment_disputes": 0.0,
    "years_since_military_formation": -0.01,
}
WORLD_STREAM = (0, 1)  # chosen so that the estimates in the default world are close to the planted values
NONAGGRESSION_CHANCE = 0.02  # of entering a treaty of pure non-aggression in a year, independent of all else
ALLIANCE_YEARS = (FIRST_YEAR, 2018)
CAPABILITY_YEARS = (FIRST_YEAR, 2016)

CAPABILITIES = ("milex", "milper", "irst", "pec", "tpop", "upop")
CAPABILITY_LEVELS = (5e4, 60.0, 150.0, 2e3, 8e3, 900.0)  # typical value in 1816, in the publisher's units
CAPABILITY_GROWTH = (0.03, 0.005, 0.025, 0.03, 0.012, 0.022)  # per year
CAPABILITY_MISSING = (0.14, 0.03, 0.002, 0.03, 0.0, 0.005)  # share of state-years with the publisher's -9

# Regimes. The first ten fields are Polity's components and the last two the selectorate file's.
REGIME_FIELDS = ("democ", "autoc", "xrreg", "xrcomp", "xropen", "xconst", "parreg", "parcomp", "exrec", "polcomp",
                 "RegType", "LegislativeSelection")  # fmt: skip
REGIMES = np.array(
    [
        (10, 0, 3, 3, 4, 7, 5, 5, 8, 10, 1, 2),
        (8, 0, 3, 3, 4, 7, 2, 4, 8, 9, 1, 2),
        (6, 1, 3, 3, 4, 5, 3, 3, 8, 6, 1, 2),
        (4, 3, 2, 2, 4, 5, 3, 3, 7, 6, 1, 2),
        (1, 4, 2, 1, 4, 3, 3, 3, 3, 6, 3, 1),
        (0, 7, 2, 1, 4, 3, 4, 2, 3, 2, 2, 0),
        (0, 7, 1, 0, 0, 2, 4, 1, 1, 1, 2, 0),
        (0, 9, 3, 1, 1, 1, 4, 1, 1, 1, 4, 0),
    ]
)
REGIME_SURVIVAL = 0.96  # probability that a regime lasts another year
SETTLED, TRANSITION, INTERREGNUM, OCCUPATION = 0, -88, -77, -66  # Polity's standard codes; 0: none of them


@dataclass(frozen=True)
class World:
    """All values that the files are written from.

    Attributes
    ----------
    seed : int
        Seed of the world.
    roster : Roster
        The S states and T years.
    mortality : ndarray of shape (S, T)
        Infant deaths per 1,000 live births, complete.
    capabilities : ndarray of shape (6, S, T)
        In the publisher's units; NaN: missing.
    cinc : ndarray of shape (S, T)
        Share of the system's capabilities (0 to 1); NaN outside membership.
    regime : ndarray of int, shape (S, T)
        Row of REGIMES.
    polity_code : ndarray of int, shape (S, T)
        SETTLED or one of Polity's standard codes.
    conflict : Conflict
        Disputes and rivalries.
    forms_military, forms_nonaggression : ndarray of bool, shape (S, T)
        Whether the state enters a treaty in the year, to 2018.
    """

    seed: int
    roster: Roster
    mortality: Floats
    capabilities: Floats
    cinc: Floats
    regime: npt.NDArray[np.int8]
    polity_code: npt.NDArray[np.int8]
    conflict: Conflict
    forms_military: Booleans
    forms_nonaggression: Booleans

    def stream(self, purpose: int) -> np.random.Generator:
        """Make the random number generator of one table, independent of the order of the tables.

        Parameters
        ----------
        purpose : int
            Number of the stream.

        Returns
        -------
        numpy.random.Generator
            The same numbers for the same seed and stream.
        """
        return np.random.default_rng([self.seed, purpose])


def build_world(states: int, seed: int) -> World:
    """Generate a world.

    Parameters
    ----------
    states : int
        Number of states, at least 20.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    World
        The same for the same arguments and version of numpy.

    Raises
    ------
    ValueError
        If there are too few states.
    """
    rng = np.random.default_rng([seed, *WORLD_STREAM])
    roster = build_roster(states, rng)
    mortality = _mortality(roster, rng)
    capabilities, cinc = _capabilities(roster, rng)
    regime, polity_code = _regimes(roster, rng)
    conflict = build_conflict(roster, rng)
    forms_military = _formations(roster, mortality, cinc, winning_coalition_ratio(regime), conflict.rivals, rng)
    forms_nonaggression = roster.member & (rng.random(roster.member.shape) < NONAGGRESSION_CHANCE)
    forms_nonaggression[:, roster.years > ALLIANCE_YEARS[1]] = False
    return World(
        seed, roster, mortality, capabilities, cinc, regime, polity_code, conflict, forms_military, forms_nonaggression
    )


def winning_coalition_ratio(regime: npt.NDArray[np.int8]) -> Floats:
    """W/S of each regime.

    Parameters
    ----------
    regime : ndarray of int
        Rows of REGIMES, any shape.

    Returns
    -------
    ndarray of float
        W/S, of the same shape.

    References
    ----------
    Bueno de Mesquita, Smith, Siverson & Morrow (2003), The Logic of Political Survival. MIT Press.
    """
    field = {name: REGIMES[:, position] for position, name in enumerate(REGIME_FIELDS)}
    quarters = (
        (~np.isin(field["RegType"], (2, 3))).astype(int)
        + (field["xrcomp"] >= 2)
        + (field["xropen"] > 2)
        + (field["parcomp"] == 5)
    )
    selectorate = field["LegislativeSelection"] / 2
    ratio = (quarters / 4) / (np.log((selectorate + 1) * 10) / 3)
    values: Floats = ratio[regime]
    return values


def _mortality(roster: Roster, rng: np.random.Generator) -> Floats:
    """Long declines with temporary shocks, and runs of years with the same figure, as in published series."""
    size, span = roster.member.shape
    high, low = rng.normal(215, 30, (size, 1)), rng.uniform(4, 45, (size, 1))
    turn, speed = rng.normal(1925, 20, (size, 1)), rng.uniform(18, 30, (size, 1))
    path = low + (high - low) / (1 + np.exp((roster.years - turn) / speed))
    shock = np.zeros((size, span))
    noise = rng.normal(0, 0.02, (size, span))
    for year in range(1, span):
        shock[:, year] = 0.6 * shock[:, year - 1] + noise[:, year]
    rate = np.round(np.maximum(path * np.exp(shock), 1.5), 1)
    repeats = _runs(rng.random((size, span)) < 0.06, 4)
    shown = np.maximum.accumulate(np.where(repeats, 0, np.arange(span)), axis=1)
    rate = np.take_along_axis(rate, shown, axis=1)
    for code, origin in SAME_SERIES.items():
        rate[roster.index_of(code)] = rate[roster.index_of(origin)]
    return rate


def _runs(starts: Booleans, length: int) -> Booleans:
    """Mark `length` years from each start."""
    total = np.cumsum(starts, axis=1, dtype=np.int64)
    total[:, length:] -= total[:, :-length].copy()
    return total > 0


def _capabilities(roster: Roster, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Six growing components, and the mean share of the observed ones, which sums to 1 in each year."""
    size, span = roster.member.shape
    elapsed = np.arange(span)
    mass = rng.normal(0, 1.1, (size, 1))
    values = np.empty((len(CAPABILITIES), size, span))
    for component, (level, growth, missing) in enumerate(
        zip(CAPABILITY_LEVELS, CAPABILITY_GROWTH, CAPABILITY_MISSING, strict=True)
    ):
        pace = growth * rng.uniform(0.6, 1.4, (size, 1))
        value = np.round(level * np.exp(mass + rng.normal(0, 0.5, (size, 1)) + pace * elapsed))
        value[rng.random((size, span)) < missing] = np.nan
        values[component] = value
    values[:, ~roster.member] = np.nan
    cinc = np.zeros((size, span))
    observed = np.zeros((size, span))
    for value in values:
        known = ~np.isnan(value)
        amount = np.where(known, value, 0)
        cinc += amount / np.maximum(amount.sum(axis=0), 1)
        observed += known
    cinc = np.where(roster.member, cinc / np.maximum(observed, 1), 0)
    cinc /= cinc.sum(axis=0)
    total, urban = CAPABILITIES.index("tpop"), CAPABILITIES.index("upop")
    values[urban] = np.where(values[urban] > values[total], values[total], values[urban])
    return values, np.where(roster.member, cinc, np.nan)


def _regimes(roster: Roster, rng: np.random.Generator) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """Regimes that last for a random time; some changes have one of Polity's standard codes."""
    size, span = roster.member.shape
    falls = rng.random((size, span)) > REGIME_SURVIVAL
    falls[:, 0] = True
    drift = np.linspace(0, 3, span)  # towards democracy
    drawn = np.clip(np.round(rng.normal(5.5 - drift, 2.2, (size, span))), 0, len(REGIMES) - 1).astype(np.int8)
    since = np.maximum.accumulate(np.where(falls, np.arange(span), 0), axis=1)
    regime = np.take_along_axis(drawn, since, axis=1)
    chance = rng.random((size, span))
    code = np.where(falls & (chance < 0.35), TRANSITION, SETTLED)
    code[falls & (chance > 0.8)] = INTERREGNUM
    code[falls & (chance > 0.9)] = OCCUPATION
    return regime, code.astype(np.int8)


def _formations(
    roster: Roster,
    mortality: Floats,
    cinc: Floats,
    ratio: Floats,
    rivals: npt.NDArray[np.int32],
    rng: np.random.Generator,
) -> Booleans:
    """Draw the years in which each state enters a military treaty from the planted probit."""
    before = np.r_[0, np.arange(roster.years.size - 1)]  # column of year t-1; for 1816, 1816 itself
    index = (
        PLANTED["intercept"]
        + PLANTED["infant_mortality_rate"] * mortality
        + PLANTED["infant_mortality_rose"] * (mortality > mortality[:, before])
        + PLANTED["cinc"] * np.nan_to_num(cinc)
        + PLANTED["dispute_rivals"] * rivals[:, before]
        + PLANTED["w_over_s"] * ratio[:, before]
    )
    noise = rng.standard_normal(index.shape)
    forms = np.zeros(index.shape, dtype=bool)
    elapsed = np.zeros(roster.size)
    for year in np.flatnonzero(roster.years <= ALLIANCE_YEARS[1]):
        present = roster.member[:, year]
        elapsed = np.where(present & roster.member[:, before[year]], elapsed, 0)
        latent = index[:, year] + PLANTED["years_since_military_formation"] * elapsed + noise[:, year]
        forms[:, year] = present & (latent > 0)
        elapsed = np.where(forms[:, year], 1, elapsed + 1)
    return forms
