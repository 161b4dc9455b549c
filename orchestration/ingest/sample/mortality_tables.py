"""Tables on mortality: one invented series as Abouharb & Kimball, Gapminder, the World Bank and others publish it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.ingest.sample.states import FIRST_YEAR, Booleans, Integers, Objects
from orchestration.ingest.sample.world import Columns, World, winning_coalition_ratio

ABOUHARB_KIMBALL_LAST_YEAR, FILE_LAST_YEAR = 2002, 2010
GAPMINDER_2015_LAST_YEAR, GAPMINDER_2010_LAST_YEAR = 2015, 2008
WORLD_BANK_YEARS = (1960, 2023)
UN_IGME_YEARS = (1960, 2020)
SERIES_DIVERGE = 1950  # from this year Gapminder is close to Abouharb & Kimball's figure, but not equal
AGGREGATES = (("World", "WLD"), ("Arab World", "ARB"), ("High income", "HIC"))
NAMES_OF_2010 = {"Yemen": "Yemen, Rep."}  # names that Gapminder changed between its two versions
NOT_IN_CLIO_INFRA = {2, 20, 40, 41, 160, 165, 230, 235, 325, 350, 530, 700, 710, 750}
CHILD_PER_INFANT = 1.45
DEBT_YEARS = (1970, 2002)


def tables(world: World) -> Iterator[tuple[str, Columns]]:
    """Yield name and columns of the mortality tables; states without a country series are in the first only."""
    yield "allen_digiuseppe_2013", _replication_file(world)
    rows = np.flatnonzero([name is not None for name in world.roster.series_names])
    current = np.array([row for row in rows if world.roster.iso3[row] is not None])  # without former states
    yield "gapminder_infant_mortality", _gapminder(world, rows, "Infant mortality rate", GAPMINDER_2015_LAST_YEAR, 6)
    older = _gapminder(world, rows, "Infant Mortality Rate", GAPMINDER_2010_LAST_YEAR, 7)
    names = np.array([NAMES_OF_2010.get(name, name) for name in world.roster.series_names[rows]], dtype=object)
    yield "gapminder_infant_mortality_2010", older | {"Infant Mortality Rate": names}
    yield from _world_bank(world)
    in_clio_infra = ~np.isin(world.roster.codes[current], list(NOT_IN_CLIO_INFRA))
    yield "clio_infra_infant_mortality", _clio_infra(world, current[in_clio_infra])
    yield "child_mortality", _child_mortality(world, current)
    yield "un_igme_mortality", _un_igme(world, current)


def _replication_file(world: World) -> Columns:
    """Every state in every year to 2010, members or not; values for some member state-years only."""
    roster, rng = world.roster, world.stream(8)
    last = FILE_LAST_YEAR - FIRST_YEAR + 1
    member = roster.member[:, :last]
    years = roster.years[:last]

    entry = roster.years[np.argmax(roster.member, axis=1)]
    first_seen = entry + rng.integers(0, 60, roster.size)
    unseen_from = rng.integers(FIRST_YEAR, ABOUHARB_KIMBALL_LAST_YEAR, roster.size)
    gap = (years >= unseen_from[:, None]) & (years < unseen_from[:, None] + rng.integers(0, 5, (roster.size, 1)))
    seen = member & (years >= first_seen[:, None]) & (years <= ABOUHARB_KIMBALL_LAST_YEAR) & ~gap

    before = np.r_[0, np.arange(last - 1)]
    forms = world.forms_military[:, :last]
    elapsed = _years_since(forms, member)
    observed = member & (years <= ABOUHARB_KIMBALL_LAST_YEAR)
    indebted = observed & (years >= DEBT_YEARS[0])

    def where(mask: Booleans, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.where(mask, value, np.nan).ravel()

    shape = member.shape
    war = rng.random(shape) < 0.08
    return {
        "ccode": np.repeat(roster.codes, last),
        "year": np.tile(years, roster.size),
        "abbrev": np.where(member, roster.abbreviations[:, None], "").ravel(),
        "majpow": where(observed, np.isin(roster.codes, (2, 200, 220, 365))[:, None]),
        "wovers_1": where(observed & member[:, before], winning_coalition_ratio(world.regime[:, :last])[:, before]),
        "atwar5": where(observed, war),
        "IMR": where(seen, world.mortality[:, :last]),
        "formationB2NNA": where(observed, forms),
        "sumrival1": where(observed, world.conflict.rivals[:, :last][:, before]),
        "extdebtcrisis_1": where(indebted, rng.random(shape) < 0.1),
        "rating_1": where(indebted, np.round(rng.uniform(5, 95, shape), 1)),
        "cntgovtdbtgdp1": where(indebted, np.round(rng.lognormal(3.8, 0.7, shape), 1)),
        "coldwar": np.tile(((years > 1945) & (years < 1990)).astype(float), roster.size),
        "wwi": np.tile(((years >= 1914) & (years <= 1918)).astype(float), roster.size),
        "wwii": np.tile(((years >= 1939) & (years <= 1945)).astype(float), roster.size),
        "cinc": where(observed, np.where(rng.random(shape) < 0.002, -9, np.nan_to_num(world.cinc[:, :last]))),
        "ayr": where(observed, elapsed),
        "ayr2": where(observed, elapsed**2),
        "ayr3": where(observed, elapsed**3),
    }


def _years_since(forms: Booleans, member: Booleans) -> Integers:
    """Count years since the last formation before this year, or since entry into the system."""
    columns = np.arange(forms.shape[1])
    entry = member & ~np.pad(member, ((0, 0), (1, 0)))[:, :-1]
    formed_before = np.pad(forms, ((0, 0), (1, 0)))[:, :-1]
    restart = np.where(entry, columns, np.where(formed_before, columns - 1, 0))
    return columns - np.maximum.accumulate(restart, axis=1)


def _gapminder(world: World, rows: Integers, label: str, last_year: int, stream: int) -> Columns:
    """One column for each year; every country from its own first year, and different figures from 1950."""
    rng, years = world.stream(stream), world.roster.years
    first = rng.integers(FIRST_YEAR, SERIES_DIVERGE, (len(rows), 1))
    apart = np.where(years < SERIES_DIVERGE, 1.0, rng.uniform(0.95, 1.08, (len(rows), 1)))
    values = np.where(years >= first, np.round(world.mortality[rows] * apart, 1), np.nan)
    return {label: world.roster.series_names[rows]} | {
        str(year): values[:, column] for column, year in enumerate(years) if year <= last_year
    }


def _world_bank(world: World) -> Iterator[tuple[str, Columns]]:
    """Countries and aggregates by ISO code, and the list in which only countries have a region."""
    roster, rng = world.roster, world.stream(9)
    rows = np.flatnonzero([code is not None for code in roster.iso3])
    first, last = WORLD_BANK_YEARS
    columns = slice(first - FIRST_YEAR, last - FIRST_YEAR + 1)
    values = world.mortality[rows, columns]
    values = np.where(np.arange(values.shape[1]) >= rng.integers(0, 20, (len(rows), 1)), values, np.nan)
    values = np.vstack([values] + [np.round(np.nanmean(values, axis=0), 1)] * len(AGGREGATES))
    names = np.r_[roster.series_names[rows], np.array([name for name, _ in AGGREGATES], dtype=object)]
    codes = np.r_[roster.iso3[rows], np.array([code for _, code in AGGREGATES], dtype=object)]
    is_country = np.arange(len(codes)) < len(rows)
    yield (
        "world_bank_infant_mortality",
        {
            "Country Name": names,
            "Country Code": codes,
            "Indicator Name": "Mortality rate, infant (per 1,000 live births)",
            "Indicator Code": "SP.DYN.IMRT.IN",
        }
        | {str(year): values[:, year - first] for year in range(first, last + 1)},
    )
    yield (
        "world_bank_countries",
        {
            "Country Name": names,
            "Country Code": codes,
            "Region": _text_where(is_country, "SYNTHETIC region"),
            "IncomeGroup": _text_where(is_country, "SYNTHETIC income group"),
            "SpecialNotes": "SYNTHETIC",
        },
    )


def _text_where(mask: Booleans, text: str) -> Objects:
    """The text where the mask is true, and None elsewhere."""
    column: Objects = np.full(mask.shape, None, dtype=object)
    column[mask] = text
    return column


def _clio_infra(world: World, rows: Integers) -> Columns:
    decades = np.arange(1820, 2001, 10)
    names = [name.lower().replace(" ", "_") for name in world.roster.series_names[rows]]
    values = world.mortality[np.ix_(rows, decades - FIRST_YEAR)]
    return {
        "country": np.tile(np.array(names, dtype=object), len(decades)),
        "year": np.repeat(decades, len(rows)),
        "infant_mortality": values.T.ravel(),
    }


def _child_mortality(world: World, rows: Integers) -> Columns:
    years = world.roster.years[world.roster.years <= GAPMINDER_2015_LAST_YEAR]
    values = np.minimum(world.mortality[rows][:, : len(years)] * CHILD_PER_INFANT, 700)
    return {
        "Entity": np.repeat(world.roster.series_names[rows], len(years)),
        "Year": np.tile(years, len(rows)),
        "Child mortality estimates (Gapminder (2015))": np.round(values, 2).ravel(),
    }


def _un_igme(world: World, rows: Integers) -> Columns:
    """Deaths per 100 births with two decimals, of each country from its own first year, and of one region."""
    first, last = UN_IGME_YEARS
    years = np.arange(first, last + 1)
    values = world.mortality[rows][:, years - FIRST_YEAR]
    begins = world.stream(18).integers(first, first + 25, (len(rows), 1))
    values = np.vstack([np.where(years >= begins, values, np.nan), values.mean(axis=0)])
    names = np.r_[world.roster.series_names[rows], np.array(["World"], dtype=object)]
    under_five = np.minimum(values * CHILD_PER_INFANT, 700)
    return {
        "Entity": np.repeat(names, len(years)),
        "Year": np.tile(years, len(names)),
        "Infant mortality rate": np.round(values / 10, 2).ravel(),
        "Under-five mortality rate": np.round(under_five / 10, 2).ravel(),
    }
