"""Disputes and rivalries of the synthetic world.

The number of rivals by the Klein-Goertz-Diehl procedure is known by construction: a rivalry is a pair of states with
three or more disputes, each at most eight years after the previous one. Every other pair has at most two disputes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestration.ingest.sample.states import Booleans, Integers, Roster

DISPUTE_YEARS = (1816, 2014)
DISPUTES_AT_MOST = 25  # in one rivalry
GAP_AT_MOST = 8  # years between two consecutive disputes of a rivalry
DISPUTES_FOR_RIVALRY = 3


@dataclass(frozen=True)
class Conflict:
    """D disputes and R rivalries of S states over T years; states are rows of the roster.

    Attributes
    ----------
    side_a, side_b : ndarray of int, shape (D,)
        The two sides.
    joiner : ndarray of int, shape (D,)
        A third state on side A; -1: none.
    year : ndarray of int, shape (D,)
        Calendar year of the start.
    goes_on : ndarray of bool, shape (D,)
        Whether the dispute continues into the next year.
    rivalry_pairs : ndarray of int, shape (R, 2)
        The two states of each rivalry.
    rivalry_years : ndarray of int, shape (R, 2)
        First and last calendar year of each rivalry.
    rivals : ndarray of int, shape (S, T)
        Number of rivals by disputes.
    """

    side_a: Integers
    side_b: Integers
    joiner: Integers
    year: Integers
    goes_on: Booleans
    rivalry_pairs: Integers
    rivalry_years: Integers
    rivals: npt.NDArray[np.int32]


def build_conflict(roster: Roster, rng: np.random.Generator) -> Conflict:
    """Generate rivalries of neighbours and random pairs, and single disputes of other pairs, some with a third state.

    Parameters
    ----------
    roster : Roster
        States and years.
    rng : numpy.random.Generator
        Source of the random numbers.

    Returns
    -------
    Conflict
        Disputes sorted by year.
    """
    size = roster.size
    near = np.arange(size)
    pairs = np.vstack(
        [
            np.column_stack([near[:-1], near[:-1] + 1])[rng.random(size - 1) < 0.5],
            np.column_stack([near[:-2], near[:-2] + 2])[rng.random(size - 2) < 0.3],
            rng.integers(0, size, (size, 2)),
        ]
    )
    pairs = _distinct(pairs, size)
    rivalry_pairs, rivalry_years, a, b, year = _rivalries(roster, pairs, rng)

    single = _distinct(rng.integers(0, size, (3 * size, 2)), size)
    single = single[~np.isin(_key(single, size), _key(pairs, size))]
    first, end = _common_years(roster, single, rng)
    single, first, end = single[first > 0], first[first > 0], end[first > 0]
    joiner = rng.integers(0, size, len(single))
    joiner = np.where(_may_join(roster, joiner, single, first, np.vstack([pairs, single])), joiner, -1)
    goes_on = (first < np.minimum(end, DISPUTE_YEARS[1])) & (rng.random(len(single)) < 0.2)

    rivals = np.zeros((size, roster.years.size + 1), dtype=np.int32)
    for side in (0, 1):
        np.add.at(rivals, (rivalry_pairs[:, side], rivalry_years[:, 0] - roster.years[0]), 1)
        np.add.at(rivals, (rivalry_pairs[:, side], rivalry_years[:, 1] + 1 - roster.years[0]), -1)
    when = np.argsort(np.r_[year, first], kind="stable")
    return Conflict(
        side_a=np.r_[a, single[:, 0]][when],
        side_b=np.r_[b, single[:, 1]][when],
        joiner=np.r_[np.full(len(a), -1), joiner][when],
        year=np.r_[year, first][when],
        goes_on=np.r_[np.zeros(len(a), dtype=bool), goes_on][when],
        rivalry_pairs=rivalry_pairs,
        rivalry_years=rivalry_years,
        rivals=np.cumsum(rivals, axis=1)[:, :-1],
    )


def _key(pairs: Integers, size: int) -> Integers:
    key: Integers = np.minimum(pairs[:, 0], pairs[:, 1]) * size + np.maximum(pairs[:, 0], pairs[:, 1])
    return key


def _distinct(pairs: Integers, size: int) -> Integers:
    """Keep each unordered pair of different states once, in the order of first occurrence."""
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    _, kept = np.unique(_key(pairs, size), return_index=True)
    return pairs[np.sort(kept)]


def _common_years(roster: Roster, pairs: Integers, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Draw a year to 2014 in which both are members, and give the last year before either leaves; 0 and 0 if none."""
    last = roster.last_member_year
    open_ = roster.years <= DISPUTE_YEARS[1]
    first, end = np.zeros(len(pairs), dtype=np.int64), np.zeros(len(pairs), dtype=np.int64)
    chance = rng.random(len(pairs))
    for start in range(0, len(pairs), 4096):  # in blocks: all pairs by years would not fit into memory for many states
        part = slice(start, start + 4096)
        i, j = pairs[part, 0], pairs[part, 1]
        both = roster.member[i] & roster.member[j] & open_
        rank = np.cumsum(both, axis=1)
        wanted = np.floor(chance[part] * rank[:, -1]).astype(np.int64) + 1
        column = np.argmax(rank == wanted[:, None], axis=1)
        until = np.minimum(last[i, column], last[j, column])
        found = rank[:, -1] > 0
        first[part] = np.where(found, roster.years[column], 0)
        end[part] = np.where(found, until, 0)
    return first, end


def _rivalries(
    roster: Roster, pairs: Integers, rng: np.random.Generator
) -> tuple[Integers, Integers, Integers, Integers, Integers]:
    """Draw disputes of candidate pairs; pairs with three or more are rivals from the first to the last.

    Returns the pairs and years of the rivalries, and side A, side B and year of their disputes.
    """
    first, end = _common_years(roster, pairs, rng)
    end = np.minimum(end, DISPUTE_YEARS[1])
    gaps = rng.integers(1, GAP_AT_MOST + 1, (len(pairs), DISPUTES_AT_MOST))
    gaps[:, 0] = 0
    years = first[:, None] + np.cumsum(gaps, axis=1)
    wanted = np.minimum(rng.geometric(0.12, len(pairs)) + 2, DISPUTES_AT_MOST)
    held = (years <= end[:, None]) & (np.arange(DISPUTES_AT_MOST) < wanted[:, None]) & (first[:, None] > 0)
    rivals = held.sum(axis=1) >= DISPUTES_FOR_RIVALRY
    held[~rivals] = False  # the other pairs have no dispute
    pair, turn = np.nonzero(held)
    final = years[np.arange(len(pairs)), np.maximum(held.sum(axis=1) - 1, 0)]
    swap = rng.random(len(pair)) < 0.5
    a = np.where(swap, pairs[pair, 0], pairs[pair, 1])
    b = np.where(swap, pairs[pair, 1], pairs[pair, 0])
    return pairs[rivals], np.column_stack([first, final])[rivals], a, b, years[pair, turn]


def _may_join(roster: Roster, joiner: Integers, disputes: Integers, year: Integers, taken: Integers) -> Booleans:
    """Mark the disputes that a third state joins: it is a member, and has no other dispute with that opponent.

    So joining adds no rivalry.
    """
    met = np.column_stack([joiner, disputes[:, 1]])
    key = _key(met, roster.size)
    _, once = np.unique(key, return_index=True)
    fresh = np.zeros(len(joiner), dtype=bool)
    fresh[once] = True
    column = year - roster.years[0]
    fits = roster.member[joiner, column] & (joiner != disputes[:, 0]) & (joiner != disputes[:, 1])
    return fresh & fits & ~np.isin(key, _key(taken, roster.size)) & (np.arange(len(joiner)) % 3 == 0)
