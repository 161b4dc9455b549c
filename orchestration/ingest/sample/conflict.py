"""The quarrels of the synthetic world: land borders, disputes and the rivalries they add up to.

Disputes are laid out so that the Klein-Goertz-Diehl count is known by construction: a rivalry is a pair of states with
three or more disputes at most eight years apart; every other pair meets at most twice, and never close to that.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.ingest.sample.states import Roster

DISPUTE_YEARS = (1816, 2014)
DISPUTES_AT_MOST = 25  # in one rivalry
GAP_AT_MOST = 8  # years between two disputes of a rivalry
DISPUTES_FOR_RIVALRY = 3


@dataclass(frozen=True)
class Conflict:
    """Pairs and disputes by row number of the roster.

    Disputes are arrays of equal length: the two sides, the year of the start, whether it goes on into the next year.
    A third state joins the first side of some (-1 = none). Rivalries give pair, first and last year.
    """

    side_a: np.ndarray
    side_b: np.ndarray
    joiner: np.ndarray
    year: np.ndarray
    goes_on: np.ndarray
    rivalry_pairs: np.ndarray  # (R, 2)
    rivalry_years: np.ndarray  # (R, 2)
    rivals: np.ndarray  # (S, T) rivals by disputes


def build_conflict(roster: Roster, rng: np.random.Generator) -> Conflict:
    """Rivalries among neighbours and at random, single disputes between other pairs, some with a third party."""
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


def _key(pairs: np.ndarray, size: int) -> np.ndarray:
    return np.minimum(pairs[:, 0], pairs[:, 1]) * size + np.maximum(pairs[:, 0], pairs[:, 1])


def _distinct(pairs: np.ndarray, size: int) -> np.ndarray:
    """Pairs of two different states, each pair once whatever the order, in a stable order."""
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    _, kept = np.unique(_key(pairs, size), return_index=True)
    return pairs[np.sort(kept)]


def _common_years(roster: Roster, pairs: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A random year to 2014 in which both are members, and the last year before either leaves; 0 and 0 where none."""
    last = roster.last_member_year
    open_ = roster.years <= DISPUTE_YEARS[1]
    first, end = np.zeros(len(pairs), dtype=np.int64), np.zeros(len(pairs), dtype=np.int64)
    luck = rng.random(len(pairs))
    for start in range(0, len(pairs), 4096):  # by blocks: pairs by years would not fit for many states
        part = slice(start, start + 4096)
        i, j = pairs[part, 0], pairs[part, 1]
        both = roster.member[i] & roster.member[j] & open_
        rank = np.cumsum(both, axis=1)
        wanted = np.floor(luck[part] * rank[:, -1]).astype(np.int64) + 1
        column = np.argmax(rank == wanted[:, None], axis=1)
        until = np.minimum(last[i, column], last[j, column])
        found = rank[:, -1] > 0
        first[part] = np.where(found, roster.years[column], 0)
        end[part] = np.where(found, until, 0)
    return first, end


def _rivalries(roster: Roster, pairs: np.ndarray, rng: np.random.Generator):
    """Disputes of each candidate pair; pairs that come to three or more are rivals from the first to the last."""
    first, end = _common_years(roster, pairs, rng)
    end = np.minimum(end, DISPUTE_YEARS[1])
    gaps = rng.integers(1, GAP_AT_MOST + 1, (len(pairs), DISPUTES_AT_MOST))
    gaps[:, 0] = 0
    years = first[:, None] + np.cumsum(gaps, axis=1)
    wanted = np.minimum(rng.geometric(0.12, len(pairs)) + 2, DISPUTES_AT_MOST)
    held = (years <= end[:, None]) & (np.arange(DISPUTES_AT_MOST) < wanted[:, None]) & (first[:, None] > 0)
    rivals = held.sum(axis=1) >= DISPUTES_FOR_RIVALRY
    held[~rivals] = False  # a pair that fell short never quarrels at all
    pair, turn = np.nonzero(held)
    final = years[np.arange(len(pairs)), np.maximum(held.sum(axis=1) - 1, 0)]
    swap = rng.random(len(pair)) < 0.5
    a = np.where(swap, pairs[pair, 0], pairs[pair, 1])
    b = np.where(swap, pairs[pair, 1], pairs[pair, 0])
    return pairs[rivals], np.column_stack([first, final])[rivals], a, b, years[pair, turn]


def _may_join(roster, joiner, disputes, year, taken) -> np.ndarray:
    """A third state joins where it is a member and meets an opponent it meets nowhere else, so no rivalry grows."""
    met = np.column_stack([joiner, disputes[:, 1]])
    key = _key(met, roster.size)
    _, once = np.unique(key, return_index=True)
    fresh = np.zeros(len(joiner), dtype=bool)
    fresh[once] = True
    column = year - roster.years[0]
    fits = roster.member[joiner, column] & (joiner != disputes[:, 0]) & (joiner != disputes[:, 1])
    return fresh & fits & ~np.isin(key, _key(taken, roster.size)) & (np.arange(len(joiner)) % 3 == 0)
