"""Group analysis: the models fitted on the mart, and the inference that takes minutes; one asset for each table."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    multi_asset,
)

from analysis.core.tables import COLUMN_DOCS
from orchestration.build.fingerprint import code_fingerprint
from orchestration.core.settings import ORCHESTRATION, Settings
from orchestration.defs.code_references import code_references
from orchestration.defs.columns import column_metadata, in_data_folder, lineage_metadata
from orchestration.defs.failures import as_dagster_failure
from orchestration.defs.keys import OWNER, PRESENTATION_KEY, mart_key, raw_key, result_key
from orchestration.defs.resources import RefreshLock
from orchestration.modelling import results
from orchestration.modelling.lineage import results_lineage
from orchestration.modelling.result_tables import BAYES_TABLES, ESTIMATE_TABLES, INFERENCE_TABLES, NETWORK_TABLES
from orchestration.publication.content import SYNTHETIC_NOTE
from orchestration.publication.result_checks import ResultCheck, result_checks, run_checks

MART, REPLICATION_FILE = mart_key("country_years"), raw_key("allen_digiuseppe_2013")
MODEL_DATA = [MART, mart_key("published_measures")]
DEPENDENCIES = {
    **dict.fromkeys(ESTIMATE_TABLES, MODEL_DATA),
    "replications": [REPLICATION_FILE],
    "estimator_agreement": [*MODEL_DATA, REPLICATION_FILE],
    "leave_out": [MART, mart_key("alliance_entries")],
    "network": [MART, mart_key("alliance_entries"), mart_key("dyad_years")],
}
PREVIEW_ROWS = 12

MODELLING = ORCHESTRATION / "modelling" / "results.py"

Estimation = Callable[[Settings, Callable[[str], None]], dict[str, pandas.DataFrame]]


def estimates_assets(settings: Settings) -> list[AssetsDefinition]:
    """Make the estimates of every refresh, each step of the inference, and the studies of pairs of states and by Bayes.

    The settings say which checks apply: some have no meaning on the synthetic sample.
    """
    inference = [_tables_assets(step, tables, _inference(step)) for step, tables in INFERENCE_TABLES.items()]
    return [
        _tables_assets("estimate_models", ESTIMATE_TABLES, results.estimate_models, result_checks(settings)),
        *inference,
        _tables_assets("network", NETWORK_TABLES, results.estimate_network),
        _tables_assets("multilevel", BAYES_TABLES, results.estimate_multilevel),
    ]


def _inference(step: str) -> Estimation:
    return lambda settings, progress: results.infer(settings, step)


def _tables_assets(
    name: str,
    tables: dict[str, str],
    estimate: Estimation,
    checks: Sequence[ResultCheck] = (),
) -> AssetsDefinition:
    @multi_asset(
        name=name,
        specs=[_spec(table, description) for table, description in tables.items()],
        check_specs=[
            AssetCheckSpec(
                check.name, asset=result_key(check.table), blocking=check.blocking, description=check.meaning
            )
            for check in checks
        ],
    )
    def make_tables(
        context: AssetExecutionContext, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> Iterator[MaterializeResult | AssetCheckResult]:
        with as_dagster_failure():
            frames = estimate(settings, context.log.debug)
        for table, frame in frames.items():
            yield MaterializeResult(asset_key=result_key(table), metadata=_metadata(table, frame, settings))
        for check, finding in run_checks(settings) if checks else []:
            yield AssetCheckResult(
                passed=finding.passed,
                severity=AssetCheckSeverity.ERROR if check.blocking else AssetCheckSeverity.WARN,
                check_name=check.name,
                asset_key=result_key(check.table),
                description=finding.found,
            )

    return make_tables


def _metadata(table: str, frame: pandas.DataFrame, settings: Settings) -> dict[str, Any]:
    preview = frame.head(PREVIEW_ROWS).to_markdown(index=False)
    if settings.is_synthetic:
        preview = f"**{SYNTHETIC_NOTE}**\n\n{preview}"
    lineage = results_lineage(table)
    read = sorted({f"- {source.replace('.', '/')}: {column}" for pairs in lineage.values() for source, column in pairs})
    return {
        "dagster/row_count": len(frame),
        "preview": MetadataValue.md(preview),
        "columns its models read": MetadataValue.md("\n".join(read) or "none"),
        "tables and figures": MetadataValue.asset(PRESENTATION_KEY),
        "folder of tables and figures": in_data_folder(settings, settings.presentation_dir),
        **lineage_metadata(lineage),
    }


def _spec(table: str, description: str) -> AssetSpec:
    is_estimate = table in ESTIMATE_TABLES
    return AssetSpec(
        key=result_key(table),
        group_name="analysis",
        owners=[OWNER],
        kinds={"python", "parquet"},
        tags={"made": "with_every_refresh" if is_estimate else "on_request"},
        description=description,
        deps=DEPENDENCIES.get(table, [MART]),
        code_version=code_fingerprint("analysis")[:16],
        metadata={
            **column_metadata((name, doc.type, doc.description) for name, doc in COLUMN_DOCS[table].items()),
            **code_references(MODELLING),
        },
    )
