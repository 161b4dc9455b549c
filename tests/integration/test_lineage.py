"""The lineage is complete, from a raw table over the mart and the results to the publication."""

import itertools
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from dagster import AssetKey

from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.design import matrix as design
from analysis.studies.kimball import KIMBALL_2010
from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import load_catalog
from orchestration.modelling.lineage import (
    dyad_columns,
    pair_columns,
    panel_columns,
    replication_columns,
    results_lineage,
)
from tests.support.shell import REPOSITORY


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_DATA_DIR", str(tmp_path_factory.mktemp("lineage")))
        from orchestration.definitions import defs

        yield defs.resolve_asset_graph()


def ancestors(graph, key: AssetKey) -> set[AssetKey]:
    found, waiting = set(), [key]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys - found:
            found.add(parent)
            waiting.append(parent)
    return found


def test_the_path_from_raw_to_publication(graph) -> None:
    path = [
        "raw/atop",
        "staging/stg_atop__members",
        "intermediate/int_alliance_entries",
        "marts/country_years",
        "results/coefficients",
        "publication",
    ]
    keys = [AssetKey.from_user_string(step) for step in path]
    for upstream, downstream in itertools.pairwise(keys):
        assert upstream in ancestors(graph, downstream), f"{upstream} does not lead to {downstream}"


def test_every_raw_table_is_used_by_a_model_or_test() -> None:
    from orchestration.build.manifest import parsed_project
    from orchestration.core.settings import from_environment

    manifest = json.loads((parsed_project(from_environment(os.environ)) / "manifest.json").read_text())
    used = {key.split(".")[-1] for key, children in manifest["child_map"].items() if children}
    assert set(load_catalog(SOURCES_DIR).raw_tables) - used == set(), "a raw table that no model reads"


def test_every_asset_is_in_a_named_group_and_described(graph) -> None:
    groups = {"ingest", "staging", "intermediate", "marts", "analysis", "publish"}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name in groups, key
        assert node.description, key
        assert node.owners == ["team:warehouse"], key
        assert node.kinds, key
        assert node.code_version, key
    assert {graph.get(key).group_name for key in graph.get_all_asset_keys()} == groups


def test_every_table_has_columns_and_every_model_lineage(graph) -> None:
    for key in graph.get_all_asset_keys() - {AssetKey("publication"), AssetKey("presentation")}:
        metadata = graph.get(key).metadata
        columns = metadata["dagster/column_schema"].columns
        assert all(column.description for column in columns), key
        if key.path[0] in ("staging", "intermediate", "marts"):
            lineage = metadata["dagster/column_lineage"].deps_by_column
            assert set(lineage) == {column.name for column in columns}, key
            parents = {dep.asset_key for deps in lineage.values() for dep in deps}
            assert parents <= graph.get(key).parent_keys, key


def test_marts_and_publication_are_judged_by_the_schedule_and_raw_tables_by_versions(graph) -> None:
    for key in graph.get_all_asset_keys():
        policy, layer = graph.get(key).freshness_policy, key.path[0]
        if layer == "publication" or (layer == "marts" and key.path[1] != "dyad_years"):
            assert policy.warn_window.to_timedelta() == timedelta(days=7, hours=1), key
        else:
            assert policy is None, key


def test_lineage_of_results_is_what_their_models_read(sample_warehouse) -> None:
    with duckdb.connect(str(sample_warehouse[0].published), read_only=True) as connection:
        both = "from marts.country_years left join marts.published_measures using (cow_code, year)"
        panel = prepare(connection.execute(both).df())
    documented = panel_columns("models")
    for model in KIMBALL_2010:
        design.build(panel[sorted(documented)], model)  # needs no other column
    for column in documented - {"cow_code", "year"}:
        without = panel.drop(columns=column)
        with pytest.raises(ModelError, match=f"unknown column {column}"):
            [design.build(without, model) for model in KIMBALL_2010]
    lineage = results_lineage("models")
    assert {column for _, column in lineage["log_likelihood"]} == documented
    assert not {"model", "family", "is_synthetic"} & set(lineage)
    assert results_lineage("choices") == results_lineage("crosswalk") == {}
    tables = {table for table, _ in results_lineage("estimator_agreement")["agrees"]}
    assert tables == {"marts.country_years", "marts.published_measures", "raw.allen_digiuseppe_2013"}


def test_inference_reads_columns_of_the_mart(graph) -> None:
    mart = {
        column.name
        for column in graph.get(AssetKey(["marts", "country_years"])).metadata["dagster/column_schema"].columns
    }
    for table in ("specification_curve", "robustness", "validation", "dose_response", "evidence", "leave_out"):
        assert {"cow_code", "year", "infant_mortality_rose"} < panel_columns(table) <= mart
    for table, read in (("alliance_entries", pair_columns()), ("dyad_years", dyad_columns())):
        schema = graph.get(AssetKey(["marts", table])).metadata["dagster/column_schema"]
        assert read <= {column.name for column in schema.columns}
    assert {table for table, _ in results_lineage("network")["estimate"]} == {
        *("marts.country_years", "marts.alliance_entries", "marts.dyad_years")
    }
    raw = load_catalog(SOURCES_DIR).raw_tables["allen_digiuseppe_2013"].table.columns
    assert replication_columns() <= set(raw)


def test_dagster_validates_the_definitions(tmp_path: Path) -> None:
    dagster = Path(sys.executable).with_name("dagster")
    environment = os.environ | {"WAREHOUSE_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [str(dagster), "definitions", "validate"],
        check=False,
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
