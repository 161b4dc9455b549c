"""Everything Dagster loads, built from the settings: assets, their checks, the jobs, and what starts them."""

from typing import NamedTuple

from dagster import AssetKey, AssetSelection, Definitions, define_asset_job, in_process_executor

from orchestration.core.settings import DAGSTER_UI, Settings
from orchestration.defs.dbt_build import build_assets, dbt_resource
from orchestration.defs.estimates import estimates_assets
from orchestration.defs.failed_runs import failure_sensors
from orchestration.defs.ingest import raw_assets
from orchestration.defs.keys import REFRESH_JOB, REFRESH_WITH_EXTRAS_JOB, inference_keys, network_keys
from orchestration.defs.need import run_tags
from orchestration.defs.progress import progress_logger
from orchestration.defs.publish import lake_assets, presentation_asset, publication_asset
from orchestration.defs.resources import RefreshLock
from orchestration.defs.schedule import weekly_refresh
from orchestration.defs.sensor import source_bytes_changed


class Pipeline(NamedTuple):
    """The definitions, and the asset keys of each extra that a refresh makes only on request."""

    definitions: Definitions
    extras: dict[str, list[AssetKey]]


def build_defs(settings: Settings) -> Definitions:
    """Build the definitions for one process; parameters and errors as in `build_pipeline`."""
    return build_pipeline(settings).definitions


def build_pipeline(settings: Settings) -> Pipeline:
    """Build the definitions, and say which assets are made only on request.

    Parameters
    ----------
    settings : Settings
        Passed to every asset and sensor; the records of the sources and the dbt project decide which assets there are.

    Returns
    -------
    Pipeline
        With the jobs ``refresh`` and ``refresh_with_extras``, and the extras ``inference``, ``dyads`` and
        ``network``, which needs both.

    Raises
    ------
    WarehouseError
        If a setting or a source record is invalid, or the dbt project does not compile.
    """
    build, dyads = build_assets(settings)
    extras = {"inference": inference_keys(), "dyads": sorted(dyads.keys), "network": network_keys()}
    on_request = [key for keys in extras.values() for key in keys]
    started_in_ui = run_tags(settings, DAGSTER_UI)  # every other way of starting a run sets its own tags
    refresh = define_asset_job(
        REFRESH_JOB,
        selection=AssetSelection.all() - AssetSelection.assets(*on_request),
        description="From the publishers' bytes to the publication. Fails rather than publish anything unchecked.",
        tags=started_in_ui,
    )
    refresh_with_extras = define_asset_job(
        REFRESH_WITH_EXTRAS_JOB,
        selection=AssetSelection.all(),
        description="The refresh with everything that is made only on request: the inference that takes minutes"
        " (specification curve, robustness, parts left out, validation), the dyad-years, and the study of pairs of"
        " states.",
        tags=started_in_ui,
    )
    definitions = Definitions(
        assets=[
            *raw_assets(settings),
            build,
            dyads,
            *estimates_assets(),
            publication_asset(),
            presentation_asset(),
            *lake_assets(settings),
        ],
        jobs=[refresh, refresh_with_extras],
        schedules=[weekly_refresh(settings)],
        sensors=[source_bytes_changed(settings), *failure_sensors(settings)],
        resources={"dbt": dbt_resource(), "settings": settings, "refresh_lock": RefreshLock(settings=settings)},
        executor=in_process_executor,
        loggers={"progress": progress_logger},
    )
    return Pipeline(definitions, extras)
