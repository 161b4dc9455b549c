"""What the catalogue says of each asset: a description, its files, checks with a meaning, freshness by the schedule."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    AssetMaterialization,
    AssetSpec,
    CodeReferencesMetadataValue,
    DagsterInstance,
    Definitions,
)

from orchestration.core.settings import REPOSITORY, SAMPLE, Settings
from orchestration.defs.freshness import by_schedule, confirm_current
from orchestration.defs.ingest import _limit
from orchestration.defs.keys import mart_key


@pytest.fixture(scope="module")
def specs(definitions: Definitions) -> list[AssetSpec]:
    graph = definitions.get_repository_def().asset_graph
    return [definition.get_asset_spec(key) for definition in graph.assets_defs for key in definition.keys]


def test_the_first_line_of_each_description_is_a_sentence(specs: list[AssetSpec]) -> None:
    for spec in specs:
        first = spec.description.splitlines()[0]
        assert first[0].isalnum(), spec.key
        assert first.rstrip()[-1] in ".:)", (spec.key, first)
        assert "Raw SQL" not in spec.description


def test_each_asset_has_the_files_it_is_made_by_and_no_other_path_of_this_machine(specs: list[AssetSpec]) -> None:
    for spec in specs:
        references = spec.metadata["dagster/code_references"]
        assert isinstance(references, CodeReferencesMetadataValue)
        for reference in references.code_references:
            assert Path(reference.file_path).is_file()
            assert (REPOSITORY / reference.label).is_file()
        shown = {name: value for name, value in spec.metadata.items() if not name.startswith("dagster_dbt/")}
        for name in shown.keys() - {"dagster/code_references"}:
            assert str(REPOSITORY) not in str(shown[name]), (spec.key, name)
    by_key = {spec.key: spec.metadata["dagster/code_references"].code_references[0].label for spec in specs}
    assert by_key[AssetKey(["raw", "national_capabilities"])] == "orchestration/sources/cow_nmc.yml"
    assert by_key[mart_key("country_years")].startswith("dbt_project/models/marts/")
    assert by_key[mart_key("country_years")].endswith("country_years.sql")


def test_unit_tests_are_checks_of_their_model(definitions: Definitions) -> None:
    graph = definitions.get_repository_def().asset_graph
    manifest = json.loads(_manifest().read_text())
    names = {test["name"] for test in manifest["unit_tests"].values()}
    assert names
    assert names <= {key.name for key in graph.asset_check_keys}


def _manifest() -> Path:
    from orchestration.build.manifest import parsed_project

    return parsed_project(Settings(REPOSITORY / "data", sources=SAMPLE)) / "manifest.json"


def test_what_prevents_publication_is_blocking(definitions: Definitions) -> None:
    graph = definitions.get_repository_def().asset_graph
    blocking = {key.name for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    assert {"contract", "audit", "built", "estimator_agreement", "cinc_sums_to_one"} <= blocking
    assert not {"changes", "headline_drift", "newest_version"} & blocking


def test_checks_of_real_data_are_no_checks_of_the_sample(definitions: Definitions) -> None:
    names = {key.name for key in definitions.get_repository_def().asset_graph.asset_check_keys}
    assert not {"known_figures", "known_headline"} & names


@pytest.mark.parametrize(
    ("cron", "longest"), [("0 5 * * 1", timedelta(days=7)), ("0 5 * * 1-5", timedelta(days=3)), ("0 * * * *", None)]
)
def test_marts_and_publication_are_overdue_a_day_after_a_missed_tick(cron: str, longest: timedelta | None) -> None:
    policy = by_schedule(Settings(Path("data"), refresh_cron=cron))
    longest = longest or timedelta(hours=1)
    assert policy.warn_window.to_timedelta() == longest + timedelta(hours=1)
    assert policy.fail_window.to_timedelta() == longest + timedelta(hours=25)


def test_only_marts_of_every_refresh_and_the_publication_are_judged_by_the_schedule(specs: list[AssetSpec]) -> None:
    judged = {spec.key.to_user_string() for spec in specs if spec.freshness_policy}
    assert "publication" in judged
    assert "marts/country_years" in judged
    assert not {key for key in judged if key.startswith(("raw/", "marts/dyad"))}


def test_a_tick_without_a_change_confirms_what_is_published() -> None:
    key = AssetKey("publication")
    with DagsterInstance.ephemeral() as instance:
        confirm_current(instance, "p-1")
        assert instance.get_latest_materialization_event(key) is None
        made = AssetMaterialization(key, metadata={"rows": 3}, tags={"dagster/data_version": "abc"})
        instance.report_runless_asset_event(made)
        confirm_current(instance, "p-1")
        last = instance.get_latest_materialization_event(key).asset_materialization
    assert last.tags["dagster/data_version"] == "abc"
    assert last.metadata["rows"].value == 3
    assert "p-1" in last.metadata["confirmed"].value


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "any"), (0.5, "0.5"), (1816, "1816"), (-10, "-10"), (2e10, "20,000,000,000"), (12500.5, "12,500.5")],
)
def test_limits_are_written_in_plain_figures(value: float | None, text: str) -> None:
    assert _limit(value) == text
