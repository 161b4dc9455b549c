"""Who lives in the synthetic world: COW codes and names that the warehouse's mappings know, with invented membership.

Codes and names are facts and must be real, or no crosswalk could place the sample's series. Membership is invented,
in round years; it encloses the real membership of every state that a crosswalk names, so that a mapped year always
falls on a member. The states that break joins elsewhere stand first: a small world still has gaps and re-entries,
unions, and two codes in one year.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

FIRST_YEAR, LAST_YEAR = 1816, 2024  # of the state list
NAMED_STATES_MINIMUM = 20
LAST_CODE = 999  # of the Correlates of War's three-digit codes; states invented beyond the free ones get longer codes


@dataclass(frozen=True)
class NamedState:
    """One state: COW code, abbreviation and name, its name and ISO 3166 code in the mortality files, member years."""

    code: int
    abbreviation: str
    name: str
    series_name: str | None
    iso3: str | None
    spells: tuple[tuple[int, int], ...]


def _state(code, abbreviation, name, series_name, iso3, *spells) -> NamedState:
    return NamedState(code, abbreviation, name, series_name, iso3, spells)


NAMED_STATES = (
    # two codes in one year, unions and divisions
    _state(255, "GMY", "Germany", "Germany", "DEU", (1816, 1945), (1990, 2024)),
    _state(260, "GFR", "German Federal Republic", "West Germany", None, (1950, 1990)),
    _state(265, "GDR", "German Democratic Republic", "East Germany", None, (1950, 1990)),
    _state(678, "YAR", "Yemen Arab Republic", None, None, (1900, 1990)),
    _state(679, "YEM", "Yemen", "Yemen", "YEM", (1990, 2024)),
    _state(680, "YPR", "Yemen People's Republic", None, None, (1960, 1990)),
    _state(300, "AUH", "Austria-Hungary", None, None, (1816, 1918)),
    _state(305, "AUS", "Austria", "Austria", "AUT", (1919, 1939), (1953, 2024)),
    # gaps and re-entries
    _state(40, "CUB", "Cuba", "Cuba", "CUB", (1890, 1906), (1908, 2024)),
    _state(41, "HAI", "Haiti", "Haiti", "HTI", (1850, 1919), (1930, 2024)),
    _state(220, "FRN", "France", "France", "FRA", (1816, 1942), (1944, 2024)),
    _state(530, "ETH", "Ethiopia", "Ethiopia", "ETH", (1890, 1937), (1940, 2024)),
    _state(651, "EGY", "Egypt", "Egypt", "EGY", (1850, 1889), (1930, 2024)),
    _state(740, "JPN", "Japan", "Japan", "JPN", (1850, 1946), (1951, 2024)),
    # the powers, and the codes that Polity replaces with its own
    _state(2, "USA", "United States of America", "United States", "USA", (1816, 2024)),
    _state(200, "UKG", "United Kingdom", "United Kingdom", "GBR", (1816, 2024)),
    _state(325, "ITA", "Italy", "Italy", "ITA", (1816, 2024)),
    _state(365, "RUS", "Russia", "Russia", "RUS", (1816, 2024)),
    _state(710, "CHN", "China", "China", "CHN", (1850, 2024)),
    _state(770, "PAK", "Pakistan", "Pakistan", "PAK", (1945, 2024)),
    # the others
    _state(210, "NTH", "Netherlands", "Netherlands", "NLD", (1816, 2024)),
    _state(225, "SWZ", "Switzerland", "Switzerland", "CHE", (1816, 2024)),
    _state(230, "SPN", "Spain", "Spain", "ESP", (1816, 2024)),
    _state(235, "POR", "Portugal", "Portugal", "PRT", (1816, 2024)),
    _state(380, "SWD", "Sweden", "Sweden", "SWE", (1816, 2024)),
    _state(390, "DEN", "Denmark", "Denmark", "DNK", (1816, 2024)),
    _state(640, "TUR", "Turkey", "Turkey", "TUR", (1816, 2024)),
    _state(20, "CAN", "Canada", "Canada", "CAN", (1910, 2024)),
    _state(70, "MEX", "Mexico", "Mexico", "MEX", (1820, 2024)),
    _state(90, "GUA", "Guatemala", "Guatemala", "GTM", (1860, 2024)),
    _state(100, "COL", "Colombia", "Colombia", "COL", (1830, 2024)),
    _state(101, "VEN", "Venezuela", "Venezuela", "VEN", (1840, 2024)),
    _state(130, "ECU", "Ecuador", "Ecuador", "ECU", (1850, 2024)),
    _state(135, "PER", "Peru", "Peru", "PER", (1830, 2024)),
    _state(140, "BRA", "Brazil", "Brazil", "BRA", (1820, 2024)),
    _state(145, "BOL", "Bolivia", "Bolivia", "BOL", (1840, 2024)),
    _state(150, "PAR", "Paraguay", "Paraguay", "PRY", (1840, 1871), (1875, 2024)),
    _state(155, "CHL", "Chile", "Chile", "CHL", (1830, 2024)),
    _state(160, "ARG", "Argentina", "Argentina", "ARG", (1840, 2024)),
    _state(165, "URU", "Uruguay", "Uruguay", "URY", (1880, 2024)),
    _state(211, "BEL", "Belgium", "Belgium", "BEL", (1830, 2024)),
    _state(290, "POL", "Poland", "Poland", "POL", (1915, 1940), (1944, 2024)),
    _state(310, "HUN", "Hungary", "Hungary", "HUN", (1915, 2024)),
    _state(315, "CZE", "Czechoslovakia", "Czechoslovakia", None, (1915, 1940), (1944, 1992)),
    _state(350, "GRC", "Greece", "Greece", "GRC", (1820, 2024)),
    _state(355, "BUL", "Bulgaria", "Bulgaria", "BGR", (1900, 2024)),
    _state(360, "ROM", "Romania", "Romania", "ROU", (1870, 2024)),
    _state(375, "FIN", "Finland", "Finland", "FIN", (1915, 2024)),
    _state(385, "NOR", "Norway", "Norway", "NOR", (1900, 2024)),
    _state(450, "LBR", "Liberia", "Liberia", "LBR", (1915, 2024)),
    _state(475, "NIG", "Nigeria", "Nigeria", "NGA", (1960, 2024)),
    _state(560, "SAF", "South Africa", "South Africa", "ZAF", (1915, 2024)),
    _state(630, "IRN", "Iran", "Iran", "IRN", (1850, 2024)),
    _state(645, "IRQ", "Iraq", "Iraq", "IRQ", (1930, 2024)),
    _state(666, "ISR", "Israel", "Israel", "ISR", (1945, 2024)),
    _state(700, "AFG", "Afghanistan", "Afghanistan", "AFG", (1915, 2024)),
    _state(750, "IND", "India", "India", "IND", (1945, 2024)),
    _state(800, "THI", "Thailand", "Thailand", "THA", (1880, 2024)),
    _state(900, "AUL", "Australia", "Australia", "AUS", (1915, 2024)),
    _state(920, "NEW", "New Zealand", "New Zealand", "NZL", (1915, 2024)),
)

# The mortality of a successor continues that of the state it came from: the published series do the same.
SAME_SERIES = {260: 255, 300: 305, 679: 678}

# Major powers: code and spells as (year, month, day) pairs, invented.
MAJOR_SPELLS = (
    (2, (1890, 1, 1), (2016, 12, 31)),
    (200, (1816, 1, 1), (2016, 12, 31)),
    (220, (1816, 1, 1), (1941, 6, 30)),
    (220, (1946, 1, 1), (2016, 12, 31)),
    (255, (1850, 1, 1), (1918, 10, 31)),
    (255, (1930, 1, 1), (1945, 4, 30)),
    (300, (1816, 1, 1), (1918, 10, 31)),
    (365, (1816, 1, 1), (2016, 12, 31)),
    (710, (1955, 1, 1), (2016, 12, 31)),
    (740, (1900, 1, 1), (1945, 7, 31)),
)


@dataclass(frozen=True)
class Roster:
    """The states in code order: arrays of shape (S,), the calendar (T,), and membership by state and year (S, T)."""

    codes: np.ndarray
    abbreviations: np.ndarray
    names: np.ndarray
    series_names: np.ndarray  # None where no country series carries the state
    iso3: np.ndarray
    years: np.ndarray
    member: np.ndarray

    @property
    def size(self) -> int:
        return len(self.codes)

    @cached_property
    def last_member_year(self) -> np.ndarray:
        """(S, T) the last year of the unbroken membership of a state-year; the year before for outsiders."""
        ends = np.where(self.member, LAST_YEAR + 1, self.years)
        return np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1] - 1

    def index_of(self, code: int) -> int | None:
        """Row of a COW code, or None where this world is too small to hold it."""
        row = int(np.searchsorted(self.codes, code))
        return row if row < self.size and self.codes[row] == code else None

    def member_rows(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """State row and year column of every member state-year from `first` to `last`, by state, then by year."""
        return np.nonzero(self.member & (self.years >= first) & (self.years <= last))


def build_roster(states: int, rng: np.random.Generator) -> Roster:
    """The first `states` named states; beyond them, invented ones on free codes, members from a random year on."""
    if states < NAMED_STATES_MINIMUM:
        raise ValueError(f"the synthetic world needs at least {NAMED_STATES_MINIMUM} states, got {states}")
    named = NAMED_STATES[:states]
    extra = states - len(named)
    used = {state.code for state in NAMED_STATES}
    free = [code for code in range(2, LAST_CODE + 1) if code not in used]
    extra_codes = np.array((free + list(range(LAST_CODE + 1, LAST_CODE + 1 + extra)))[:extra], dtype=np.int64)
    extra_names = [f"Synthetic State {code}" for code in extra_codes]

    codes = np.concatenate([np.array([state.code for state in named], dtype=np.int64), extra_codes])
    order = np.argsort(codes)
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    member = np.zeros((states, len(years)), dtype=bool)
    for row, state in enumerate(named):
        for first, last in state.spells:
            member[row, first - FIRST_YEAR : last - FIRST_YEAR + 1] = True
    member[len(named) :] = years >= rng.integers(FIRST_YEAR, 1990, size=(extra, 1))
    nothing = [None] * extra
    return Roster(
        codes=codes[order],
        abbreviations=np.array([s.abbreviation for s in named] + [_letters(c) for c in extra_codes], dtype=object)[
            order
        ],
        names=np.array([s.name for s in named] + extra_names, dtype=object)[order],
        series_names=np.array([s.series_name for s in named] + nothing, dtype=object)[order],
        iso3=np.array([s.iso3 for s in named] + nothing, dtype=object)[order],
        years=years,
        member=member[order],
    )


def _letters(code: int) -> str:
    """An abbreviation no real state has: X and the code."""
    return f"X{code}"
