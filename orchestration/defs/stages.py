"""The stages of a refresh: one job each, and the sensor that requests the next stage when one has ended.

Dagster shows every asset that a failed run planned and did not make as failed. A refresh in one run plans everything,
so that one wrong source would turn the whole lineage red. Each stage is therefore a run that plans its own assets only:
what a failure kept from being attempted is shown with its last materialization, as not refreshed since.
"""

from collections.abc import Mapping, Sequence

from dagster import (
    AssetsDefinition,
    AssetSelection,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunStatusSensorContext,
    SensorDefinition,
    SkipReason,
    define_asset_job,
    run_status_sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.core.settings import (
    CHANGED_TAG,
    COMMAND_LINE,
    DAGSTER_UI,
    DATA_TAG,
    FAILED_TAG,
    REFRESH_TAG,
    STAGE_TAG,
    STARTED_BY_TAG,
    Settings,
)
from orchestration.defs.failed_runs import alert_for_run
from orchestration.defs.keys import BUILD, ESTIMATE, INGEST, PUBLISH, STAGES
from orchestration.defs.need import run_tags

DESCRIPTIONS = {
    INGEST: "First stage of a refresh: every source by itself. One that fails does not stop the others.",
    BUILD: "Second stage of a refresh: dbt builds and tests all models in one invocation.",
    ESTIMATE: "Third stage of a refresh: the models fitted on the build, and the checks of their tables.",
    PUBLISH: "Last stage of a refresh: the audit, the publication, its tables and figures, and its copy in a lake.",
}
CHECK_SECONDS = 10


def stage_jobs(
    settings: Settings, stages: Mapping[str, Sequence[AssetsDefinition]]
) -> list[UnresolvedAssetJobDefinition]:
    """Make the job of each stage that has assets.

    Parameters
    ----------
    settings : Settings
        With the kind of data, for the tags.
    stages : Mapping of str to sequence of AssetsDefinition
        What each stage makes, by a name of `STAGES`.

    Returns
    -------
    list of UnresolvedAssetJobDefinition
        In the order of the stages, each with the name of its stage.
    """
    return [
        define_asset_job(
            stage,
            selection=_exactly(definitions),
            description=DESCRIPTIONS[stage],
            tags=run_tags(settings, DAGSTER_UI) | {STAGE_TAG: stage},
        )
        for stage, definitions in stages.items()
        if definitions
    ]


def _exactly(definitions: Sequence[AssetsDefinition]) -> AssetSelection:
    """Select assets with the checks that they make themselves: dbt makes checks of raw tables, after the ingest."""
    keys = {key for definition in definitions for key in definition.keys}
    checks = {check for definition in definitions for check in definition.check_keys}
    return AssetSelection.assets(*keys).without_checks() | AssetSelection.checks(*checks)


def next_stage_sensor(settings: Settings, jobs: Sequence[UnresolvedAssetJobDefinition]) -> SensorDefinition:
    """Make the sensor that continues a refresh: each stage that succeeded requests the next.

    Parameters
    ----------
    settings : Settings
        With the folder of the alerts.
    jobs : sequence of UnresolvedAssetJobDefinition
        The jobs of all stages.

    Returns
    -------
    SensorDefinition
        On by default. It leaves alone what the command line runs, which continues by itself, and a stage that somebody
        started by itself.
    """

    @run_status_sensor(
        run_status=DagsterRunStatus.SUCCESS,
        name="next_stage",
        monitored_jobs=list(jobs[:-1]),
        request_jobs=list(jobs[1:]),
        minimum_interval_seconds=CHECK_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="Requests the next stage of a refresh that the schedule or a sensor began, once a stage has ended"
        " and nothing in it failed; writes the alert if something did.",
    )
    def next_stage(context: RunStatusSensorContext) -> RunRequest | SkipReason:
        run = context.dagster_run
        tags = run.tags
        if FAILED_TAG in tags:
            alert_for_run(settings, context.instance, run.run_id)
            return SkipReason(f"The refresh ended: {tags[FAILED_TAG]}.")
        if REFRESH_TAG not in tags or tags.get(STARTED_BY_TAG) == COMMAND_LINE:
            return SkipReason("This run is not part of a refresh that Dagster continues.")
        following = STAGES[STAGES.index(tags[STAGE_TAG]) + 1]
        kept = {tag: tags[tag] for tag in (REFRESH_TAG, STARTED_BY_TAG, DATA_TAG, CHANGED_TAG) if tag in tags}
        return RunRequest(f"{tags[REFRESH_TAG]} {following}", tags=kept | {STAGE_TAG: following}, job_name=following)

    return next_stage
