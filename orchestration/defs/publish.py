"""Group publish: the file that people query, put in place whole, and the tables and figures drawn from it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    asset,
)

from orchestration.build.fingerprint import code_fingerprint
from orchestration.core.settings import Settings
from orchestration.defs.estimates import PRESENTATION_KEY, result_key
from orchestration.defs.failures import as_dagster_failure
from orchestration.defs.ingest import OWNER
from orchestration.defs.resources import RefreshLock
from orchestration.modelling.result_tables import RESULT_TABLES
from orchestration.publication.audit import AuditRefused
from orchestration.publication.content import DYADS_TABLE, MART_TABLES
from orchestration.store import open_store

PUBLICATION_KEY = AssetKey("publication")
LAKE_KEY = AssetKey("lake_publication")


def publication_asset() -> AssetsDefinition:
    marts = (*MART_TABLES, DYADS_TABLE)
    deps = [AssetKey(["marts", table]) for table in marts] + [result_key(table) for table in RESULT_TABLES]

    @asset(
        key=PUBLICATION_KEY,
        group_name="publish",
        owners=[OWNER],
        kinds={"duckdb"},
        deps=deps,
        code_version=code_fingerprint("orchestration")[:16],
        check_specs=[
            AssetCheckSpec(
                "audit",
                asset=PUBLICATION_KEY,
                description="Opened as a reader would: every table there and not empty, every key unique, every column"
                " described, the results fitted on this very mart, no check failed.",
            )
        ],
        description="warehouse.duckdb: schemas marts, results and meta, replaced in one step after the audit passed.",
    )
    def publication(
        context: AssetExecutionContext, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> Iterator[MaterializeResult | AssetCheckResult]:
        from orchestration.publication.evidence import publish_refresh

        with as_dagster_failure():
            try:
                published, row_counts = publish_refresh(settings, datetime.now(UTC))
            except AuditRefused as refused:
                yield AssetCheckResult(passed=False, check_name="audit", description=str(refused))
                raise
        yield MaterializeResult(
            metadata={
                "publication": published.publication_id,
                "dagster/row_count": row_counts["marts.country_years"],
                "synthetic": published.is_synthetic,
                "note": published.note,
                "fingerprint": published.fingerprint,
                "rows": MetadataValue.json(row_counts),
                "path": MetadataValue.path(str(settings.warehouse_path)),
            },
            check_results=[AssetCheckResult(passed=True, check_name="audit")],
        )

    return publication


def presentation_asset() -> AssetsDefinition:
    @asset(
        key=PRESENTATION_KEY,
        group_name="publish",
        owners=[OWNER],
        kinds={"python"},
        deps=[PUBLICATION_KEY],
        code_version=code_fingerprint("analysis")[:16],
        description="Regression tables (LaTeX, HTML, Markdown, CSV) and figures (PNG, SVG) of what is published.",
    )
    def presentation(
        context: AssetExecutionContext, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> MaterializeResult:
        from orchestration.outputs.presentation import inline_image, write_presentation

        with as_dagster_failure():
            files = write_presentation(settings)
        folder = files[0].parents[1]
        figures = {path.stem: MetadataValue.md(inline_image(path)) for path in files if path.suffix == ".png"}
        return MaterializeResult(
            metadata={
                **figures,
                "files": MetadataValue.md("\n".join(f"- {file.relative_to(folder)}" for file in files)),
                "count": len(files),
                "path": MetadataValue.path(str(folder)),
            }
        )

    return presentation


def lake_assets(settings: Settings) -> list[AssetsDefinition]:
    """The publication's copy in the lake; nothing where the settings name no lake."""
    if not open_store(settings).is_shared:
        return []

    @asset(
        key=LAKE_KEY,
        group_name="publish",
        owners=[OWNER],
        kinds={"ducklake", "postgresql"},
        deps=[PUBLICATION_KEY],
        code_version=code_fingerprint("orchestration")[:16],
        description="The publication in the shared lake: all of it in one transaction, as one snapshot that carries its id.",
    )
    def lake_publication(
        context: AssetExecutionContext, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> MaterializeResult:
        with as_dagster_failure():
            published = open_store(settings).share()
        return MaterializeResult(
            metadata={
                "publication": published.publication_id,
                "snapshot": published.snapshot,
                "dagster/row_count": published.rows["marts.country_years"],
                "rows": MetadataValue.json(published.rows),
                "files": published.location,
            }
        )

    return [lake_publication]
