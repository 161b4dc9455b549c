"""The states of the synthetic world: real COW codes and names, with invented membership.

Codes and names are real, because the crosswalks map the sample's series by them. Membership is invented, in round
years; it encloses the real membership of every state in a crosswalk, so that every mapped year is a member state-year.
The states that are difficult to join come first, so that a small world has gaps and re-entries, unions, and two codes
in one year.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]  # text, None where there is no value

FIRST_YEAR, LAST_YEAR = 1816, 2024  # of the state list
NAMED_STATES_MINIMUM = 20
LAST_CODE = 999  # COW codes have three digits; when none is free, invented states get longer codes


@dataclass(frozen=True)
class NamedState:
    """One state with a real code and name.

    Attributes
    ----------
    code : int
        COW state code.
    abbreviation, name : str
        COW abbreviation and name.
    series_name, iso3 : str or None
        Name and ISO 3166 code in the mortality files; None if they have no series of the state.
    spells : tuple of (int, int)
        First and last year of each membership.
    """

    code: int
    abbreviation: str
    name: str
    series_name: str | None
    iso3: str | None
    spells: tuple[tuple[int, int], ...]


def _state(
    code: int, abbreviation: str, name: str, series_name: str | None, iso3: str | None, *spells: tuple[int, int]
) -> NamedState:
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
    # major powers, and codes that Polity replaces with its own
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

# The mortality series of a successor state continues that of its predecessor, as in the published series.
SAME_SERIES = {260: 255, 300: 305, 679: 678}

# Major powers, invented: code, first and last (year, month, day).
MAJOR_SPELLS = (
    (2, (1890, 1, 1), (2024, 12, 31)),
    (200, (1816, 1, 1), (2024, 12, 31)),
    (220, (1816, 1, 1), (1941, 6, 30)),
    (220, (1946, 1, 1), (2024, 12, 31)),
    (255, (1850, 1, 1), (1918, 10, 31)),
    (255, (1930, 1, 1), (1945, 4, 30)),
    (300, (1816, 1, 1), (1918, 10, 31)),
    (365, (1816, 1, 1), (2024, 12, 31)),
    (710, (1955, 1, 1), (2024, 12, 31)),
    (740, (1900, 1, 1), (1945, 7, 31)),
)


@dataclass(frozen=True)
class Roster:
    """The S states, sorted by code, over T calendar years.

    Attributes
    ----------
    codes, abbreviations, names : ndarray of shape (S,)
        COW code, abbreviation and name.
    series_names, iso3 : ndarray of shape (S,)
        Name and ISO 3166 code in the mortality files, or None.
    years : ndarray of shape (T,)
        Calendar years.
    member : ndarray of bool, shape (S, T)
        Membership in the state system.
    """

    codes: Integers
    abbreviations: Objects
    names: Objects
    series_names: Objects
    iso3: Objects
    years: Integers
    member: Booleans

    @property
    def size(self) -> int:
        """Number of states, S."""
        return len(self.codes)

    @cached_property
    def last_member_year(self) -> Integers:
        """Last year of the uninterrupted membership of each state-year, (S, T); for non-members, the year before."""
        ends = np.where(self.member, LAST_YEAR + 1, self.years)
        return np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1] - 1

    def index_of(self, code: int) -> int | None:
        """Find the row of a COW code.

        Parameters
        ----------
        code : int
            COW state code.

        Returns
        -------
        int or None
            None if this world does not have the state.
        """
        row = int(np.searchsorted(self.codes, code))
        return row if row < self.size and self.codes[row] == code else None

    def member_rows(self, first: int, last: int) -> tuple[Integers, Integers]:
        """List member state-years, sorted by state and year.

        Parameters
        ----------
        first, last : int
            First and last calendar year, both included.

        Returns
        -------
        state, column : ndarray of int
            Row of the state and column of the year, of equal length.
        """
        state, column = np.nonzero(self.member & (self.years >= first) & (self.years <= last))
        return state, column


def build_roster(states: int, rng: np.random.Generator) -> Roster:
    """Choose the states of a world.

    Parameters
    ----------
    states : int
        Number of states, at least 20. Beyond the named states, states are invented with free codes, and are members
        from a random year on.
    rng : numpy.random.Generator
        Source of the random years.

    Returns
    -------
    Roster
        The states, sorted by code.

    Raises
    ------
    ValueError
        If there are too few states.
    """
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
    """Make an abbreviation that no real state has: X and the code."""
    return f"X{code}"
