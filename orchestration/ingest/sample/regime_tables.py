"""The files on institutions: Polity in its own state codes, the selectorate deposit and W4."""

from collections.abc import Iterator

import numpy as np

from orchestration.ingest.sample.world import INTERREGNUM, OCCUPATION, REGIME_FIELDS, REGIMES, SETTLED, World

POLITY_YEARS = (1816, 2018)
SELECTORATE_YEARS = (1816, 2020)
# Years in which Polity has a code of its own for a state: COW code, first and last year, Polity's code and letters.
OWN_CODES = (
    (365, 1922, 1991, 364, "USR"),
    (770, 1945, 1971, 769, "PKS"),
    (530, 1993, 2018, 529, "ETI"),
    (325, 1816, 1861, 324, "SAR"),
    (300, 1816, 1918, 305, "AUS"),
)
# Transitions that Polity shows twice, once by either code: COW code, year, the code in the second row.
SHOWN_TWICE = ((365, 1922, 365, "RUS"), (530, 1993, 530, "ETH"), (325, 1861, 325, "ITA"))
COMPONENTS = REGIME_FIELDS[:10]
DEPOSIT_CODES = {300: 305}  # the deposit knows Austria-Hungary as Austria
MISSING_SHARE = 0.05  # of the deposit's regime types


def polity(world: World) -> dict:
    """Polity's table: member state-years to 2018, standard codes in all but polity2."""
    roster, rng = world.roster, world.stream(10)
    state, column = roster.member_rows(*POLITY_YEARS)
    year, cow = roster.years[column], roster.codes[state]
    code, letters = cow.copy(), roster.abbreviations[state]
    for cow_code, first, last, own, abbreviation in OWN_CODES:
        here = (cow == cow_code) & (year >= first) & (year <= last)
        code[here], letters[here] = own, abbreviation
    again = np.concatenate([np.flatnonzero((cow == cow_code) & (year == when)) for cow_code, when, _, _ in SHOWN_TWICE])
    second = {(cow_code, when): (own, abbreviation) for cow_code, when, own, abbreviation in SHOWN_TWICE}
    extra = [second[int(cow[row]), int(year[row])] for row in again]
    row = np.r_[np.arange(len(state)), again]
    code = np.r_[code, np.array([own for own, _ in extra], dtype=code.dtype)]
    letters = np.r_[letters, np.array([abbreviation for _, abbreviation in extra], dtype=object)]
    state, column, year = state[row], column[row], year[row]

    standing = world.polity_code[state, column]
    columns = {
        name: np.where(standing == SETTLED, REGIMES[:, place][world.regime[state, column]], standing)
        for place, name in enumerate(COMPONENTS)
    }
    score = (REGIMES[:, 0] - REGIMES[:, 1])[world.regime[state, column]]
    polity2 = np.where(standing == INTERREGNUM, 0, score).astype(float)
    polity2[standing == OCCUPATION] = np.nan
    return columns | {
        "p5": 0,
        "cyear": code * 10_000 + year,
        "ccode": code,
        "scode": letters,
        "country": roster.names[state],
        "year": year,
        "flag": 0,
        "polity": np.where(standing == SETTLED, score, standing),
        "polity2": polity2,
        "durable": rng.integers(0, 80, len(year)),
        "exconst": columns["xconst"],
        "change": np.where(standing == SETTLED, np.nan, standing),
    }


def deposit(world: World) -> dict:
    """The selectorate deposit. Indicators this world knows nothing of are empty."""
    roster, rng = world.roster, world.stream(11)
    state, column = roster.member_rows(*SELECTORATE_YEARS)
    regime, standing = world.regime[state, column], world.polity_code[state, column]
    field = {name: REGIMES[:, place][regime] for place, name in enumerate(REGIME_FIELDS)}
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
        "polity": np.where(standing == SETTLED, score, standing),
        "e_p_polity": np.where(standing == SETTLED, score, standing),
        "polity2": np.where(standing == OCCUPATION, np.nan, score),
        "e_peinfmor": world.mortality[state, column],
    }
    for name in ("democ", "autoc", "xrcomp", "xropen", "parcomp"):
        columns[name] = np.where(standing == SETTLED, field[name], standing)
    return columns


def _deposit_codes(world: World, state: np.ndarray) -> np.ndarray:
    codes = world.roster.codes[state]
    for code, deposit_code in DEPOSIT_CODES.items():
        codes = np.where(codes == code, deposit_code, codes)
    return codes


def w4(world: World) -> dict:
    """The four-category coalition size, near what the kind of government suggests."""
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


def tables(world: World) -> Iterator[tuple[str, dict]]:
    """(raw table name, columns) for each."""
    yield "polity5", polity(world)
    yield "selectorate_w4", w4(world)
    yield "selectorate_deposit", deposit(world)
