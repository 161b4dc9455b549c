"""Group publish: the file that people query, put in place whole, and the tables and figures drawn from it."""

from datetime import UTC, datetime

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, MaterializeResult, MetadataValue, asset

from orchestration.assets.estimates import result_key
from orchestration.assets.failures import told_plainly
from orchestration.assets.resources import RefreshLock
from orchestration.codebook import RESULT_TABLES
from orchestration.publication import MART_TABLES
from orchestration.settings import from_environment

PUBLICATION_KEY = AssetKey("publication")
PRESENTATION_KEY = AssetKey("presentation")


def publication_asset() -> AssetsDefinition:
    deps = [AssetKey(["marts", table]) for table in MART_TABLES] + [result_key(table) for table in RESULT_TABLES]

    @asset(
        key=PUBLICATION_KEY,
        group_name="publish",
        owners=["team:warehouse"],
        kinds={"duckdb"},
        deps=deps,
        description="warehouse.duckdb: schemas marts, results and meta, replaced in one step after the audit passed.",
    )
    def publication(context: AssetExecutionContext, refresh_lock: RefreshLock) -> MaterializeResult:
        from orchestration.evidence import publish_refresh

        settings = from_environment()
        with told_plainly():
            published, row_counts = publish_refresh(settings, datetime.now(UTC))
        return MaterializeResult(
            metadata={
                "publication": published.publication_id,
                "dagster/row_count": row_counts["marts.country_years"],
                "synthetic": published.is_synthetic,
                "fingerprint": published.fingerprint,
                "rows": MetadataValue.json(row_counts),
                "path": MetadataValue.path(str(settings.warehouse_path)),
            }
        )

    return publication


def presentation_asset() -> AssetsDefinition:
    @asset(
        key=PRESENTATION_KEY,
        group_name="publish",
        owners=["team:warehouse"],
        kinds={"python"},
        deps=[PUBLICATION_KEY],
        description="Regression tables (LaTeX, HTML, Markdown, CSV) and figures (PNG, SVG) of what is published.",
    )
    def presentation(context: AssetExecutionContext, refresh_lock: RefreshLock) -> MaterializeResult:
        from orchestration.presentation import write_presentation

        with told_plainly():
            files = write_presentation(from_environment())
        folder = files[0].parents[1]
        return MaterializeResult(
            metadata={
                "files": MetadataValue.md("\n".join(f"- {file.relative_to(folder)}" for file in files)),
                "count": len(files),
                "path": MetadataValue.path(str(folder)),
            }
        )

    return presentation
