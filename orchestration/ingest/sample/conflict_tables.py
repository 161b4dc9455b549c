"""Tables on conflict: disputes and participants, wars, borders, and two lists of strategic rivalries."""

from collections.abc import Iterator

import numpy as np

from orchestration.ingest.sample.conflict import DISPUTE_YEARS
from orchestration.ingest.sample.states import Integers, Roster
from orchestration.ingest.sample.world import Columns, World

BORDER_YEARS = (1816, 2016)
LAND, SEA_150_MILES = 1, 4
SEA_SHARE = 0.25  # of pairs two positions apart in code order
WAR, CLASH, DISPLAY, THREAT = 5, 4, 3, 2  # hostility levels
HOSTILITY_SHARES = (0.04, 0.66, 0.27, 0.03)
WARS_LAST_YEAR = 2007
NO_DATE, NOT_APPLICABLE = -9, -8
TWO_SPELL_SHARE = 0.08
TSS_LAST_YEAR, TD_LAST_YEAR = 2020, 2010
RIVALRY_TYPES = ("spatial", "positional", "ideological", "interventionary")


def tables(world: World) -> Iterator[tuple[str, Columns]]:
    """Yield name and columns of the tables on conflict."""
    disputes = _disputes(world)
    yield "mid_disputes", disputes
    yield "mid_participants", _participants(world, disputes)
    yield "interstate_wars", _wars(world, disputes["hostlev"])
    yield "direct_contiguity", _borders(world)
    yield from _rivalries(world)


def _disputes(world: World) -> Columns:
    """A dispute starts in the first half of its year and ends in the second half of the same or the next."""
    conflict, rng = world.conflict, world.stream(13)
    count = len(conflict.year)
    hostility = rng.choice((WAR, CLASH, DISPLAY, THREAT), size=count, p=HOSTILITY_SHARES)
    end_year = conflict.year + conflict.goes_on
    fatality = np.where(hostility == WAR, 6, rng.choice((0, 1, NO_DATE), size=count, p=(0.75, 0.15, 0.1)))
    return {
        "dispnum": np.arange(1, count + 1),
        "stday": np.where(rng.random(count) < 0.1, NO_DATE, rng.integers(1, 29, count)),
        "stmon": rng.integers(1, 7, count),
        "styear": conflict.year,
        "endday": np.where(rng.random(count) < 0.1, NO_DATE, rng.integers(1, 29, count)),
        "endmon": rng.integers(7, 13, count),
        "endyear": end_year,
        "outcome": rng.choice((5, 6, 4, NO_DATE), size=count, p=(0.7, 0.15, 0.1, 0.05)),
        "settle": rng.choice((3, 1, NO_DATE), size=count, p=(0.8, 0.15, 0.05)),
        "fatality": fatality,
        "fatalpre": np.where(fatality == 0, 0, NO_DATE),
        "maxdur": 180 + 365 * conflict.goes_on,
        "mindur": 30 + 365 * conflict.goes_on,
        "hiact": np.choose(hostility - THREAT, (4, 7, 16, 20)),
        "hostlev": hostility,
        "recip": rng.integers(0, 2, count),
        "numa": 1 + (conflict.joiner >= 0),
        "numb": 1,
        "ongo2014": (end_year >= DISPUTE_YEARS[1]).astype(np.int64),
        "version": 5,
    }


def _participants(world: World, disputes: Columns) -> Columns:
    """One row for each side and for the third state, if any, which is not an originator."""
    conflict, roster, rng = world.conflict, world.roster, world.stream(14)
    joined = np.flatnonzero(conflict.joiner >= 0)
    count = len(conflict.year)
    dispute = np.r_[np.arange(count), np.arange(count), joined]
    state = np.r_[conflict.side_a, conflict.side_b, conflict.joiner[joined]]
    side_a = np.r_[np.ones(count), np.zeros(count), np.ones(len(joined))]
    originator = np.r_[np.ones(2 * count), np.zeros(len(joined))]
    order = np.lexsort((roster.codes[state], dispute))
    dispute, state, side_a, originator = dispute[order], state[order], side_a[order], originator[order]
    revises = rng.random(len(state)) < 0.45
    shared = (
        "dispnum",
        "stday",
        "stmon",
        "styear",
        "endday",
        "endmon",
        "endyear",
        "fatality",
        "fatalpre",
        "hiact",
        "hostlev",
    )
    return {name: disputes[name][dispute] for name in shared} | {
        "stabb": roster.abbreviations[state],
        "ccode": roster.codes[state],
        "sidea": side_a,
        "revstate": revises.astype(np.int64),
        "revtype1": np.where(revises, rng.integers(1, 4, len(state)), 0),
        "revtype2": np.where(revises, NO_DATE, 0),
        "orig": originator,
        "version": 5,
    }


def _wars(world: World, hostility: Integers) -> Columns:
    """Disputes of the highest level to 2007 as wars; a few have two spells in one year."""
    conflict, roster, rng = world.conflict, world.roster, world.stream(15)
    war = np.flatnonzero((hostility == WAR) & (conflict.year + conflict.goes_on <= WARS_LAST_YEAR))
    joined = war[conflict.joiner[war] >= 0]
    row = np.r_[war, war, joined]
    state = np.r_[conflict.side_a[war], conflict.side_b[war], conflict.joiner[joined]]
    side = np.r_[np.ones(len(war)), np.full(len(war), 2), np.ones(len(joined))].astype(np.int64)
    number = np.add(np.searchsorted(war, row), 1)
    order = np.lexsort((side, number))
    row, state, side, number = row[order], state[order], side[order], number[order]
    year = conflict.year[row]
    twice = (rng.random(len(war)) < TWO_SPELL_SHARE)[number - 1] & ~conflict.goes_on[row]

    def second(value: int | Integers) -> Integers:
        return np.where(twice, value, NOT_APPLICABLE)

    return {
        "WarNum": number,
        "WarName": np.array([f"SYNTHETIC War {war_number}" for war_number in number], dtype=object),
        "WarType": 1,
        "ccode": roster.codes[state],
        "StateName": roster.names[state],
        "Side": side,
        "StartMonth1": 2,
        "StartDay1": 11,
        "StartYear1": year,
        "EndMonth1": np.where(twice, 4, 10),
        "EndDay1": 19,
        "EndYear1": year + conflict.goes_on[row],
        "StartMonth2": second(8),
        "StartDay2": second(3),
        "StartYear2": second(year),
        "EndMonth2": second(11),
        "EndDay2": second(27),
        "EndYear2": second(year),
        "TransFrom": str(NOT_APPLICABLE),
        "WhereFought": 2,
        "Initiator": np.where(side == 1, 1, 2),
        "Outcome": np.where(side == 1, 1, 2),
        "TransTo": NOT_APPLICABLE,
        "BatDeath": np.where(rng.random(len(row)) < 0.05, NO_DATE, rng.integers(100, 50_000, len(row))),
        "Version": 4,
    }


def _borders(world: World) -> Columns:
    """Neighbours in code order share a land border; some states two positions apart are neighbours by sea."""
    roster, rng = world.roster, world.stream(16)
    within = roster.member & (roster.years >= BORDER_YEARS[0]) & (roster.years <= BORDER_YEARS[1])
    land, column = np.nonzero(within[:-1] & within[1:])
    sea, sea_column = np.nonzero(within[:-2] & within[2:] & (rng.random((roster.size - 2, 1)) < SEA_SHARE))
    low = np.r_[land, sea]
    high = np.r_[land + 1, sea + 2]
    first, second = np.r_[low, high], np.r_[high, low]
    return {
        "dyad": _dyad_number(roster, first, second),
        "state1no": roster.codes[first],
        "state1ab": roster.abbreviations[first],
        "state2no": roster.codes[second],
        "state2ab": roster.abbreviations[second],
        "year": np.tile(roster.years[np.r_[column, sea_column]], 2),
        "conttype": np.tile(np.r_[np.full(len(land), LAND), np.full(len(sea), SEA_150_MILES)], 2),
        "version": 3.2,
    }


def _dyad_number(roster: Roster, first: Integers, second: Integers) -> Integers:
    """Join two codes into one number, the second with three digits (or as many as the longest code)."""
    return roster.codes[first] * max(1000, 10 ** len(str(roster.codes.max()))) + roster.codes[second]


def _rivalries(world: World) -> Iterator[tuple[str, Columns]]:
    """Most rivalries by disputes are strategic rivalries too, from up to ten years earlier to ten years later."""
    conflict, roster, rng = world.conflict, world.roster, world.stream(17)
    kept = rng.random(len(conflict.rivalry_pairs)) < 0.7
    pairs = np.sort(conflict.rivalry_pairs[kept], axis=1)
    count = len(pairs)
    start = conflict.rivalry_years[kept, 0] - rng.integers(0, 11, count)
    end = conflict.rivalry_years[kept, 1] + rng.integers(0, 11, count)
    name = np.array([f"SYNTHETIC rivalry {number}" for number in range(1, count + 1)], dtype=object)
    kind = rng.integers(0, len(RIVALRY_TYPES), count)
    flags = {label: np.where(kind == number, 1.0, np.nan) for number, label in enumerate(RIVALRY_TYPES)}
    yield (
        "rivalries_tss",
        flags
        | {
            "tssr_id": np.arange(1, count + 1),
            "rivalry": name,
            "ccode1": roster.codes[pairs[:, 0]],
            "ccode2": roster.codes[pairs[:, 1]],
            "start": start,
            "end": np.minimum(end, TSS_LAST_YEAR),
            "principal": np.where(rng.random(count) < 0.2, 1.0, np.nan),
            "aprin": np.where(rng.random(count) < 0.2, 1.0, np.nan),
        },
    )
    yield (
        "rivalries_td",
        {
            "rivalryno": np.arange(1, count + 1),
            "rivalryname": name,
            "ccode1": roster.codes[pairs[:, 0]],
            "ccode2": roster.codes[pairs[:, 1]],
            "styear": np.minimum(start, TD_LAST_YEAR),
            "endyear": np.minimum(end, TD_LAST_YEAR),
            "region": "SYNTHETIC",
            "type1": np.array(RIVALRY_TYPES, dtype=object)[kind],
        },
    )
