"""Each stage plans only its own assets, and a stage follows only one that succeeded."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import (
    AssetExecutionContext,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    Definitions,
    RunRequest,
    SkipReason,
    asset,
    build_run_status_sensor_context,
    materialize,
)

from orchestration.core.settings import SAMPLE, Settings
from orchestration.defs import need
from orchestration.defs.assemble import build_pipeline
from orchestration.defs.keys import STAGES
from orchestration.defs.need import Current, reason_to_hold, refresh_tags, run_tags
from orchestration.defs.resources import RefreshLock
from orchestration.monitoring.alerts import alerts

NOTHING = Current(None, None, None, None)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, sources=SAMPLE)


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as made:
        yield made


def ended(
    instance: DagsterInstance, tags: dict[str, str], status: DagsterRunStatus = DagsterRunStatus.SUCCESS
) -> DagsterRun:
    """Record a run that has ended just now."""
    run = DagsterRun(job_name=tags.get("warehouse/stage", "refresh"), run_id=str(uuid.uuid4()), tags=tags)
    instance.add_run(run)
    instance.report_dagster_event(event(run, DagsterEventType.RUN_START), run.run_id)
    if status is DagsterRunStatus.SUCCESS:
        instance.report_dagster_event(event(run, DagsterEventType.RUN_SUCCESS), run.run_id)
    else:
        instance.report_run_failed(run)
    return instance.get_run_by_id(run.run_id)


def event(run: DagsterRun, kind: DagsterEventType) -> DagsterEvent:
    return DagsterEvent(event_type_value=kind.value, job_name=run.job_name)


# ---------------------------------------------------------------- what a stage plans


def planned(definitions: Definitions, job: str) -> tuple[set[str], set[str]]:
    """Groups of the assets that a job makes, and the assets whose checks it makes."""
    layer = definitions.resolve_job_def(job).asset_layer
    graph = layer.asset_graph
    groups = {graph.get(key).group_name for key in layer.selected_asset_keys}
    return groups, {key.asset_key.path[0] for key in graph.asset_check_keys}


def test_each_stage_plans_only_its_own(definitions: Definitions) -> None:
    assert planned(definitions, "ingest") == ({"ingest"}, {"raw"})
    groups, checked = planned(definitions, "build")
    assert groups == {"ingest", "staging", "intermediate", "marts"}  # ingest: dbt's seeds
    assert checked >= {"staging", "intermediate", "marts"}
    assert planned(definitions, "estimate") == ({"analysis"}, {"results"})
    assert planned(definitions, "publish") == ({"publish"}, {"publication"})


def test_the_stages_and_the_one_run_make_the_same(definitions: Definitions) -> None:
    def made(job: str) -> set:
        layer = definitions.resolve_job_def(job).asset_layer
        return layer.selected_asset_keys | layer.asset_graph.asset_check_keys

    assert set().union(*map(made, STAGES)) == made("refresh")
    assert sum(len(made(stage)) for stage in STAGES) == len(made("refresh"))


def test_a_complete_build_is_not_a_subset(definitions: Definitions) -> None:
    """A subset would not be published."""
    for job in ("build", "refresh", "refresh_with_extras"):
        definition = definitions.resolve_job_def(job).asset_layer.asset_graph.assets_defs
        (build,) = [made for made in definition if made.is_executable and made.node_def.name == "build_warehouse"]
        assert not build.is_subset


@pytest.mark.parametrize(
    ("options", "stages"),
    [
        ({"extras": ["inference"]}, [*STAGES]),
        ({"extras": ["dyads"], "only_extras": True}, ["build", "publish"]),
        ({"extras": ["inference", "dyads", "network"], "only_extras": True}, ["build", "estimate", "publish"]),
        ({"extras": ["bayes"], "only_extras": True}, ["estimate", "publish"]),
    ],
)
def test_extras_are_made_in_their_stages(settings: Settings, options: dict, stages: list[str]) -> None:
    pipeline = build_pipeline(settings, **options)
    assert pipeline.stages == stages
    made = {key.path[-1] for stage in stages for key in _selected(pipeline.definitions, stage)}
    assert ("validation" in made) == ("inference" in options["extras"])
    assert ("dyad_years" in made) == ("dyads" in options["extras"])
    assert ("network" in made) == ("network" in options["extras"])
    assert ("multilevel" in made) == ("bayes" in options["extras"])
    assert ("country_years" in made) == ("only_extras" not in options)


def _selected(definitions: Definitions, job: str):
    return definitions.resolve_job_def(job).asset_layer.selected_asset_keys


# ---------------------------------------------------------------- what follows


def test_a_stage_that_succeeded_requests_the_next(
    definitions: Definitions, instance: DagsterInstance, settings: Settings
) -> None:
    tags = refresh_tags(settings, "schedule weekly_refresh", "ingest", ["atop/atop5_1m.csv"])
    request = follow(definitions, ended(instance, tags), instance)
    assert request.job_name == "build"
    assert request.tags == tags | {"warehouse/stage": "build"}


@pytest.mark.parametrize("started_by", ["command line", "Dagster UI"])
def test_nothing_follows_what_goes_on_by_itself_or_stands_alone(
    definitions: Definitions, instance: DagsterInstance, settings: Settings, started_by: str
) -> None:
    tags = refresh_tags(settings, started_by, "ingest")
    if started_by == "Dagster UI":
        del tags["warehouse/refresh"]
    assert isinstance(follow(definitions, ended(instance, tags), instance), SkipReason)


def test_a_build_with_a_failed_test_alerts_once_and_ends_the_refresh(instance: DagsterInstance, tmp_path: Path) -> None:
    settings = Settings(tmp_path, sources=SAMPLE)
    own = build_pipeline(settings).definitions
    tags = refresh_tags(settings, "sensor source_bytes_changed", "build") | {"warehouse/failed": "cinc_sums_to_one"}
    run = ended(instance, tags)
    for _ in range(2):
        skipped = follow(own, run, instance)
        assert skipped == SkipReason("The refresh ended: cinc_sums_to_one.")
    (alert,) = alerts(settings)
    assert alert["subject"] == run.run_id


def follow(definitions: Definitions, run: DagsterRun, instance: DagsterInstance) -> RunRequest | SkipReason:
    sensor = definitions.get_repository_def().get_sensor_def("next_stage")
    context = build_run_status_sensor_context("next_stage", event(run, DagsterEventType.RUN_SUCCESS), instance, run)
    return sensor(context)


# ---------------------------------------------------------------- between two stages


def test_no_refresh_begins_between_two_stages(instance: DagsterInstance, settings: Settings, monkeypatch) -> None:
    run = ended(instance, refresh_tags(settings, "schedule weekly_refresh", "ingest"))
    assert run.run_id in reason_to_hold(settings, instance, NOTHING)
    monkeypatch.setattr(need, "BETWEEN_STAGES", timedelta(0))
    assert reason_to_hold(settings, instance, NOTHING) is None  # the daemon was stopped meanwhile


def test_a_refresh_may_begin_after_the_last_stage_or_a_failure(instance: DagsterInstance, settings: Settings) -> None:
    tags = refresh_tags(settings, "schedule weekly_refresh", "build")
    for last, status in (
        (tags | {"warehouse/stage": "publish"}, DagsterRunStatus.SUCCESS),
        (tags | {"warehouse/failed": "a_test"}, DagsterRunStatus.SUCCESS),
        (tags, DagsterRunStatus.FAILURE),
        (run_tags(settings, "Dagster UI") | {"warehouse/stage": "build"}, DagsterRunStatus.SUCCESS),
    ):
        ended(instance, last, status)
        assert reason_to_hold(settings, instance, NOTHING) is None


def test_a_run_from_the_page_of_an_asset_gets_the_tags(instance: DagsterInstance, settings: Settings) -> None:
    @asset
    def alone(context: AssetExecutionContext, refresh_lock: RefreshLock) -> None:
        pass

    resources = {"refresh_lock": RefreshLock(settings=settings)}
    run = materialize([alone], resources=resources, instance=instance)
    expected = {"warehouse/started_by": "Dagster UI", "warehouse/data": "SYNTHETIC"}
    assert instance.get_run_by_id(run.run_id).tags.items() >= expected.items()
    own = run_tags(settings, "command line")
    run = materialize([alone], resources=resources, instance=instance, tags=own)
    assert instance.get_run_by_id(run.run_id).tags.items() >= own.items()
