"""What a publication says of itself: its identity, its sources, its checks and its codebook."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow.compute
import pyarrow.parquet

from orchestration.build.fingerprint import refresh_fingerprint
from orchestration.build.run_results import node_of, read_manifest, read_run_results
from orchestration.core.settings import Settings
from orchestration.ingest.acquisition import Acquisition, open_acquisition
from orchestration.modelling.results import read_mart, tables_of_mart
from orchestration.publication.codebook import mart_columns, meta_columns, result_columns, table_descriptions
from orchestration.publication.content import (
    DYADS_TABLE,
    MART_TABLES,
    REAL_NOTE,
    SYNTHETIC_NOTE,
    Evidence,
    Publication,
    Rows,
)
from orchestration.publication.drift import Load, drift, published_loads
from orchestration.publication.write import publish
from orchestration.store import open_store


def publish_refresh(settings: Settings, started: datetime) -> tuple[Publication, dict[str, int]]:
    """Publish what lies in build.duckdb and results; return the publication and its row counts.

    Raises WarehouseError if a column is undescribed, the audit fails or the file cannot be written.
    """
    from analysis.core.tables import COLUMN_DOCS

    acquisition = open_acquisition(settings)
    fingerprint = refresh_fingerprint(acquisition.hashes())
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
    marts = (*MART_TABLES, DYADS_TABLE) if has_dyads else MART_TABLES
    manifest = settings.dbt_target_dir / "manifest.json"
    raw_tables = _raw_table_rows(acquisition)
    before = published_loads(settings)
    evidence = Evidence(
        sources=_source_rows(acquisition),
        raw_tables=raw_tables,
        checks=_contract_checks(acquisition)
        + _row_count_checks(raw_tables, before)
        + _dbt_checks(settings.dbt_target_dir)
        + (_dbt_checks(settings.dyads_target_dir) if has_dyads else []),
        columns=mart_columns(manifest, marts) + result_columns({t: COLUMN_DOCS[t] for t in results}) + meta_columns(),
        tables=table_descriptions(manifest, marts, results),
    )
    return publication, publish(settings, publication, evidence)


def _has_dyads(settings: Settings) -> bool:
    """Whether the dyad-years were made with this build, which begins without them."""
    with open_store(settings).attached_build() as connection:
        tables = "select table_name from duckdb_tables() where database_name = 'build' and schema_name = 'marts'"
        return (DYADS_TABLE,) in connection.execute(tables).fetchall()


def _source_rows(acquisition: Acquisition) -> Rows:
    rows = []
    for source_name, file in acquisition.files():
        source = acquisition.catalog[source_name]
        raw = acquisition.settings.raw_dir / f"{file.tables[0].name}.parquet"
        loaded = pyarrow.compute.min(pyarrow.parquet.read_table(raw, columns=["_loaded_at"])["_loaded_at"])
        rows.append(
            {
                "source": source_name,
                "file": file.file,
                "version": file.version,
                "sha256": file.sha256,
                "size_bytes": file.size_bytes,
                "title": ("SYNTHETIC stand-in for: " if acquisition.is_synthetic else "") + source.title,
                "producer": source.producer,
                "citation": source.citation,
                "licence": source.licence,
                "homepage": source.homepage,
                "cadence_years": source.cadence_years,
                "is_synthetic": acquisition.is_synthetic,
                "loaded_at": loaded.as_py(),
            }
        )
    return rows


def _raw_table_rows(acquisition: Acquisition) -> Rows:
    return [
        {
            "table_name": table.name,
            "source": source_name,
            "file": file.file,
            "version": file.version or "undated",
            "sha256": file.sha256,
            "rows": pyarrow.parquet.read_metadata(acquisition.settings.raw_dir / f"{table.name}.parquet").num_rows,
        }
        for source_name, file in acquisition.files()
        for table in file.tables
    ]


def _row_count_checks(raw_tables: Rows, before: dict[str, Load]) -> Rows:
    checks = []
    for row in raw_tables:
        drifted = drift(before.get(row["table_name"]), Load(row["rows"], row["sha256"], row["version"]))
        checks.append(
            {
                "check_name": f"row_count_{row['table_name']}",
                "kind": "row count",
                "table_name": row["table_name"],
                "status": drifted.status,
                "failures": None,
                "found": drifted.found,
                "description": "About as many rows as in the publication before",
            }
        )
    return checks


def _contract_checks(acquisition: Acquisition) -> Rows:
    """A raw table exists only if its file met its contract, so that each is a passed check."""
    return [
        {
            "check_name": f"contract_{table.name}",
            "kind": "source contract",
            "table_name": table.name,
            "status": "pass",
            "failures": 0,
            "found": f"{len(table.columns)} columns as published",
            "description": f"{source_name}/{file.file}: hash, columns, types, ranges and key as recorded",
        }
        for source_name, file in acquisition.files()
        for table in file.tables
    ]


def _dbt_checks(target: Path) -> Rows:
    """Every dbt test of the last build, with what it found."""
    manifest = read_manifest(target)
    checks: Rows = []
    for result in read_run_results(target):
        if not result.is_test:
            continue
        node = node_of(manifest, result)
        checks.append(
            {
                "check_name": node["name"],
                "kind": "dbt test" if result.kind == "test" else "dbt unit test",
                "table_name": _tested_table(node),
                "status": result.status,
                "failures": result.failures,
                "found": result.message or None,
                "description": node.get("description") or None,
            }
        )
    return checks


def _tested_table(node: Mapping[str, Any]) -> str | None:
    tested = node.get("attached_node") or node.get("tested_node_unique_id")
    if not tested:
        parents = [p for p in node["depends_on"]["nodes"] if p.startswith(("model.", "seed.", "source."))]
        tested = parents[0] if parents else None
    return tested.split(".")[-1] if tested else None
