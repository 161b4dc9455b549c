"""Everything Dagster loads: assets, their checks, the jobs, what starts them, and what their runs share."""

from dagster import AssetKey, AssetSelection, Definitions, define_asset_job, in_process_executor

from orchestration.core.settings import DAGSTER_UI, from_environment
from orchestration.defs.dbt_build import build_assets, dbt_resource
from orchestration.defs.estimates import estimates_assets, inference_keys
from orchestration.defs.failed_runs import failure_sensors
from orchestration.defs.ingest import raw_assets
from orchestration.defs.need import run_tags
from orchestration.defs.progress import progress_logger
from orchestration.defs.publish import lake_assets, presentation_asset, publication_asset
from orchestration.defs.resources import RefreshLock
from orchestration.defs.schedule import weekly_refresh
from orchestration.defs.sensor import source_bytes_changed

settings = from_environment()
started_in_ui = run_tags(settings, DAGSTER_UI)  # whoever else starts a run says so

warehouse_build, dyads_build = build_assets(settings)
EXTRAS: dict[str, list[AssetKey]] = {"inference": inference_keys(), "dyads": sorted(dyads_build.keys)}
"""What a refresh makes only when asked for."""

refresh = define_asset_job(
    "refresh",
    selection=AssetSelection.all() - AssetSelection.assets(*(key for keys in EXTRAS.values() for key in keys)),
    description="From the publishers' bytes to the publication. Fails rather than publish something unchecked.",
    tags=started_in_ui,
)
refresh_with_extras = define_asset_job(
    "refresh_with_extras",
    selection=AssetSelection.all(),
    description="The refresh with what is made only when asked for: the inference that takes minutes (specification"
    " curve, robustness, validation), and the dyad-years.",
    tags=started_in_ui,
)

defs = Definitions(
    assets=[
        *raw_assets(),
        warehouse_build,
        dyads_build,
        *estimates_assets(),
        publication_asset(),
        presentation_asset(),
        *lake_assets(settings),
    ],
    jobs=[refresh, refresh_with_extras],
    schedules=[weekly_refresh(refresh, settings)],
    sensors=[source_bytes_changed(refresh, settings), *failure_sensors()],
    resources={"dbt": dbt_resource(), "refresh_lock": RefreshLock()},
    executor=in_process_executor,
    loggers={"progress": progress_logger},
)
