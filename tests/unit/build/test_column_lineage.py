"""Column lineage through the SQL of this project, checked with facts known by hand and with dagster-dbt."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from orchestration.build.column_lineage import Lineage, column_lineage
from orchestration.build.manifest import kept_column_lineage, parsed_project
from orchestration.build.run_results import name_of
from orchestration.core.settings import SOURCES_DIR, Settings
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.raw import columns_by_table

# Mart columns computed from constants or names of columns only.
WITHOUT_ORIGIN = {
    ("marts.alliance_entries", "has_any"),  # every treaty creates an obligation
    ("marts.country_years", "infant_mortality_source"),
    ("marts.infant_mortality", "source"),
    ("marts.coverage", "variable"),
}


@cache
def raw_columns() -> dict[str, list[str]]:
    return columns_by_table(load_catalog(SOURCES_DIR))


@cache
def manifest() -> dict:
    return json.loads((parsed_project(Settings(Path("unused"))) / "manifest.json").read_text())


def model(name: str) -> dict:
    (node,) = (n for n in manifest()["nodes"].values() if n["resource_type"] == "model" and n["name"] == name)
    return node


@pytest.fixture(scope="module")
def lineage() -> Lineage:
    return column_lineage(manifest(), raw_columns())


def origins(lineage: Lineage, table: str, column: str) -> set[tuple[str, str]]:
    """Raw and seed columns at the end of the lineage."""
    found, waiting = set(), [(table, column)]
    while waiting:
        here = waiting.pop()
        if here[0] not in lineage:
            found.add(here)
        else:
            waiting.extend(tuple(pair) for pair in lineage[here[0]][here[1]])
    return found


def raw_tables(lineage: Lineage, table: str, column: str) -> set[str]:
    return {name for name, _ in origins(lineage, table, column) if name.startswith("raw.")}


def test_every_mart_column_comes_from_raw_or_seed_columns(lineage: Lineage) -> None:
    columns = [(table, column) for table in lineage if table.startswith("marts.") for column in lineage[table]]
    assert len(columns) > 100
    without = {pair for pair in columns if not origins(lineage, *pair)}
    assert without == WITHOUT_ORIGIN


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("cinc", {("raw.national_capabilities", "cinc")}),
        ("polity2", {("raw.polity5", "polity2")}),
        ("energy_thousand_coal_tons", {("raw.national_capabilities", "pec")}),
        ("coalition_size_w4", {("raw.selectorate_w4", "W4")}),
    ],
)
def test_published_column_leads_to_the_raw_column(lineage: Lineage, column: str, expected: set) -> None:
    assert origins(lineage, "marts.country_years", column) == expected


def test_mortality_leads_to_every_series_that_fills_it(lineage: Lineage) -> None:
    assert raw_tables(lineage, "marts.country_years", "infant_mortality_rate") == {
        "raw.allen_digiuseppe_2013",
        "raw.gapminder_infant_mortality",
        "raw.gapminder_infant_mortality_2010",
        "raw.world_bank_infant_mortality",
        "raw.clio_infra_infant_mortality",
        "raw.un_igme_mortality",
    }
    assert ("raw.allen_digiuseppe_2013", "IMR") in origins(lineage, "marts.country_years", "infant_mortality_rate")


def test_w_over_s_comes_from_the_deposit_and_polity(lineage: Lineage) -> None:
    assert raw_tables(lineage, "marts.country_years", "w_over_s") == {"raw.selectorate_deposit", "raw.polity5"}


def test_rate_of_a_wide_file_comes_from_every_year_column(lineage: Lineage) -> None:
    staged = lineage["staging.stg_gapminder__infant_mortality"]
    assert {column for _, column in staged["rate"]} == {str(year) for year in range(1800, 2016)}
    assert staged["label"] == [("raw.gapminder_infant_mortality", "Infant mortality rate")]
    assert staged["year"] == []


def test_coverage_counts_every_variable_of_the_panel(lineage: Lineage) -> None:
    counted = {column for _, column in lineage["marts.coverage"]["non_null"]}
    labels = {"cow_code", "year", "state_abbreviation", "state_name", "region"}
    assert counted == set(lineage["marts.country_years"]) - labels


def parent_tables(node: dict) -> set[str]:
    """Tables that a model reads; an ephemeral model is part of its query, so the parents of that model count."""
    found = set()
    for parent in node["depends_on"]["nodes"]:
        upstream = manifest()["nodes"].get(parent, {})
        is_ephemeral = upstream.get("config", {}).get("materialized") == "ephemeral"
        found |= parent_tables(upstream) if is_ephemeral else {name_of(parent)}
    return found


def test_columns_come_from_parents_of_the_model_only(lineage: Lineage) -> None:
    for node in manifest()["nodes"].values():
        if node["resource_type"] != "model":
            continue
        table = f"{node['schema']}.{node['name']}"
        parents = parent_tables(node)
        assert {origin.split(".")[1] for pairs in lineage[table].values() for origin, _ in pairs} <= parents, table


def dagster_dbt_lineage(name: str, target: Path) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """Lineage of the same model by dagster-dbt, which reads the columns of the parents from the database."""
    from dagster_dbt.core.dbt_cli_event import EventHistoryMetadata, _build_column_lineage_metadata

    from orchestration.defs.dbt_translator import Translator
    from orchestration.defs.freshness import by_schedule

    nodes = manifest()["nodes"]
    node = model(name)
    types = {unique: {name: {"data_type": "varchar"} for name in nodes[unique]["columns"]} for unique in nodes}
    parents = {nodes[parent]["relation_name"]: types[parent] for parent in node["depends_on"]["nodes"]}
    metadata = _build_column_lineage_metadata(
        EventHistoryMetadata(types[node["unique_id"]], parents),
        node,
        manifest(),
        Translator({}, by_schedule(Settings(target))),
        target,
        None,
    )
    for column, deps in metadata["dagster/column_lineage"].deps_by_column.items():
        yield column, {(".".join(dep.asset_key.path), dep.column_name) for dep in deps}


@pytest.mark.parametrize(
    "name", ["country_years", "int_selectorate", "int_economy", "int_alliance_entries", "int_state_years"]
)
def test_dagster_dbt_finds_the_same(lineage: Lineage, name: str, tmp_path: Path) -> None:
    node = model(name)
    compiled = tmp_path / "compiled" / node["package_name"] / node["original_file_path"]
    compiled.parent.mkdir(parents=True)
    compiled.write_text(node["compiled_code"])
    theirs = dict(dagster_dbt_lineage(name, tmp_path))
    assert theirs == {column: set(pairs) for column, pairs in lineage[f"{node['schema']}.{name}"].items()}


def small(compiled: str, columns: tuple[str, ...]) -> dict:
    node = {"resource_type": "model", "schema": "staging", "name": "stg", "compiled_code": compiled}
    return {"nodes": {"model.stg": node | {"columns": dict.fromkeys(columns)}}}


@pytest.mark.parametrize(
    ("compiled", "complaint"),
    [
        ("select a, b from read_parquet('raw/t.parquet')", "stg: columns in either its SQL or its yml"),
        (
            "select nowhere as a from read_parquet('raw/t.parquet')",
            "stg: column nowhere not found in raw.t",
        ),
        ("select a from read_parquet('raw/unknown.parquet')", "stg: "),
        ("select a from (unpivot nowhere on columns('x') into name n value a)", "stg: table nowhere not found"),
        ("select a fro m", "stg: "),
    ],
)
def test_error_names_the_model_that_cannot_be_followed(compiled: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        column_lineage(small(compiled, ("a",)), {"t": ["a", "b"]})


def test_join_key_is_not_an_origin() -> None:
    sql = "select left_side.A as a from read_parquet('raw/t.parquet') as left_side semi join other on b = c"
    parsed = small(sql.replace("other", "read_parquet('raw/u.parquet') as u"), ("a",))
    assert column_lineage(parsed, {"t": ["A", "b"], "u": ["c"]}) == {"staging.stg": {"a": [("raw.t", "A")]}}


def test_count_of_rows_comes_from_the_grouping_columns(lineage: Lineage) -> None:
    parsed = small("select count(*) as n from read_parquet('raw/t.parquet') group by b", ("n",))
    assert column_lineage(parsed, {"t": ["a", "b"]}) == {"staging.stg": {"n": [("raw.t", "b")]}}
    assert "raw.mid_participants" in raw_tables(lineage, "marts.country_years", "dispute_rivals")


def test_lineage_is_cached_until_a_contract_changes(tmp_path: Path) -> None:
    parsed = small("select a from read_parquet('raw/t.parquet')", ("a",))
    first = kept_column_lineage(tmp_path, parsed, {"t": ["a"]})
    assert first == {"staging.stg": {"a": [["raw.t", "a"]]}}
    assert kept_column_lineage(tmp_path, {"nodes": None}, {"t": ["a"]}) == first  # from the cache
    assert len(list(tmp_path.iterdir())) == 1
    kept_column_lineage(tmp_path, parsed, {"t": ["a", "b"]})
    assert len(list(tmp_path.iterdir())) == 2
