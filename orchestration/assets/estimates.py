"""Group analysis: the probits fitted on the mart, one results table per asset."""

from collections.abc import Iterator

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    TableColumn,
    TableSchema,
    multi_asset,
)

from orchestration.assets.failures import told_plainly
from orchestration.assets.resources import RefreshLock
from orchestration.codebook import RESULT_TABLES
from orchestration.settings import from_environment


def estimates_assets() -> AssetsDefinition:
    from analysis.tables import COLUMN_DOCS

    @multi_asset(name="estimate_models", specs=[_spec(table, COLUMN_DOCS[table]) for table in RESULT_TABLES])
    def estimate_models(context: AssetExecutionContext, refresh_lock: RefreshLock) -> Iterator[MaterializeResult]:
        from orchestration.results import fit_and_write

        with told_plainly():
            frames = fit_and_write(from_environment(), progress=context.log.debug)
        for table, frame in frames.items():
            preview = frame.head(12).to_markdown(index=False)
            yield MaterializeResult(
                asset_key=["results", table],
                metadata={"dagster/row_count": len(frame), "preview": MetadataValue.md(preview)},
            )

    return estimate_models


def _spec(table: str, docs: dict[str, tuple[str, str, str, str]]) -> AssetSpec:
    columns = [TableColumn(name, kind, description=text) for name, (kind, _, text, _) in docs.items()]
    return AssetSpec(
        key=["results", table],
        group_name="analysis",
        owners=["team:warehouse"],
        kinds={"python", "parquet"},
        description=RESULT_TABLES[table],
        deps=[["marts", "country_years"]],
        metadata={"dagster/column_schema": TableSchema(columns)},
    )
