"""Tables on states: the state system, capabilities, trade, threat, income and population."""

from collections.abc import Iterator

import numpy as np

from orchestration.ingest.sample.states import FIRST_YEAR, LAST_YEAR, MAJOR_SPELLS, Floats, Integers
from orchestration.ingest.sample.world import CAPABILITIES, CAPABILITY_YEARS, Columns, World

SYSTEM_LAST_YEAR = 2016  # of the state-year list
TRADE_YEARS = (1870, 2014)
THREAT_YEARS = (1816, 2015)
MADDISON_YEARS = (1820, 2022)
FORMER_STATES = {365: "SUN", 315: "CSK"}  # Maddison's own codes
FORMER_YEARS = (1900, 1990)


def tables(world: World) -> Iterator[tuple[str, Columns]]:
    """Yield name and columns of the tables on states."""
    yield "state_system_spells", _spells(world)
    yield "state_system_years", _years(world)
    yield "major_powers", _majors(world)
    yield "cow_country_codes", _country_codes(world)
    yield "national_capabilities", _capabilities(world)
    yield "national_trade", _trade(world)
    yield "external_threat", _threat(world)
    yield "maddison", _maddison(world)


def _spell_bounds(world: World) -> tuple[Integers, Integers, Integers]:
    """State row, first and last year of every uninterrupted membership."""
    member = np.pad(world.roster.member.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(member, axis=1)
    state, first = np.nonzero(change == 1)
    _, after = np.nonzero(change == -1)
    return state, first + FIRST_YEAR, after + FIRST_YEAR - 1


def _spells(world: World) -> Columns:
    """Membership starts and ends on a random day of its first and last year, except at the bounds of the list."""
    roster, rng = world.roster, world.stream(1)
    state, first, last = _spell_bounds(world)
    start_month, start_day = rng.integers(2, 13, len(state)), rng.integers(1, 29, len(state))
    end_month, end_day = rng.integers(2, 13, len(state)), rng.integers(1, 29, len(state))
    at_start, at_end = first == FIRST_YEAR, last == LAST_YEAR
    return {
        "stateabb": roster.abbreviations[state],
        "ccode": roster.codes[state],
        "statenme": roster.names[state],
        "styear": first,
        "stmonth": np.where(at_start, 1, start_month),
        "stday": np.where(at_start, 1, start_day),
        "endyear": last,
        "endmonth": np.where(at_end, 12, end_month),
        "endday": np.where(at_end, 31, end_day),
        "version": LAST_YEAR,
    }


def _years(world: World) -> Columns:
    roster = world.roster
    state, column = roster.member_rows(FIRST_YEAR, SYSTEM_LAST_YEAR)
    return {
        "stateabb": roster.abbreviations[state],
        "ccode": roster.codes[state],
        "year": roster.years[column],
        "version": SYSTEM_LAST_YEAR,
    }


def _majors(world: World) -> Columns:
    roster = world.roster
    codes = np.array([code for code, _, _ in MAJOR_SPELLS])
    starts = np.array([start for _, start, _ in MAJOR_SPELLS])
    ends = np.array([end for _, _, end in MAJOR_SPELLS])
    return {
        "stateabb": roster.abbreviations[np.searchsorted(roster.codes, codes)],
        "ccode": codes,
        "styear": starts[:, 0],
        "stmonth": starts[:, 1],
        "stday": starts[:, 2],
        "endyear": ends[:, 0],
        "endmonth": ends[:, 1],
        "endday": ends[:, 2],
        "version": LAST_YEAR,
    }


def _country_codes(world: World) -> Columns:
    """One row for each spell: as in the published file, a state that re-entered occurs twice."""
    roster = world.roster
    state, _, _ = _spell_bounds(world)
    return {"StateAbb": roster.abbreviations[state], "CCode": roster.codes[state], "StateNme": roster.names[state]}


def _capabilities(world: World) -> Columns:
    roster = world.roster
    state, column = roster.member_rows(*CAPABILITY_YEARS)
    columns = {
        "ccode": roster.codes[state],
        "year": roster.years[column],
        "cinc": np.round(world.cinc[state, column], 9),
    }
    return columns | {
        name: values[state, column] for name, values in zip(CAPABILITIES, world.capabilities, strict=True)
    }


def _trade(world: World) -> Columns:
    roster, rng = world.roster, world.stream(2)
    state, column = roster.member_rows(*TRADE_YEARS)
    size = rng.normal(3, 1.3, roster.size)[state] + 0.045 * (roster.years[column] - TRADE_YEARS[0])
    source = np.where(roster.years[column] < 1948, 1.0, 2.0)

    def flow(missing: float) -> Floats:
        value = np.round(np.exp(size + rng.normal(0, 0.3, len(state))), 2)
        return np.where(rng.random(len(state)) < missing, np.nan, value)

    imports, exports = flow(0.1), flow(0.06)
    return {
        "ccode": roster.codes[state],
        "statename": roster.names[state],
        "stateabb": roster.abbreviations[state],
        "year": roster.years[column],
        "imports": imports,
        "exports": exports,
        "source1": np.where(np.isnan(imports), np.nan, source),
        "source2": np.where(np.isnan(exports), np.nan, source),
        "version": 4,
    }


def _threat(world: World) -> Columns:
    """The last rows have no state code, as in the author's extract."""
    roster, rng = world.roster, world.stream(3)
    state, column = roster.member_rows(*THREAT_YEARS)
    tail = 3
    level = rng.beta(2, 4, roster.size)[state] * rng.uniform(0.9, 1.1, len(state))
    return {
        "ccode": np.r_[roster.codes[state].astype(float), np.full(tail, np.nan)],
        "year": np.r_[roster.years[column], THREAT_YEARS[1] - np.arange(tail)[::-1]],
        "lsthreat": np.round(np.r_[np.minimum(level, 1), np.full(tail, 0.5)], 8),
    }


def _maddison(world: World) -> Columns:
    """Every ten years before 1950, then every year; two former unions have codes of their own."""
    roster, rng = world.roster, world.stream(4)
    codes = [(row, code) for row, code in enumerate(roster.iso3) if code is not None]
    former = [(roster.index_of(code), label) for code, label in FORMER_STATES.items()]
    series = codes + [(row, label) for row, label in former if row is not None]
    years = np.array(
        [year for year in range(MADDISON_YEARS[0], MADDISON_YEARS[1] + 1) if year >= 1950 or year % 10 == 0]
    )
    width = len(years)
    rows = np.repeat([row for row, _ in series], width)
    labels = np.repeat(np.array([label for _, label in series], dtype=object), width)
    year = np.tile(years, len(series))
    wealth = rng.normal(7.0, 0.4, roster.size)[rows] + 0.013 * (year - MADDISON_YEARS[0])
    people = rng.normal(8.5, 1.0, roster.size)[rows] + 0.011 * (year - MADDISON_YEARS[0])
    income = np.round(np.exp(wealth + rng.normal(0, 0.03, len(year))))
    kept = ~np.isin(labels, list(FORMER_STATES.values())) | ((year >= FORMER_YEARS[0]) & (year <= FORMER_YEARS[1]))
    income[rng.random(len(year)) < 0.08] = np.nan
    return {
        "ISO": labels[kept],
        "year": year[kept],
        "gdppc": income[kept],
        "pop": np.round(np.exp(people))[kept],
    }
