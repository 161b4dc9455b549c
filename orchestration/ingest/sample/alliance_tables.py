"""ATOP's two tables: treaties that give every state exactly the formations the world drew for it, no more and no fewer.

States that form in one year are shuffled into treaties of two or more. A state left alone signs with one outside the
state system. Some join an older treaty instead of a new one. Two things must not count as formation: the second phase
of a treaty that is renewed, and the entry of a state that comes in only then.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orchestration.ingest.sample.world import ALLIANCE_YEARS, World

OBLIGATIONS = ("defense", "offense", "neutral", "nonagg", "consul")
MILITARY_SHARES = (0.55, 0.15, 0.2, 0.4, 0.5)  # of military treaties that carry each obligation
TREATY_SIZES, TREATY_SIZE_SHARES = (2, 3, 4, 8), (0.75, 0.12, 0.08, 0.05)
MEMBERS_AT_MOST = 59  # columns mem1 to mem59
OPEN_SIZE = 3  # members from which on a treaty takes in others, or can spare one
ACCESSION_SHARE, RENEWAL_SHARE, ONE_SIDED_SHARE = 0.4, 0.2, 0.1
RENEWABLE_YEARS = 8
MEAN_DURATION = 14
FIRST_ID, ID_STEP = 1005, 5


@dataclass
class Treaties:
    """Treaties (N,) and their members (M,); `state` is the row of the roster. Years of exit are 0 while in force."""

    year: np.ndarray
    end: np.ndarray
    month: np.ndarray
    day: np.ndarray
    obligations: np.ndarray  # (N, 5) 0 or 1
    renewed_in: np.ndarray  # 0 = never
    treaty: np.ndarray
    state: np.ndarray
    entered: np.ndarray
    left: np.ndarray
    in_system: np.ndarray
    one_sided: np.ndarray  # member whose own obligation is to consult and no more


def tables(world: World) -> Iterator[tuple[str, dict]]:
    """(raw table name, columns) for each."""
    treaties = _sign(world)
    yield "atop", _members(world, treaties)
    yield "atop_alliances", _alliances(world, treaties)


def _sign(world: World) -> Treaties:
    rng, roster = world.stream(5), world.roster
    treaty, state, entered, military = [], [], [], []
    count = 0
    for forms, is_military in ((world.forms_military, True), (world.forms_nonaggression, False)):
        for column in np.flatnonzero(forms.any(axis=0)):
            signers = rng.permutation(np.flatnonzero(forms[:, column]))
            group = _groups(len(signers), rng)
            if len(signers) == 1:
                outsiders = np.flatnonzero(~roster.member[:, column])
                signers = np.r_[signers, rng.choice(outsiders)]
                group = np.zeros(2, dtype=np.int64)
            treaty.append(group + count)
            state.append(signers)
            entered.append(np.full(len(signers), column))
            military.append(np.full(group[-1] + 1, is_military))
            count += group[-1] + 1
    treaty, state, column = np.concatenate(treaty), np.concatenate(state), np.concatenate(entered)
    military = np.concatenate(military)
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


def _still_open(year: np.ndarray) -> np.ndarray:
    return np.where(year > ALLIANCE_YEARS[1], 0, year)


def _groups(signers: int, rng: np.random.Generator) -> np.ndarray:
    """Treaty number, from 0, of each signer; a last one left alone goes with the treaty before."""
    ends = np.cumsum(rng.choice(TREATY_SIZES, size=signers, p=TREATY_SIZE_SHARES))
    group = np.searchsorted(ends, np.arange(signers), side="right")
    if signers > 1 and group[-1] != group[-2]:
        group[-1] = group[-2]
    return group


def _accede(entered, treaty, state, military, year, end, rng) -> np.ndarray:
    """Of some large new treaties one member goes to the latest older large one instead, if it is not in that yet."""
    sizes = np.bincount(treaty)
    _, first_of_treaty = np.unique(treaty, return_index=True)
    is_first = np.zeros(len(treaty), dtype=bool)
    is_first[first_of_treaty] = True
    moves = is_first & military[treaty] & (sizes[treaty] >= OPEN_SIZE) & (rng.random(len(treaty)) < ACCESSION_SHARE)
    large = np.flatnonzero((sizes >= OPEN_SIZE) & military)
    large = large[np.argsort(year[large], kind="stable")]
    place = np.searchsorted(year[large], entered, side="left") - 1
    target = large[np.maximum(place, 0)]
    span = state.max() + 1
    member_already = np.isin(target * span + state, treaty * span + state)
    ok = moves & (place >= 0) & (end[target] > entered) & ~member_already
    _, once = np.unique(np.where(ok, target, -1 - np.arange(len(target))), return_index=True)
    chosen = np.zeros(len(target), dtype=bool)
    chosen[once] = True  # one accession to a treaty: nobody comes in twice, and none grows beyond its columns
    return np.where(ok & chosen, target, treaty)


def _latecomers(roster, renewed_in, treaty, state, rng) -> tuple[np.ndarray, np.ndarray]:
    """For some renewed treaties a state of the system that is not in it yet and enters with the renewal."""
    renewed = np.flatnonzero(renewed_in > 0)
    guest = rng.integers(0, roster.size, len(renewed))
    present = roster.member[guest, renewed_in[renewed] - roster.years[0]]
    already = np.isin(renewed * roster.size + guest, treaty * roster.size + state)
    return renewed[present & ~already], guest[present & ~already]


def _members(world: World, t: Treaties) -> dict:
    """One row for each member and phase, by treaty, phase and state."""
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


def _alliances(world: World, t: Treaties) -> dict:
    """One row for each treaty; mem1 to mem59 are its members' codes."""
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
    places = np.full((len(treaty), MEMBERS_AT_MOST), np.nan)
    places[member_of, rank] = world.roster.codes[t.state[order]]
    return columns | {f"mem{place + 1}": places[:, place] for place in range(MEMBERS_AT_MOST)}


def _common(t: Treaties, treaty: np.ndarray) -> dict:
    """Columns that both tables have; provisions this world knows nothing of are 0 in both."""
    sizes = np.bincount(t.treaty)
    asymmetric = np.bincount(t.treaty, weights=t.one_sided) > 0
    active = t.obligations[:, :2].any(axis=1)
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
