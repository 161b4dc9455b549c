"""Codings of countries are told apart by labels and years, and no state-year gets two labels."""

import itertools

import pytest

from orchestration.core.settings import DBT_PROJECT
from orchestration.scaffold.country_codes import CODINGS, CountryCodes, runs_of


@pytest.fixture(scope="module")
def codes() -> CountryCodes:
    return CountryCodes(DBT_PROJECT / "seeds")


@pytest.mark.parametrize(
    ("coding", "label", "year", "cow_code"),
    [
        ("cow_number", "679", 2000, 679),
        ("gleditsch_ward", "678", 2000, 679),
        ("gleditsch_ward", "678", 1980, 678),
        ("gleditsch_ward", "260", 2000, 255),
        ("gleditsch_ward", "970", 2010, 946),  # Kiribati; Nauru has this number in COW
        ("iso_numeric", "032", 1950, 160),
        ("cow_abbreviation", "UKG", 1900, 200),
        ("iso3", "gbr", 1900, 200),
        ("iso2", "GB", 1900, 200),
        ("name", "United  Kingdom", 1900, 200),
        ("name", "Côte d'Ivoire", 1970, 437),
    ],
)
def test_a_label_denotes_a_state_in_a_year(
    codes: CountryCodes, coding: str, label: str, year: int, cow_code: int
) -> None:
    assert codes.match(coding, [(label, year)]).rows == 1
    (runs,) = {tuple(run for item, run in codes.mapping(coding, [label]) if run and run[1] <= year <= run[2])}
    assert [code for code, _, _ in runs] == [cow_code]


def test_shares_count_labels_and_rows(codes: CountryCodes) -> None:
    rows = [("USA", 1900), ("USA", 1700), ("DEU", 1900), ("QQQ", 1900)]
    match = codes.match("iso3", rows)
    assert (match.labels, match.rows) == (pytest.approx(2 / 3), 0.5)
    assert match.text() == "ISO 3166 code of three letters: 67% of the labels, 50% of the rows; unmatched: QQQ"


def test_years_tell_gleditsch_ward_from_cow(codes: CountryCodes) -> None:
    rows = [(number, year) for number in ("260", "678", "972") for year in range(2000, 2010)]
    assert codes.match("gleditsch_ward", rows).rows == 1
    assert codes.match("cow_number", rows).rows == 0


@pytest.mark.parametrize("coding", sorted(CODINGS))
def test_no_state_year_has_two_labels(codes: CountryCodes, coding: str) -> None:
    mapped = [run for _, run in codes.mapping(coding, list(codes.labels[coding])) if run]
    years = [(code, year) for code, first, last in mapped for year in range(first, last + 1)]
    assert len(years) == len(set(years)) > 10_000


def test_a_label_without_a_state_is_kept(codes: CountryCodes) -> None:
    assert codes.mapping("iso3", ["QQQ"]) == [("QQQ", None)]


def test_runs_end_at_gaps() -> None:
    assert runs_of(2, [1901, 1900, 1903]) == ((2, 1900, 1901), (2, 1903, 1903))
    assert runs_of(2, itertools.repeat(0, 0)) == ()
