"""Everything Dagster loads: assets, their checks, the jobs, what starts them, and what their runs share."""

from dagster import AssetKey, AssetSelection, Definitions, define_asset_job, in_process_executor

from orchestration.assets.estimates import estimates_assets, inference_keys
from orchestration.assets.ingest import raw_assets
from orchestration.assets.publish import lake_assets, presentation_asset, publication_asset
from orchestration.assets.resources import RefreshLock
from orchestration.assets.warehouse_build import build_assets, dbt_resource
from orchestration.automation.failed_runs import failure_sensors
from orchestration.automation.need import run_tags
from orchestration.automation.schedule import weekly_refresh
from orchestration.automation.sensor import source_bytes_changed
from orchestration.progress import progress_logger
from orchestration.settings import DAGSTER_UI, from_environment

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
