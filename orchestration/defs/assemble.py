"""Everything Dagster loads, built from the settings: assets, their checks, the jobs, and what starts them."""

from dagster import AssetSelection, Definitions, define_asset_job, in_process_executor

from orchestration.core.settings import DAGSTER_UI, Settings
from orchestration.defs.dbt_build import build_assets, dbt_resource
from orchestration.defs.estimates import estimates_assets
from orchestration.defs.failed_runs import failure_sensors
from orchestration.defs.ingest import raw_assets
from orchestration.defs.keys import EXTRAS, REFRESH_JOB, REFRESH_WITH_EXTRAS_JOB
from orchestration.defs.need import run_tags
from orchestration.defs.progress import progress_logger
from orchestration.defs.publish import lake_assets, presentation_asset, publication_asset
from orchestration.defs.resources import RefreshLock
from orchestration.defs.schedule import weekly_refresh
from orchestration.defs.sensor import source_bytes_changed


def build_defs(settings: Settings) -> Definitions:
    """Build the definitions for one process.

    Parameters
    ----------
    settings : Settings
        Passed to every asset and sensor; the records of the sources and the dbt project decide which assets there are.

    Returns
    -------
    Definitions
        With the jobs ``refresh`` and ``refresh_with_extras``.

    Raises
    ------
    WarehouseError
        If a setting or a source record is invalid, or the dbt project does not compile.
    """
    started_in_ui = run_tags(settings, DAGSTER_UI)  # every other way of starting a run sets its own tags
    on_request = [key for keys in EXTRAS.values() for key in keys]
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
        " (specification curve, robustness, validation), and the dyad-years.",
        tags=started_in_ui,
    )
    return Definitions(
        assets=[
            *raw_assets(settings),
            *build_assets(settings),
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
