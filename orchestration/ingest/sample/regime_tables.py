"""Tables on institutions: Polity in its own state codes, the selectorate deposit and W4."""

from collections.abc import Iterator

import numpy as np

from orchestration.ingest.sample.states import Integers
from orchestration.ingest.sample.world import (
    INTERREGNUM,
    OCCUPATION,
    REGIME_FIELDS,
    REGIMES,
    SETTLED,
    Columns,
    World,
)

POLITY_YEARS = (1816, 2018)
SELECTORATE_YEARS = (1816, 2020)
# Years in which Polity has its own code for a state: COW code, first and last year, Polity's code and abbreviation.
OWN_CODES = (
    (365, 1922, 1991, 364, "USR"),
    (770, 1945, 1971, 769, "PKS"),
    (530, 1993, 2018, 529, "ETI"),
    (325, 1816, 1861, 324, "SAR"),
    (300, 1816, 1918, 305, "AUS"),
)
# Transition years with two rows in Polity, one for each code: COW code, year, code and abbreviation of the second row.
TWO_ROWS = ((365, 1922, 365, "RUS"), (530, 1993, 530, "ETH"), (325, 1861, 325, "ITA"))
COMPONENTS = REGIME_FIELDS[:10]
DEPOSIT_CODES = {300: 305}  # the deposit has the code of Austria for Austria-Hungary
MISSING_SHARE = 0.05  # of the deposit's regime types


def _polity(world: World) -> Columns:
    """Member state-years to 2018, with standard codes in all columns except polity2."""
    roster, rng = world.roster, world.stream(10)
    state, column = roster.member_rows(*POLITY_YEARS)
    year, cow = roster.years[column], roster.codes[state]
    code, abbreviations = cow.copy(), roster.abbreviations[state]
    for cow_code, first, last, own, own_abbreviation in OWN_CODES:
        here = (cow == cow_code) & (year >= first) & (year <= last)
        code[here], abbreviations[here] = own, own_abbreviation
    again = np.concatenate([np.flatnonzero((cow == cow_code) & (year == when)) for cow_code, when, _, _ in TWO_ROWS])
    second = {(cow_code, when): (own, abbreviation) for cow_code, when, own, abbreviation in TWO_ROWS}
    extra = [second[int(cow[row]), int(year[row])] for row in again]
    row = np.r_[np.arange(len(state)), again]
    code = np.r_[code, np.array([own for own, _ in extra], dtype=code.dtype)]
    abbreviations = np.r_[abbreviations, np.array([abbreviation for _, abbreviation in extra], dtype=object)]
    state, column, year = state[row], column[row], year[row]

    polity_code = world.polity_code[state, column]
    columns = {
        name: np.where(polity_code == SETTLED, REGIMES[:, position][world.regime[state, column]], polity_code)
        for position, name in enumerate(COMPONENTS)
    }
    score = (REGIMES[:, 0] - REGIMES[:, 1])[world.regime[state, column]]
    polity2 = np.where(polity_code == INTERREGNUM, 0, score).astype(float)
    polity2[polity_code == OCCUPATION] = np.nan
    return columns | {
        "p5": 0,
        "cyear": code * 10_000 + year,
        "ccode": code,
        "scode": abbreviations,
        "country": roster.names[state],
        "year": year,
        "flag": 0,
        "polity": np.where(polity_code == SETTLED, score, polity_code),
        "polity2": polity2,
        "durable": rng.integers(0, 80, len(year)),
        "exconst": columns["xconst"],
        "change": np.where(polity_code == SETTLED, np.nan, polity_code),
    }


def _deposit(world: World) -> Columns:
    """The selectorate deposit; indicators that the world does not have are empty."""
    roster, rng = world.roster, world.stream(11)
    state, column = roster.member_rows(*SELECTORATE_YEARS)
    regime, polity_code = world.regime[state, column], world.polity_code[state, column]
    field = {name: REGIMES[:, position][regime] for position, name in enumerate(REGIME_FIELDS)}
    score = (field["democ"] - field["autoc"]).astype(float)
    columns = {
        "country_name": roster.names[state],
        "country": roster.names[state],
        "year": roster.years[column],
        "ccode": _deposit_codes(world, state),
        "CountryCode": roster.codes[state],
        "wbcode": roster.iso3[state],
        "v2x_polyarchy": np.round((score + 10) / 20, 3),
        "RegType": np.where(rng.random(len(state)) < MISSING_SHARE, np.nan, field["RegType"]),
        "LegislativeSelection": field["LegislativeSelection"],
        "polity": np.where(polity_code == SETTLED, score, polity_code),
        "e_p_polity": np.where(polity_code == SETTLED, score, polity_code),
        "polity2": np.where(polity_code == OCCUPATION, np.nan, score),
        "e_peinfmor": world.mortality[state, column],
    }
    for name in ("democ", "autoc", "xrcomp", "xropen", "parcomp"):
        columns[name] = np.where(polity_code == SETTLED, field[name], polity_code)
    return columns


def _deposit_codes(world: World, state: Integers) -> Integers:
    codes = world.roster.codes[state]
    for code, deposit_code in DEPOSIT_CODES.items():
        codes = np.where(codes == code, deposit_code, codes)
    return codes


def _w4(world: World) -> Columns:
    """The four-category coalition size: the Polity score of the regime, rescaled, with noise."""
    roster, rng = world.roster, world.stream(12)
    state, column = roster.member_rows(*SELECTORATE_YEARS)
    regime = world.regime[state, column]
    level = (REGIMES[:, 0] - REGIMES[:, 1] + 10)[regime] / 20
    return {
        "country_name": roster.names[state],
        "year": roster.years[column],
        "ccode": _deposit_codes(world, state),
        "W4": np.round(np.clip(level + rng.normal(0, 0.05, len(state)), 0, 1), 7),
    }


def tables(world: World) -> Iterator[tuple[str, Columns]]:
    """Yield name and columns of the tables on institutions."""
    yield "polity5", _polity(world)
    yield "selectorate_w4", _w4(world)
    yield "selectorate_deposit", _deposit(world)
