"""Which coding of countries a column uses, judged by how many of its labels and rows denote a state of the system."""

import csv
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestration.ingest.contracts import Membership, membership_of

HERE = Path(__file__).parent
Run = tuple[int, int, int]
"""COW code, first and last year in which a label denotes that state."""
Labels = Mapping[str, tuple[Run, ...]]
"""Runs by normalised label."""

COW_NUMBER = "cow_number"
CODINGS = {
    COW_NUMBER: "COW state number",
    "gleditsch_ward": "Gleditsch-Ward number",
    "iso_numeric": "ISO 3166 number",
    "cow_abbreviation": "COW abbreviation",
    "iso3": "ISO 3166 code of three letters",
    "iso2": "ISO 3166 code of two letters",
    "name": "country name",
}
NUMERIC = (COW_NUMBER, "gleditsch_ward", "iso_numeric")
# Seeds of names and of ISO codes; where two seeds know a label, the first one decides.
NAME_SEEDS = ("our_world_in_data", "un_igme", "gapminder", "gapminder_2010", "clio_infra")
ISO3_SEEDS = ("world_bank", "maddison")
# Gleditsch-Ward numbers that are not the COW number of the same state, and the first year of the difference.
GLEDITSCH_WARD = {
    "260": (255, 1990),  # Germany keeps the number of West Germany
    "340": (345, 1816),  # Serbia
    "678": (679, 1991),  # Yemen keeps the number of North Yemen
    "970": (946, 1816),  # Kiribati
    "971": (970, 1816),  # Nauru
    "972": (955, 1816),  # Tonga
    "973": (947, 1816),  # Tuvalu
}
EXAMPLES = 5


@dataclass(frozen=True)
class Match:
    """How well a column fits one coding of countries.

    Attributes
    ----------
    coding : str
        A key of `CODINGS`.
    labels : float
        Share of the distinct labels that denote some state, 0 to 1.
    rows : float
        Share of the filled rows whose label denotes a state in the year of the row, 0 to 1.
    unmatched : tuple of str
        Labels that denote no state.
    """

    coding: str
    labels: float
    rows: float
    unmatched: tuple[str, ...]

    def text(self) -> str:
        """Describe the match in one line."""
        line = f"{CODINGS[self.coding]}: {self.labels:.0%} of the labels, {self.rows:.0%} of the rows"
        if self.unmatched:
            more = len(self.unmatched) - EXAMPLES
            line += f"; unmatched: {', '.join(self.unmatched[:EXAMPLES])}" + (f" and {more} more" if more > 0 else "")
        return line


class CountryCodes:
    """Labels of every coding, from the project's own country mappings.

    Parameters
    ----------
    seeds : Path
        Folder of dbt's seeds with ``country_mappings*.csv``.
    """

    def __init__(self, seeds: Path) -> None:
        rows = [row for path in sorted(seeds.glob("country_mappings*.csv")) for row in _rows(path) if row["cow_code"]]
        self._seeds = [
            (row["coding"], row["label"], (int(row["cow_code"]), int(row["first_year"]), int(row["last_year"])))
            for row in rows
        ]
        years: dict[int, set[int]] = {}
        for _, _, (cow_code, first, last) in self._seeds:
            years.setdefault(cow_code, set()).update(range(first, last + 1))
        self._members = {cow_code: runs_of(cow_code, member) for cow_code, member in years.items()}
        self.labels = {coding: self._labels_of(coding) for coding in CODINGS}

    def membership(self) -> Membership:
        """List the state-years in the system: every year in which some mapping leads to the state."""
        return membership_of(
            (code, year)
            for runs in self._members.values()
            for code, first, last in runs
            for year in range(first, last + 1)
        )

    def match(self, coding: str, labels: Iterable[tuple[str, int | None]]) -> Match:
        """Judge how well labels fit a coding.

        Parameters
        ----------
        coding : str
            A key of `CODINGS`.
        labels : iterable of (str, int or None)
            Label and year of every row with a label; None where the table has no year.

        Returns
        -------
        Match
            Shares and unmatched labels, 0 where there is no row.
        """
        known, rows, matched = self.labels[coding], 0, 0
        found: dict[str, tuple[Run, ...]] = {}
        for label, year in labels:
            if label not in found:
                found[label] = known.get(normalised(coding, label), ())
            rows += 1
            matched += any(year is None or first <= year <= last for _, first, last in found[label])
        unmatched = tuple(sorted(label for label, runs in found.items() if not runs))
        return Match(coding, 1 - len(unmatched) / max(len(found), 1), matched / max(rows, 1), unmatched)

    def mapping(self, coding: str, labels: Collection[str]) -> list[tuple[str, Run | None]]:
        """Map labels to states so that no state-year has two labels.

        Parameters
        ----------
        coding : str
            A key of `CODINGS`.
        labels : collection of str
            Distinct labels.

        Returns
        -------
        list of (str, Run or None)
            One item for each label and run, sorted by label; None for a label without a state. Of two labels that lead
            to the same state-year, the one with fewer states has it.
        """
        runs = {label: self.labels[coding].get(normalised(coding, label), ()) for label in labels}
        taken: set[tuple[int, int]] = set()
        mapped: list[tuple[str, Run | None]] = []
        for label in sorted(labels, key=lambda label: (len({code for code, _, _ in runs[label]}), label)):
            own: dict[int, set[int]] = {}
            for code, first, last in runs[label]:
                own.setdefault(code, set()).update(y for y in range(first, last + 1) if (code, y) not in taken)
            taken.update((code, year) for code, years in own.items() for year in years)
            pieces = [run for code, years in sorted(own.items()) for run in runs_of(code, years)]
            mapped += [(label, piece) for piece in pieces] or [(label, None)]
        return sorted(mapped, key=lambda item: (item[0], item[1] or (0, 0, 0)))

    def _labels_of(self, coding: str) -> Labels:
        if coding == COW_NUMBER:
            return {str(code): runs for code, runs in self._members.items()}
        if coding == "gleditsch_ward":
            return self._gleditsch_ward()
        if coding == "cow_abbreviation":
            return {
                row["abbreviation"]: self._members[int(row["cow_code"])]
                for row in _rows(HERE / "cow_abbreviations.csv")
            }
        if coding == "name":
            return self._from_seeds(NAME_SEEDS, coding)
        by_iso3 = self._from_seeds(ISO3_SEEDS, coding)
        if coding == "iso3":
            return by_iso3
        return {row[coding]: by_iso3.get(row["iso3"], ()) for row in _rows(HERE / "iso_codes.csv") if row[coding]}

    def _gleditsch_ward(self) -> Labels:
        labels = {str(code): runs for code, runs in self._members.items()}
        for number, (cow_code, since) in GLEDITSCH_WARD.items():
            before = [run for run in labels.get(number, ()) if number in ("260", "678")]  # the state of the COW number
            moved = [(code, max(first, since), last) for code, first, last in self._members[cow_code] if last >= since]
            labels[number] = (*before, *moved)
        return labels

    def _from_seeds(self, codings: Collection[str], coding: str) -> Labels:
        labels: dict[str, tuple[Run, ...]] = {}
        for seed in codings:
            own: dict[str, tuple[Run, ...]] = {}
            for seed_coding, label, run in self._seeds:
                if seed_coding == seed:
                    key = normalised(coding, label)
                    own[key] = (*own.get(key, ()), run)
            labels = own | labels
        return labels


def normalised(coding: str, label: str) -> str:
    """Bring a label into the form in which it is looked up.

    Parameters
    ----------
    coding : str
        A key of `CODINGS`.
    label : str
        As published.

    Returns
    -------
    str
        A number without leading zeros, a code in upper case, or a name in lower case without accents and punctuation.
    """
    if coding in NUMERIC:
        return label.lstrip("0") or "0"
    if coding == "name":
        letters = unicodedata.normalize("NFKD", label.casefold())
        plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return " ".join(re.sub(r"[^\w\s]|_", " ", plain).split())
    return label.strip().upper()


def runs_of(cow_code: int, years: Iterable[int]) -> tuple[Run, ...]:
    """Group years into unbroken runs.

    Parameters
    ----------
    cow_code : int
        COW code of the state.
    years : iterable of int
        Distinct calendar years.

    Returns
    -------
    tuple of Run
        In order of time.
    """
    runs: list[Run] = []
    for year in sorted(years):
        if runs and runs[-1][2] == year - 1:
            runs[-1] = (cow_code, runs[-1][1], year)
        else:
            runs.append((cow_code, year, year))
    return tuple(runs)


@cache
def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
