"""The ATOP tables: treaties that give every state exactly the formations drawn for it.

The states that form in one year are shuffled into treaties of two or more. A state that is alone signs with one outside
the state system. Some join an older treaty instead of a new one. Two entries must not count as formation: the second
phase of a renewed treaty, and the entry of a state that joins only at the renewal.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orchestration.ingest.sample.states import Booleans, Integers, Roster
from orchestration.ingest.sample.world import ALLIANCE_YEARS, Columns, World

OBLIGATIONS = ("defense", "offense", "neutral", "nonagg", "consul")
MILITARY_SHARES = (0.55, 0.15, 0.2, 0.4, 0.5)  # of military treaties with each obligation
TREATY_SIZES, TREATY_SIZE_SHARES = (2, 3, 4, 8), (0.75, 0.12, 0.08, 0.05)
MEMBERS_AT_MOST = 59  # columns mem1 to mem59
OPEN_SIZE = 3  # smallest number of members of a treaty that others join, or that loses one
ACCESSION_SHARE, RENEWAL_SHARE, ONE_SIDED_SHARE = 0.4, 0.2, 0.1
RENEWABLE_YEARS = 8
MEAN_DURATION = 14
FIRST_ID, ID_STEP = 1005, 5


@dataclass
class Treaties:
    """N treaties and their M memberships.

    Attributes
    ----------
    year, end : ndarray of int, shape (N,)
        First and last calendar year; 0 in `end`: in force.
    month, day : ndarray of int, shape (N,)
        Day of the signature.
    obligations : ndarray of int, shape (N, 5)
        0 or 1 for each of OBLIGATIONS.
    renewed_in : ndarray of int, shape (N,)
        Calendar year of the renewal; 0: never.
    treaty, state : ndarray of int, shape (M,)
        Row of the treaty, and row of the member in the roster.
    entered, left : ndarray of int, shape (M,)
        Calendar years of entry and exit; 0 in `left`: in force.
    in_system : ndarray of bool, shape (M,)
        Whether the member belongs to the state system when it enters.
    one_sided : ndarray of bool, shape (M,)
        Whether the only obligation of the member itself is to consult.
    """

    year: Integers
    end: Integers
    month: Integers
    day: Integers
    obligations: Integers
    renewed_in: Integers
    treaty: Integers
    state: Integers
    entered: Integers
    left: Integers
    in_system: Booleans
    one_sided: Booleans


def tables(world: World) -> Iterator[tuple[str, Columns]]:
    """Yield name and columns of the ATOP tables."""
    treaties = _sign(world)
    members = _members(world, treaties)
    yield "atop", members
    yield "atop_alliances", _alliances(world, treaties)
    yield "atop_state_years", _state_years(members)


def _sign(world: World) -> Treaties:
    rng, roster = world.stream(5), world.roster
    treaties: list[Integers] = []
    states: list[Integers] = []
    columns: list[Integers] = []
    military_treaties: list[Booleans] = []
    count = 0
    for forms, is_military in ((world.forms_military, True), (world.forms_nonaggression, False)):
        for year_column in np.flatnonzero(forms.any(axis=0)):
            signers = rng.permutation(np.flatnonzero(forms[:, year_column]))
            group = _groups(len(signers), rng)
            if len(signers) == 1:
                outsiders = np.flatnonzero(~roster.member[:, year_column])
                signers = np.r_[signers, rng.choice(outsiders)]
                group = np.zeros(2, dtype=np.int64)
            size = int(group[-1]) + 1
            treaties.append(group + count)
            states.append(signers)
            columns.append(np.full(len(signers), year_column))
            military_treaties.append(np.full(size, is_military))
            count += size
    treaty, state, column = np.concatenate(treaties), np.concatenate(states), np.concatenate(columns)
    military = np.concatenate(military_treaties)
    year = np.zeros(count, dtype=np.int64)
    year[treaty] = roster.years[column]
    end = year + 1 + rng.exponential(MEAN_DURATION, count).astype(np.int64)
    treaty = _accede(roster.years[column], treaty, state, military, year, end, rng)

    obligations = (rng.random((count, 5)) < MILITARY_SHARES).astype(np.int64)
    obligations[~obligations[:, [0, 1, 2, 4]].any(axis=1), 4] = 1
    obligations[~military] = (0, 0, 0, 1, 0)
    has_accession = np.zeros(count, dtype=bool)
    has_accession[treaty[roster.years[column] > year[treaty]]] = True
    renewal = year + RENEWABLE_YEARS // 2
    lasts = (end - year >= RENEWABLE_YEARS) & (renewal < ALLIANCE_YEARS[1]) & ~has_accession
    renewed_in = np.where(lasts & (rng.random(count) < RENEWAL_SHARE), renewal, 0)
    late_treaty, late_state = _latecomers(roster, renewed_in, treaty, state, rng)
    treaty, state = np.r_[treaty, late_treaty], np.r_[state, late_state]
    column = np.r_[column, renewed_in[late_treaty] - roster.years[0]]
    entered = roster.years[column]
    in_system = roster.member[state, column]
    left = np.where(in_system, np.minimum(end[treaty], roster.last_member_year[state, column]), end[treaty])
    last_of_treaty = np.zeros(count, dtype=np.int64)
    np.maximum.at(last_of_treaty, treaty, left)
    sizes = np.bincount(treaty, minlength=count)
    one_sided = (rng.random(len(state)) < ONE_SIDED_SHARE) & military[treaty] & (sizes[treaty] == 2)
    return Treaties(
        year=year,
        end=_still_open(last_of_treaty),
        month=rng.integers(1, 13, count),
        day=rng.integers(1, 29, count),
        obligations=obligations,
        renewed_in=renewed_in,
        treaty=treaty,
        state=state,
        entered=entered,
        left=_still_open(left),
        in_system=in_system,
        one_sided=one_sided,
    )


def _still_open(year: Integers) -> Integers:
    return np.where(year > ALLIANCE_YEARS[1], 0, year)


def _groups(signers: int, rng: np.random.Generator) -> Integers:
    """Assign signers to treaties, numbered from 0; a single last signer joins the previous treaty."""
    ends = np.cumsum(rng.choice(TREATY_SIZES, size=signers, p=TREATY_SIZE_SHARES))
    group = np.searchsorted(ends, np.arange(signers), side="right")
    if signers > 1 and group[-1] != group[-2]:
        group[-1] = group[-2]
    return group


def _accede(
    entered: Integers,
    treaty: Integers,
    state: Integers,
    military: Booleans,
    year: Integers,
    end: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Move one member of some large new treaties to the latest older large treaty, unless it is already a member."""
    sizes = np.bincount(treaty)
    _, first_of_treaty = np.unique(treaty, return_index=True)
    is_first = np.zeros(len(treaty), dtype=bool)
    is_first[first_of_treaty] = True
    moves = is_first & military[treaty] & (sizes[treaty] >= OPEN_SIZE) & (rng.random(len(treaty)) < ACCESSION_SHARE)
    large = np.flatnonzero((sizes >= OPEN_SIZE) & military)
    large = large[np.argsort(year[large], kind="stable")]
    position = np.searchsorted(year[large], entered, side="left") - 1
    target = large[np.maximum(position, 0)]
    span = state.max() + 1
    member_already = np.isin(target * span + state, treaty * span + state)
    ok = moves & (position >= 0) & (end[target] > entered) & ~member_already
    _, once = np.unique(np.where(ok, target, -1 - np.arange(len(target))), return_index=True)
    chosen = np.zeros(len(target), dtype=bool)
    chosen[once] = True  # one accession to a treaty: no member twice, and no more members than columns
    return np.where(ok & chosen, target, treaty)


def _latecomers(
    roster: Roster, renewed_in: Integers, treaty: Integers, state: Integers, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Choose treaties and states that join them at the renewal: members of the system, not yet of the treaty."""
    renewed = np.flatnonzero(renewed_in > 0)
    guest = rng.integers(0, roster.size, len(renewed))
    present = roster.member[guest, renewed_in[renewed] - roster.years[0]]
    already = np.isin(renewed * roster.size + guest, treaty * roster.size + state)
    return renewed[present & ~already], guest[present & ~already]


def _members(world: World, t: Treaties) -> Columns:
    """One row for each member and phase, sorted by treaty, phase and state."""
    renewal = t.renewed_in[t.treaty]
    in_first = (renewal == 0) | (t.entered < renewal)
    outlives = in_first & (renewal > 0) & ((t.left == 0) | (t.left > renewal))
    row = np.r_[np.arange(len(t.state)), np.flatnonzero(outlives)]
    again = np.arange(len(row)) >= len(t.state)
    phase = np.where(again | ~in_first[row], 2, np.where(renewal[row] > 0, 1, 0))
    entered = np.where(again, renewal[row], t.entered[row])
    left = np.where(~again & outlives[row], renewal[row], t.left[row])
    order = np.lexsort((world.roster.codes[t.state[row]], phase, t.treaty[row]))
    row, phase, entered, left = row[order], phase[order], entered[order], left[order]
    treaty = t.treaty[row]
    own = t.obligations[treaty].copy()
    own[t.one_sided[row]] = (0, 0, 0, 0, 1)
    open_ = left == 0
    return _common(t, treaty) | {
        "member": world.roster.codes[t.state[row]],
        "cowsys": t.in_system[row].astype(np.int64),
        "yrent": entered,
        "moent": t.month[treaty],
        "dayent": t.day[treaty],
        "yrexit": left,
        "moexit": np.where(open_, 0, t.month[treaty]),
        "dayexit": np.where(open_, 0, t.day[treaty]),
        "ineffect": open_.astype(np.int64),
        "phase": phase,
        "cowwar": 0,
        "termmode": np.where(open_, 0, 2),
        "termcaus": np.where(open_, 0, 1),
        "obvary": t.one_sided[row].astype(np.int64),
        "olimob": 0,
        **dict(zip(OBLIGATIONS, own.T, strict=True)),
    }


def _alliances(world: World, t: Treaties) -> Columns:
    """One row for each treaty; mem1 to mem59 are the codes of its members."""
    treaty = np.arange(len(t.year))
    open_ = t.end == 0
    columns = _common(t, treaty) | {
        "begyr": t.year,
        "begmo": t.month,
        "begday": t.day,
        "endyr": t.end,
        "endmo": np.where(open_, 0, t.month),
        "endday": np.where(open_, 0, t.day),
        "ineffect": open_.astype(np.int64),
    }
    columns |= dict(zip(OBLIGATIONS, t.obligations.T, strict=True))
    order = np.argsort(t.treaty, kind="stable")
    member_of = t.treaty[order]
    rank = np.arange(len(order)) - np.searchsorted(member_of, member_of)
    members = np.full((len(treaty), MEMBERS_AT_MOST), np.nan)
    members[member_of, rank] = world.roster.codes[t.state[order]]
    return columns | {f"mem{number + 1}": members[:, number] for number in range(MEMBERS_AT_MOST)}


def _state_years(members: Columns) -> Columns:
    """One row for each state and year with a treaty; where a treaty is renewed, the later phase counts."""
    last = np.where(members["yrexit"] == 0, ALLIANCE_YEARS[1], members["yrexit"])
    length = last - members["yrent"] + 1
    row = np.repeat(np.arange(len(length)), length)
    year = members["yrent"][row] + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    state, treaty = members["member"][row], members["atopid"][row]
    order = np.lexsort((members["phase"][row], treaty, year, state))
    row, year, state, treaty = row[order], year[order], state[order], treaty[order]
    changes = (np.diff(state) != 0) | (np.diff(year) != 0)
    is_last_phase = np.r_[changes | (np.diff(treaty) != 0), True]
    row, year, state, treaty = (values[is_last_phase] for values in (row, year, state, treaty))
    starts = np.flatnonzero(np.r_[True, (np.diff(state) != 0) | (np.diff(year) != 0)])
    number = np.diff(np.r_[starts, len(row)])
    ids = np.full((len(starts), MEMBERS_AT_MOST), np.nan)
    ids[np.repeat(np.arange(len(starts)), number), np.arange(len(row)) - np.repeat(starts, number)] = treaty
    return {
        "state": state[starts],
        "year": year[starts],
        "atopally": 1,
        "number": number,
        "transyr": 0,
        "version": 5.1,
        **{name: np.maximum.reduceat(members[name][row], starts) for name in OBLIGATIONS},
        **{f"atopid{place + 1}": ids[:, place] for place in range(MEMBERS_AT_MOST)},
    }


def _common(t: Treaties, treaty: Integers) -> Columns:
    """Columns of both tables; provisions that the world does not have are 0."""
    sizes = np.bincount(t.treaty)
    asymmetric: Booleans = np.bincount(t.treaty, weights=t.one_sided) > 0
    active = np.logical_or(t.obligations[:, 0], t.obligations[:, 1])
    return {
        "atopid": FIRST_ID + ID_STEP * treaty,
        "bilat": (sizes[treaty] == 2).astype(np.int64),
        "maxphase": np.where(t.renewed_in[treaty] > 0, 2, 0),
        "term": np.where(t.end[treaty] == 0, 0, 3),
        "asymm": asymmetric[treaty].astype(np.int64),
        "active": active[treaty].astype(np.int64),
        "estmode": 1,
        "source": 1,
        "new5": 0,
        "rev5": 0,
        "version": 5.1,
    } | dict.fromkeys(("wartime", "pubsecr", "secrart", "conditio", "milaid", "base", "subord"), 0)
