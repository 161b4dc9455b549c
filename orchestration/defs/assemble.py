"""Everything Dagster loads, built from the settings: assets, their checks, the jobs, and what starts them."""

from collections.abc import Collection
from typing import NamedTuple

from dagster import AssetsDefinition, AssetSelection, Definitions, define_asset_job, in_process_executor

from orchestration.core.settings import DAGSTER_UI, Settings
from orchestration.defs.dbt_build import build_assets, dbt_resource
from orchestration.defs.estimates import estimates_assets
from orchestration.defs.failed_runs import failure_sensors
from orchestration.defs.ingest import raw_assets
from orchestration.defs.keys import BUILD, ESTIMATE, INGEST, PUBLISH, REFRESH_JOB, REFRESH_WITH_EXTRAS_JOB, STAGES
from orchestration.defs.need import run_tags
from orchestration.defs.old_runs import old_runs_sensor
from orchestration.defs.progress import progress_logger
from orchestration.defs.publish import lake_assets, presentation_asset, publication_asset
from orchestration.defs.resources import RefreshLock
from orchestration.defs.schedule import weekly_refresh
from orchestration.defs.sensor import source_bytes_changed
from orchestration.defs.stages import next_stage_sensor, stage_jobs


class Pipeline(NamedTuple):
    """The definitions, and the jobs of one refresh in their order."""

    definitions: Definitions
    stages: list[str]


def build_defs(settings: Settings) -> Definitions:
    """Build the definitions for one process; parameters and errors as in `build_pipeline`."""
    return build_pipeline(settings).definitions


def build_pipeline(
    settings: Settings, extras: Collection[str] = (), *, only_extras: bool = False, only_share: bool = False
) -> Pipeline:
    """Build the definitions, with stages that make what one refresh needs.

    Parameters
    ----------
    settings : Settings
        Passed to every asset and sensor; the records of the sources and the dbt project decide which assets there are.
    extras : collection of str
        What the stages make besides: ``inference``, ``dyads``, ``network``, which needs both, and ``bayes``.
    only_extras : bool
        Stages make only the extras, from the published build, and publish.
    only_share : bool
        The only stage copies the publication into the lake.

    Returns
    -------
    Pipeline
        With a job for each stage, and the jobs ``refresh`` and ``refresh_with_extras`` of one run.

    Raises
    ------
    WarehouseError
        If a setting or a source record is invalid, or the dbt project does not compile.
    """
    schedule = weekly_refresh(settings)
    raw = raw_assets(settings)
    build, dyads = build_assets(settings)
    marts = sorted(key for key in build.keys | dyads.keys if key.path[0] == "marts")
    estimates, *inference, network, bayes = estimates_assets(settings)
    publication, lake = [publication_asset(settings, marts), presentation_asset()], lake_assets(settings)
    stages: dict[str, list[AssetsDefinition]] = {stage: [] for stage in STAGES}
    if not (only_extras or only_share):
        stages |= {INGEST: raw, BUILD: [build], ESTIMATE: [estimates]}
    stages[BUILD] = stages[BUILD] + [dyads] * ("dyads" in extras)
    stages[ESTIMATE] = stages[ESTIMATE] + inference * ("inference" in extras) + [network] * ("network" in extras)
    stages[ESTIMATE] = stages[ESTIMATE] + [bayes] * ("bayes" in extras)
    stages[PUBLISH] = lake if only_share else [*publication, *lake]
    jobs = stage_jobs(settings, stages)
    started_in_ui = run_tags(settings, DAGSTER_UI)  # every other way of starting a run sets its own tags
    on_request = [key for definition in (dyads, *inference, network, bayes) for key in definition.keys]
    refresh = define_asset_job(
        REFRESH_JOB,
        selection=AssetSelection.all() - AssetSelection.assets(*on_request),
        description="All stages in one run, from the publishers' bytes to the publication. After a failure, Dagster"
        " shows every asset that the run did not reach as failed; a refresh in stages does not.",
        tags=started_in_ui,
    )
    refresh_with_extras = define_asset_job(
        REFRESH_WITH_EXTRAS_JOB,
        selection=AssetSelection.all() - AssetSelection.assets(*bayes.keys),
        description="The refresh with everything that is made only on request: the inference that takes minutes"
        " (specification curve, robustness, parts left out, validation), the dyad-years, and the study of pairs of"
        " states. The multilevel probit needs further packages and is left out.",
        tags=started_in_ui,
    )
    sensors = [
        source_bytes_changed(settings),
        next_stage_sensor(settings, jobs),
        *failure_sensors(settings),
        old_runs_sensor(),
    ]
    is_complete = len(jobs) == len(STAGES)  # otherwise only the command line uses them
    definitions = Definitions(
        assets=[*raw, build, dyads, estimates, *inference, network, bayes, *publication, *lake],
        jobs=[*jobs, refresh, refresh_with_extras],
        schedules=[schedule] if is_complete else [],
        sensors=sensors if is_complete else [],
        resources={"dbt": dbt_resource(), "settings": settings, "refresh_lock": RefreshLock(settings=settings)},
        executor=in_process_executor,
        loggers={"progress": progress_logger},
    )
    return Pipeline(definitions, [job.name for job in jobs])
