"""Group ingest: fetch the files of every source, check them against their contracts, and write the raw tables."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    multi_asset,
)

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import ORCHESTRATION, Settings
from orchestration.defs.code_references import code_references
from orchestration.defs.columns import column_metadata, in_data_folder
from orchestration.defs.failures import as_dagster_failure
from orchestration.defs.keys import NEWEST, OWNER, raw_key
from orchestration.defs.resources import RefreshLock
from orchestration.defs.sensor import last_seen
from orchestration.ingest.acquisition import Acquisition, open_acquisition
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.fetch import Fetched, SourceUnavailable
from orchestration.ingest.membership import MEMBERSHIP_TABLE
from orchestration.ingest.raw import LINEAGE_COLUMNS, RawResult, contract_fingerprint
from orchestration.ingest.records import RawTable, Source, SourceFile
from orchestration.monitoring.versions import version_state
from orchestration.monitoring.watch import Memory
from orchestration.publication.drift import Load, drift, published_loads
from orchestration.publication.load_checks import check_values

CONTRACT = "contract"
LARGEST_YEAR = 10_000
CHECKS = {
    CONTRACT: "Hash, columns, types, ranges and key are as the source's record has them.",
    "values": "Values published before are unchanged, or the record acknowledges their revision.",
    "row_count": "About as many rows as in the current publication (bounds in orchestration/publication/drift.py).",
    NEWEST: "The newest version that the publisher is known to have released is in use. A warning names the newer one.",
}


def raw_assets(settings: Settings) -> list[AssetsDefinition]:
    """Make one multi-asset for each source record; it yields the raw tables of that source."""
    return [
        _source_assets(source, settings.catalog_dir / f"{source.name}.yml")
        for source in load_catalog(settings.catalog_dir).values()
    ]


def _source_assets(source: Source, record: Path) -> AssetsDefinition:
    tables = [(file, table) for file in source.files for table in file.tables]

    @multi_asset(
        name=f"ingest_{source.name}",
        specs=[_spec(source, file, table, record) for file, table in tables],
        check_specs=[
            AssetCheckSpec(check, asset=raw_key(table.name), description=description, blocking=check == CONTRACT)
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
                yield from _version_checks(acquisition, source.name, file, last_seen(context.instance))

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
            yield AssetCheckResult(passed=False, check_name=CONTRACT, asset_key=raw_key(name), description=str(error))
            for check in ("values", "row_count", NEWEST):  # without a result, Dagster shows them as failed
                yield AssetCheckResult(
                    passed=False,
                    severity=AssetCheckSeverity.WARN,
                    check_name=check,
                    asset_key=raw_key(name),
                    description="Not evaluated: the file broke its contract.",
                )
        raise


def _version_checks(
    acquisition: Acquisition, source_name: str, file: SourceFile, seen: Memory
) -> Iterator[AssetCheckResult]:
    found = seen.files.get(f"{source_name}/{file.file}")
    state = version_state(acquisition.catalog[source_name], file, found, datetime.now(UTC))
    synthetic = "SYNTHETIC: the sample has no publisher; of the real file: " if acquisition.is_synthetic else ""
    for table in file.tables:
        yield AssetCheckResult(
            passed=state.is_newest or acquisition.is_synthetic,
            severity=AssetCheckSeverity.WARN,
            check_name=NEWEST,
            asset_key=raw_key(table.name),
            description=f"{synthetic}{state.found}",
        )


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
            "path": in_data_folder(acquisition.settings, raw.path),
        },
        check_results=[AssetCheckResult(passed=True, check_name=CONTRACT, asset_key=raw_key(raw.table)), *checks],
    )


def _spec(source: Source, file: SourceFile, table: RawTable, record: Path) -> AssetSpec:
    needs_membership = table.membership_key is not None
    columns = [(name, "varchar", _contract_of(table, name)) for name in table.columns]
    columns += [(name, "varchar", description) for name, description in LINEAGE_COLUMNS.items()]
    return AssetSpec(
        key=raw_key(table.name),
        group_name="ingest",
        owners=[OWNER],
        kinds={table.format, "parquet"},
        tags={"source": source.name},
        description=f"{table.description}\n\n{source.title}. {source.citation}",
        deps=[raw_key(MEMBERSHIP_TABLE)] if needs_membership else [],
        code_version=contract_fingerprint(file, table)[:16],
        metadata={
            "publisher's page": MetadataValue.url(source.homepage),
            "citation": source.citation,
            "licence": source.licence,
            "file": file.file,
            "version on record": file.version or "undated",
            "cadence in years": source.cadence_years,
            **({"publisher's file": MetadataValue.url(file.publisher_url)} if file.publisher_url else {}),
            **column_metadata(columns),
            **code_references(record, ORCHESTRATION / "ingest" / "readers.py"),
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
        parts.append(f"{_limit(low)} to {_limit(high)}")
    return "; ".join(parts) + "."


def _limit(value: float | None) -> str:
    """Format a limit in plain figures, with separators of thousands except in what may be a year."""
    if value is None:
        return "any"
    return f"{value:.15g}" if abs(value) < LARGEST_YEAR else f"{value:,.15g}"
