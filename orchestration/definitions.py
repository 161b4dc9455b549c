"""Everything Dagster loads: assets, their checks, the jobs and what their runs share."""

from dagster import AssetSelection, Definitions, define_asset_job, in_process_executor

from orchestration.assets.estimates import estimates_assets, inference_keys
from orchestration.assets.ingest import raw_assets
from orchestration.assets.publish import presentation_asset, publication_asset
from orchestration.assets.resources import RefreshLock
from orchestration.assets.warehouse_build import build_assets, dbt_resource
from orchestration.progress import progress_logger
from orchestration.settings import from_environment

refresh = define_asset_job(
    "refresh",
    selection=AssetSelection.all() - AssetSelection.assets(*inference_keys()),
    description="From the publishers' bytes to the publication. Fails rather than publish something unchecked.",
)
refresh_with_inference = define_asset_job(
    "refresh_with_inference",
    selection=AssetSelection.all(),
    description="The refresh, and the inference that takes minutes: specification curve, robustness, validation.",
)

defs = Definitions(
    assets=[
        *raw_assets(),
        build_assets(from_environment()),
        *estimates_assets(),
        publication_asset(),
        presentation_asset(),
    ],
    jobs=[refresh, refresh_with_inference],
    resources={"dbt": dbt_resource(), "refresh_lock": RefreshLock()},
    executor=in_process_executor,
    loggers={"progress": progress_logger},
)
