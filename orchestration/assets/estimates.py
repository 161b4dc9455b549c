"""Group analysis: the models fitted on the mart, and the inference that takes minutes; one asset per results table."""

from collections.abc import Callable, Iterator

import pandas
from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    TableColumn,
    TableSchema,
    multi_asset,
)

from analysis.tables import COLUMN_DOCS
from orchestration import results
from orchestration.assets.failures import told_plainly
from orchestration.assets.ingest import raw_key
from orchestration.assets.resources import RefreshLock
from orchestration.codebook import ESTIMATE_TABLES, INFERENCE_TABLES
from orchestration.settings import Settings, from_environment

MART = AssetKey(["marts", "country_years"])
DEPENDENCIES = {"replications": raw_key("allen_digiuseppe_2013")}


def result_key(table: str) -> AssetKey:
    return AssetKey(["results", table])


def inference_keys() -> list[AssetKey]:
    return [result_key(table) for tables in INFERENCE_TABLES.values() for table in tables]


def estimates_assets() -> list[AssetsDefinition]:
    """The estimates of every refresh, and each step of the inference made on request."""
    inference = [
        _tables_assets(step, tables, lambda settings, progress, step=step: results.infer(settings, step))
        for step, tables in INFERENCE_TABLES.items()
    ]
    return [_tables_assets("estimate_models", ESTIMATE_TABLES, results.estimate_models), *inference]


def _tables_assets(
    name: str,
    tables: dict[str, str],
    make: Callable[[Settings, Callable[[str], None]], dict[str, pandas.DataFrame]],
) -> AssetsDefinition:
    @multi_asset(name=name, specs=[_spec(table, description) for table, description in tables.items()])
    def make_tables(context: AssetExecutionContext, refresh_lock: RefreshLock) -> Iterator[MaterializeResult]:
        with told_plainly():
            frames = make(from_environment(), context.log.debug)
        for table, frame in frames.items():
            preview = frame.head(12).to_markdown(index=False)
            yield MaterializeResult(
                asset_key=result_key(table),
                metadata={"dagster/row_count": len(frame), "preview": MetadataValue.md(preview)},
            )

    return make_tables


def _spec(table: str, description: str) -> AssetSpec:
    columns = [TableColumn(name, doc.type, description=doc.description) for name, doc in COLUMN_DOCS[table].items()]
    return AssetSpec(
        key=result_key(table),
        group_name="analysis",
        owners=["team:warehouse"],
        kinds={"python", "parquet"},
        description=description,
        deps=[DEPENDENCIES.get(table, MART)],
        metadata={"dagster/column_schema": TableSchema(columns)},
    )
