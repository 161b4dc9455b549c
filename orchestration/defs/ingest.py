"""Group ingest: fetch the files of every source, check them against their contracts, and write the raw tables."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    DataVersion,
    FreshnessPolicy,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    multi_asset,
)

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.defs.columns import column_metadata
from orchestration.defs.failures import as_dagster_failure
from orchestration.defs.keys import OWNER, raw_key
from orchestration.defs.resources import RefreshLock
from orchestration.ingest.acquisition import Acquisition, open_acquisition
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.fetch import Fetched, SourceUnavailable
from orchestration.ingest.membership import MEMBERSHIP_TABLE
from orchestration.ingest.raw import LINEAGE_COLUMNS, RawResult, contract_fingerprint
from orchestration.ingest.records import RawTable, Source, SourceFile
from orchestration.publication.drift import Load, drift, published_loads
from orchestration.publication.load_checks import check_values

CHECKS = {
    "contract": "Hash, columns, types, ranges and key are as the source's record has them.",
    "values": "Values published before are unchanged, or the record acknowledges their revision.",
    "row_count": "About as many rows as in the current publication (bounds in orchestration/publication/drift.py).",
}


def raw_assets(settings: Settings) -> list[AssetsDefinition]:
    """Make one multi-asset for each source record; it yields the raw tables of that source."""
    return [_source_assets(source) for source in load_catalog(settings.catalog_dir).values()]


def _source_assets(source: Source) -> AssetsDefinition:
    tables = [(file, table) for file in source.files for table in file.tables]

    @multi_asset(
        name=f"ingest_{source.name}",
        specs=[_spec(source, file, table) for file, table in tables],
        check_specs=[
            AssetCheckSpec(check, asset=raw_key(table.name), description=description)
            for _, table in tables
            for check, description in CHECKS.items()
        ],
    )
    def ingest(
        context: AssetExecutionContext, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> Iterator[MaterializeResult | AssetCheckResult]:
        with as_dagster_failure():
            acquisition = open_acquisition(settings)
            before = published_loads(settings)
            for file in acquisition.catalog[source.name].files:
                yield from _ingest_file(acquisition, source.name, file, before)

    return ingest


def _ingest_file(
    acquisition: Acquisition, source_name: str, file: SourceFile, before: dict[str, Load]
) -> Iterator[MaterializeResult | AssetCheckResult]:
    unchecked = [table.name for table in file.tables]
    try:
        fetched = acquisition.fetch(source_name, file)
        for table in file.tables:
            raw = acquisition.build(source_name, file, table, fetched, loaded_at=datetime.now(UTC))
            checks = [
                _row_count_check(raw, before.get(raw.table)),
                _values_check(acquisition, source_name, file, table),
            ]
            yield _materialized(acquisition, fetched, raw, checks)
            unchecked.remove(table.name)
    except SourceUnavailable:
        raise  # without bytes nothing is known about their contract
    except WarehouseError as error:
        for name in unchecked:
            yield AssetCheckResult(passed=False, check_name="contract", asset_key=raw_key(name), description=str(error))
        raise


def _row_count_check(raw: RawResult, before: Load | None) -> AssetCheckResult:
    drifted = drift(before, Load(raw.rows, raw.sha256, raw.version))
    return AssetCheckResult(
        passed=drifted.status == "pass",
        severity=AssetCheckSeverity.ERROR if drifted.status == "fail" else AssetCheckSeverity.WARN,
        check_name="row_count",
        asset_key=raw_key(raw.table),
        description=drifted.found,
        metadata={"rows": raw.rows} | ({"rows published": before.rows} if before else {}),
    )


def _values_check(acquisition: Acquisition, source_name: str, file: SourceFile, table: RawTable) -> AssetCheckResult:
    check = check_values(acquisition.settings, source_name, file, table)
    return AssetCheckResult(
        passed=check.status == "pass",
        severity=AssetCheckSeverity.ERROR if check.status == "fail" else AssetCheckSeverity.WARN,
        check_name="values",
        asset_key=raw_key(table.name),
        description=check.found,
    )


def _materialized(
    acquisition: Acquisition, fetched: Fetched, raw: RawResult, checks: list[AssetCheckResult]
) -> MaterializeResult:
    return MaterializeResult(
        asset_key=raw_key(raw.table),
        data_version=DataVersion(raw.fingerprint[:16]),
        metadata={
            "dagster/row_count": raw.rows,
            "columns": raw.columns,
            "sha256": fetched.sha256,
            "found in": fetched.origin,
            "version": raw.version,
            "synthetic": acquisition.is_synthetic,
            "unchanged since the last refresh": raw.reused,
            "path": MetadataValue.path(str(raw.path)),
        },
        check_results=[AssetCheckResult(passed=True, check_name="contract", asset_key=raw_key(raw.table)), *checks],
    )


def _spec(source: Source, file: SourceFile, table: RawTable) -> AssetSpec:
    needs_membership = table.membership_key is not None
    columns = [(name, "varchar", _contract_of(table, name)) for name in table.columns]
    columns += [(name, "varchar", description) for name, description in LINEAGE_COLUMNS.items()]
    cadence = timedelta(days=365.25 * source.cadence_years)
    return AssetSpec(
        key=raw_key(table.name),
        group_name="ingest",
        owners=[OWNER],
        kinds={table.format, "parquet"},
        tags={"source": source.name},
        description=f"{table.description}\n\n{source.title}. {source.citation}",
        deps=[raw_key(MEMBERSHIP_TABLE)] if needs_membership else [],
        code_version=contract_fingerprint(file, table)[:16],
        # Publishers release a version every few years: one cadence without a refresh is late, two are too late.
        freshness_policy=FreshnessPolicy.time_window(warn_window=cadence, fail_window=2 * cadence),
        metadata={
            "publisher's page": MetadataValue.url(source.homepage),
            "citation": source.citation,
            "licence": source.licence,
            "file": file.file,
            "version on record": file.version or "undated",
            "cadence in years": source.cadence_years,
            **({"publisher's file": MetadataValue.url(file.publisher_url)} if file.publisher_url else {}),
            **column_metadata(columns, {}),
        },
    )


def _contract_of(table: RawTable, column: str) -> str:
    """Describe what the contract requires of a column."""
    parts = [f"As published: {table.column_types[column]}"]
    if column in table.key:
        parts.append("part of the key")
    if codes := table.missing_codes_of(column):
        parts.append(f"{', '.join(map(str, codes))} is missing")
    if column in table.ranges:
        low, high = table.ranges[column]
        parts.append(f"{'any' if low is None else f'{low:g}'} to {'any' if high is None else f'{high:g}'}")
    return "; ".join(parts) + "."
