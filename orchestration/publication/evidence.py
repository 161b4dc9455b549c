"""Collect the identity, sources, checks and codebook of a refresh, and publish it."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.build.fingerprint import fingerprint_of
from orchestration.build.manifest import project_lineage
from orchestration.build.record import BuildRecord
from orchestration.build.run_results import node_of, read_manifest, read_run_results, table_of_test
from orchestration.core.settings import Settings
from orchestration.ingest.acquisition import Acquisition, open_acquisition
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.loads import last_year_observed
from orchestration.modelling.results import agreement_checks, read_mart, tables_of_mart
from orchestration.publication.changes import KIND, changes_since_last
from orchestration.publication.codebook import Column, mart_columns, meta_columns, result_columns, table_descriptions
from orchestration.publication.content import (
    DYADS_TABLE,
    MART_TABLES,
    REAL_NOTE,
    SYNTHETIC_NOTE,
    Evidence,
    Publication,
    Rows,
    added_marts,
)
from orchestration.publication.drift import Load, drift, published_loads
from orchestration.publication.load_checks import check_values, keep_published_loads
from orchestration.publication.origins import source_records
from orchestration.publication.provenance import require_unchanged_build
from orchestration.publication.write import publish
from orchestration.store import open_store

UNDATED = "undated"


def publish_refresh(settings: Settings, started: datetime) -> tuple[Publication, dict[str, int]]:
    """Publish the last build and the results that belong to it.

    Parameters
    ----------
    settings : Settings
        With the data folder or the lake.
    started : datetime
        Start of the refresh, which names the publication.

    Returns
    -------
    publication : Publication
        Its row of meta.publication.
    rows : dict of str to int
        Row count by ``schema.table``.

    Raises
    ------
    WarehouseError
        If the build was made from other inputs than those on record, a column has no description, the audit fails or
        the file cannot be written.
    """
    from analysis.core.tables import COLUMN_DOCS

    acquisition = open_acquisition(settings)
    build = require_unchanged_build(acquisition)
    fingerprint = fingerprint_of(build.parts)
    mart = read_mart(settings)
    results = tables_of_mart(settings, mart.fingerprint)
    publication = Publication(
        publication_id=f"{started.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-{fingerprint[:8]}",
        published_at=started.isoformat(timespec="seconds"),
        fingerprint=fingerprint,
        mart_fingerprint=mart.fingerprint,
        is_synthetic=settings.is_synthetic,
        software_version=version("alliance-formation-warehouse"),
        note=SYNTHETIC_NOTE if settings.is_synthetic else REAL_NOTE,
    )
    has_dyads = _has_dyads(settings)
    manifest = settings.dbt_target_dir / "manifest.json"
    added = added_marts(read_manifest(settings.dbt_target_dir))
    marts = (*MART_TABLES, *added, *([DYADS_TABLE] if has_dyads else []))
    evidence = Evidence(
        sources=_source_rows(acquisition, build),
        raw_tables=_raw_table_rows(acquisition, build),
        checks=_contract_checks(acquisition)
        + _row_count_checks(build, published_loads(settings))
        + _value_checks(acquisition)
        + _change_checks(settings)
        + (_agreement_checks(settings) if "estimator_agreement" in results else [])
        + _dbt_checks(settings.dbt_target_dir)
        + (_dbt_checks(settings.dyads_target_dir) if has_dyads else []),
        columns=_with_sources(
            mart_columns(manifest, marts) + result_columns({t: COLUMN_DOCS[t] for t in results}), settings, results
        )
        + meta_columns(),
        tables=table_descriptions(manifest, marts, results),
        added_keys={f"marts.{mart}": key for mart, key in added.items()},
    )
    rows = publish(settings, publication, evidence)
    keep_published_loads(settings)
    return publication, rows


def _has_dyads(settings: Settings) -> bool:
    """Whether the dyad-years belong to this build; a new build begins without them."""
    with open_store(settings).attached_build() as connection:
        tables = "select table_name from duckdb_tables() where database_name = 'build' and schema_name = 'marts'"
        return (DYADS_TABLE,) in connection.execute(tables).fetchall()


def _with_sources(columns: list[Column], settings: Settings, results: tuple[str, ...]) -> list[Column]:
    """The columns, each with the sources that its documentation names or its lineage leads to."""
    catalog = load_catalog(settings.catalog_dir)
    records = source_records(project_lineage(settings), catalog, results)
    return [
        replace(column, source_records=column.source_records or records.get((column.table, column.column_name), ()))
        for column in columns
    ]


def _source_rows(acquisition: Acquisition, build: BuildRecord) -> Rows:
    """Rows of meta.sources: version and hash as built, the rest from the records."""
    rows = []
    for source_name, file in acquisition.files():
        source = acquisition.catalog[source_name]
        loads = [build.raw[table.name] for table in file.tables]
        last_years = [last_year_observed(acquisition.settings.raw_dir, table) for table in file.tables]
        rows.append(
            {
                "source": source_name,
                "file": file.file,
                "version": None if loads[0].version == UNDATED else loads[0].version,
                "sha256": loads[0].sha256,
                "size_bytes": file.size_bytes,
                "title": ("SYNTHETIC stand-in for: " if acquisition.is_synthetic else "") + source.title,
                "producer": source.producer,
                "citation": source.citation,
                "licence": source.licence,
                "redistribution": source.redistribution,
                "homepage": source.homepage,
                "cadence_years": source.cadence_years,
                "released": file.released,
                "newer_version": source.newer_version,
                "last_year": max((year for year in last_years if year is not None), default=None),
                "is_synthetic": acquisition.is_synthetic,
                "loaded_at": min(load.loaded_at for load in loads),
            }
        )
    return rows


def _raw_table_rows(acquisition: Acquisition, build: BuildRecord) -> Rows:
    rows = []
    for source_name, file in acquisition.files():
        for table in file.tables:
            load = build.raw[table.name]
            row = {"table_name": table.name, "source": source_name, "file": file.file}
            rows.append(row | {"version": load.version, "sha256": load.sha256, "rows": load.rows})
    return rows


def _check(
    name: str,
    kind: str,
    table: str | None,
    status: str,
    found: str | None,
    description: str | None,
    failures: int | None,
) -> dict[str, Any]:
    """Row of meta.checks."""
    return {
        "check_name": name,
        "kind": kind,
        "table_name": table,
        "status": status,
        "failures": failures,
        "found": found,
        "description": description,
    }


def _row_count_checks(build: BuildRecord, before: dict[str, Load]) -> Rows:
    description = "About as many rows as in the previous publication"
    checks = []
    for table, load in build.raw.items():
        drifted = drift(before.get(table), Load(load.rows, load.sha256, load.version))
        checks.append(
            _check(f"row_count_{table}", "row count", table, drifted.status, drifted.found, description, None)
        )
    return checks


def _value_checks(acquisition: Acquisition) -> Rows:
    description = "Values published before are unchanged, or the record acknowledges their revision"
    checks = []
    for source_name, file in acquisition.files():
        for table in file.tables:
            check = check_values(acquisition.settings, source_name, file, table)
            checks.append(
                _check(
                    f"values_{table.name}", "published values", table.name, check.status, check.found, description, None
                )
            )
    return checks


def _change_checks(settings: Settings) -> Rows:
    """What changed since the publication before; information, which passes whatever it says."""
    description = "What changed since the publication before"
    return [
        _check(f"changes_{change.table}", KIND, change.table, "pass", change.found, description, None)
        for change in changes_since_last(settings)
    ]


def _agreement_checks(settings: Settings) -> Rows:
    description = "Coefficients, robust and clustered errors of statsmodels and of the own estimator agree to 1e-8"
    return [
        _check(
            f"estimator_agreement_{check.publication}",
            "estimator agreement",
            "estimator_agreement",
            "fail" if check.failures else "pass",
            check.found,
            description,
            check.failures,
        )
        for check in agreement_checks(settings)
    ]


def _contract_checks(acquisition: Acquisition) -> Rows:
    """One passed check for each raw table: a table exists only if its file met its contract."""
    return [
        _check(
            f"contract_{table.name}",
            "source contract",
            table.name,
            "pass",
            f"{len(table.columns)} columns as published",
            f"{source_name}/{file.file}: hash, columns, types, ranges and key as recorded",
            failures=0,
        )
        for source_name, file in acquisition.files()
        for table in file.tables
    ]


def _dbt_checks(target: Path) -> Rows:
    """Every dbt test and unit test of the last build."""
    manifest = read_manifest(target)
    checks: Rows = []
    for result in read_run_results(target):
        if not result.is_test:
            continue
        node = node_of(manifest, result)
        checks.append(
            _check(
                node["name"],
                "dbt test" if result.kind == "test" else "dbt unit test",
                table_of_test(node),
                result.status,
                result.message or None,
                node.get("description") or None,
                result.failures,
            )
        )
    return checks
