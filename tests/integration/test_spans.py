"""The first and last year with data of every published column, compared with the span of its source."""

from tests.support.shell import Shell

# First and last calendar year with a value, by the spans the publishers state, within the panel of 1816 to 2024.
SPANS = {
    "state list": (1816, 2024),
    "majors": (1816, 2024),
    "contiguity": (1816, 2016),
    "ATOP": (1816, 2018),
    "capabilities": (1816, 2022),
    "Abouharb-Kimball": (1816, 2002),
    "Gapminder": (1816, 2015),
    "World Bank": (1960, 2023),
    "UN IGME": (1934, 2020),
    "Polity": (1816, 2020),
    "W and S": (1816, 2019),
    "W4 and rivalries": (1816, 2020),
    "disputes": (1816, 2014),
    "wars, threat": (1816, 2007),
    "trade": (1870, 2014),
    "Maddison": (1816, 2022),
}
COLUMNS = {
    "states_in_system": "state list",
    "years_in_system": "state list",
    "is_major_power": "majors",
    "cinc": "capabilities",
    "infant_mortality_rate": "Abouharb-Kimball",
    "infant_mortality_is_flat_run": "Abouharb-Kimball",
    "infant_mortality_is_suspect": "Abouharb-Kimball",
    "imr_abouharb_kimball": "Abouharb-Kimball",
    "imr_gapminder": "Gapminder",
    "imr_world_bank": "World Bank",
    "imr_un_igme": "UN IGME",
    "child_mortality_rate": "Gapminder",
    "polity2": "Polity",
    "winning_coalition": "W and S",
    "selectorate": "W and S",
    "w_over_s": "W and S",
    "coalition_size_w4": "W4 and rivalries",
    "strategic_rivals": "W4 and rivalries",
    "dispute_rivals": "disputes",
    "disputes_ongoing": "disputes",
    "disputes_started": "disputes",
    "relevant_environment_disputes": "disputes",
    "interstate_war": "wars, threat",
    "external_threat": "wars, threat",
    "land_neighbours": "contiguity",
    "gdp_per_capita": "Maddison",
    "imports_millions_usd": "trade",
    "exports_millions_usd": "trade",
}
# Columns computed from earlier years begin later than their source; Maddison's population begins with its first
# benchmark year.
OWN_SPANS = {
    "infant_mortality_change_1y": (1817, 2002),
    "infant_mortality_rose": (1817, 2002),
    "infant_mortality_change_3y": (1819, 2002),
    "infant_mortality_change_5y": (1821, 2002),
    "disputes_past_5y": (1821, 2014),
    "population_maddison": (1820, 2022),
}


def expected_span(column: str) -> tuple[int, int]:
    if column in OWN_SPANS:
        return OWN_SPANS[column]
    if "alliance" in column or column.endswith("_formation"):
        return SPANS["ATOP"]
    if column.endswith(("_thousands", "_thousand_tons", "_coal_tons")):
        return SPANS["capabilities"]
    return SPANS[COLUMNS[column]]


def published_spans(shell: Shell) -> dict[str, tuple[int, int]]:
    lines = shell.sql(
        "select column_name, first_year, last_year from meta.columns where table_name = 'country_years'"
        " and data_type in ('INTEGER', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'DECIMAL')"
        " and column_name not in ('cow_code', 'year', 'is_entry_year')"
    ).splitlines()
    return {name: (int(first), int(last)) for name, first, last in (line.split(",") for line in lines)}


def test_first_and_last_year_of_every_column(real_warehouse: Shell) -> None:
    spans = published_spans(real_warehouse)
    assert len(spans) >= 65
    assert spans == {column: expected_span(column) for column in spans}


def test_no_value_is_outside_the_span_of_its_column(real_warehouse: Shell) -> None:
    """No state has a value, not even a zero, outside the years that the codebook names."""
    counts = ", ".join(
        f"count({column}) filter (year not between {first} and {last}) as {column}"
        for column, (first, last) in published_spans(real_warehouse).items()
    )
    assert set(real_warehouse.sql(f"select {counts} from marts.country_years").split(",")) == {"0"}
