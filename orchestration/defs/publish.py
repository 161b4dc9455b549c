"""Group publish: the publication, replaced in one step, and the tables and figures made from it."""

from collections.abc import Iterable, Iterator
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
from orchestration.core.settings import ORCHESTRATION, Settings
from orchestration.defs.code_references import code_references
from orchestration.defs.columns import in_data_folder
from orchestration.defs.failures import as_dagster_failure
from orchestration.defs.freshness import by_schedule
from orchestration.defs.keys import LAKE_KEY, OWNER, PRESENTATION_KEY, PUBLICATION_KEY, result_key
from orchestration.defs.resources import RefreshLock
from orchestration.modelling.result_tables import RESULT_TABLES
from orchestration.publication.audit import AuditRefused
from orchestration.publication.changes import KIND
from orchestration.query.run import rows_of
from orchestration.store import open_store
from orchestration.store.publication_file import PublicationFile

PUBLICATION = ORCHESTRATION / "publication"


def publication_asset(settings: Settings, marts: Iterable[AssetKey]) -> AssetsDefinition:
    """Make the asset that assembles, audits and publishes warehouse.duckdb, as often as the settings' schedule says."""
    deps = [*marts, *(result_key(table) for table in RESULT_TABLES)]

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
                blocking=True,
                description="Opened as a reader would: every table present and not empty, every key unique, every"
                " column described, the results fitted on this mart, no check failed.",
            ),
            AssetCheckSpec(
                "changes",
                asset=PUBLICATION_KEY,
                description="What changed in marts and headline since the publication before; information, which"
                " passes whatever it says.",
            ),
        ],
        description="warehouse.duckdb: schemas marts, results and meta, replaced in one step after the audit passed.",
        metadata=code_references(PUBLICATION / "write.py", PUBLICATION / "audit.py"),
        freshness_policy=by_schedule(settings),
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
                "path": in_data_folder(settings, settings.warehouse_path),
            },
            check_results=[AssetCheckResult(passed=True, check_name="audit"), _changes_check(settings)],
        )

    return publication


def _changes_check(settings: Settings) -> AssetCheckResult:
    changes = rows_of(
        PublicationFile(settings.warehouse_path), f"select table_name, found from meta.checks where kind = '{KIND}'"
    )
    return AssetCheckResult(
        passed=True, check_name="changes", metadata={change["table_name"]: change["found"] for change in changes}
    )


def presentation_asset() -> AssetsDefinition:
    """Make the asset that writes tables and figures of the publication."""

    @asset(
        key=PRESENTATION_KEY,
        group_name="publish",
        owners=[OWNER],
        kinds={"python"},
        deps=[PUBLICATION_KEY],
        code_version=code_fingerprint("analysis")[:16],
        description="Regression tables (LaTeX, HTML, Markdown, CSV) and figures (PNG, SVG) of the publication.",
        metadata=code_references(ORCHESTRATION / "outputs" / "presentation.py"),
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
                "path": in_data_folder(settings, folder),
            }
        )

    return presentation


def lake_assets(settings: Settings) -> list[AssetsDefinition]:
    """Make the asset that copies the publication into a shared store; none for a store of local files."""
    if not open_store(settings).is_shared:
        return []

    @asset(
        key=LAKE_KEY,
        group_name="publish",
        owners=[OWNER],
        kinds={"ducklake", "postgresql"},
        deps=[PUBLICATION_KEY],
        code_version=code_fingerprint("orchestration")[:16],
        description="The publication in the shared lake: one transaction, one snapshot that carries its id.",
        metadata=code_references(ORCHESTRATION / "store" / "lake" / "publish.py"),
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
