"""Group ingest: for every source, fetch its files, check them against their contract, and write its raw tables."""

from collections.abc import Iterator
from datetime import UTC, datetime

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
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

from orchestration.acquire import Acquisition, open_acquisition
from orchestration.assets.failures import told_plainly
from orchestration.assets.resources import RefreshLock
from orchestration.membership import MEMBERSHIP_TABLE
from orchestration.provenance import RawTable, Source, SourceFile, load_catalog
from orchestration.settings import from_environment

OWNER = "team:warehouse"


def raw_key(table: str) -> AssetKey:
    return AssetKey(["raw", table])


def raw_assets() -> list[AssetsDefinition]:
    """One multi-asset per source of the catalogue, each yielding its raw tables."""
    return [_source_assets(source) for source in load_catalog().values()]


def _source_assets(source: Source) -> AssetsDefinition:
    tables = [(file, table) for file in source.files for table in file.tables]

    @multi_asset(
        name=f"ingest_{source.name}",
        specs=[_spec(source, file, table) for file, table in tables],
        check_specs=[AssetCheckSpec("contract", asset=raw_key(table.name)) for _, table in tables],
    )
    def ingest(
        context: AssetExecutionContext, refresh_lock: RefreshLock
    ) -> Iterator[MaterializeResult | AssetCheckResult]:
        with told_plainly():
            acquisition = open_acquisition(from_environment())
            for file in acquisition.catalog[source.name].files:
                yield from _ingest_file(acquisition, source.name, file)

    return ingest


def _ingest_file(
    acquisition: Acquisition, source_name: str, file: SourceFile
) -> Iterator[MaterializeResult | AssetCheckResult]:
    fetched, results = acquisition.ingest(source_name, file, loaded_at=datetime.now(UTC))
    for raw in results:
        yield MaterializeResult(
            asset_key=raw_key(raw.table),
            metadata={
                "dagster/row_count": raw.rows,
                "columns": raw.columns,
                "sha256": fetched.sha256,
                "found in": fetched.way,
                "version": file.version or "undated",
                "synthetic": acquisition.is_synthetic,
                "unchanged since the last refresh": raw.reused,
                "path": MetadataValue.path(str(raw.path)),
            },
            check_results=[AssetCheckResult(passed=True, check_name="contract", asset_key=raw_key(raw.table))],
        )


def _spec(source: Source, file: SourceFile, table: RawTable) -> AssetSpec:
    needs_membership = table.membership_key is not None
    return AssetSpec(
        key=raw_key(table.name),
        group_name="ingest",
        owners=[OWNER],
        kinds={table.format, "parquet"},
        description=f"{table.description}\n\n{source.title}. {source.citation}",
        deps=[raw_key(MEMBERSHIP_TABLE)] if needs_membership else [],
        code_version=file.sha256[:12],
        metadata={
            "publisher": MetadataValue.url(source.homepage),
            "licence": source.licence,
            "file": file.file,
            "dagster/column_schema": TableSchema([TableColumn(name, "varchar") for name in table.columns]),
        },
    )
