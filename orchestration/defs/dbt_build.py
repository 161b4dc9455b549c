"""Groups staging, intermediate and marts: one dbt invocation makes the build, another adds the dyad-years."""

import os
import signal
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, redirect_stdout
from contextvars import copy_context
from functools import cached_property
from importlib import import_module, metadata
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    Output,
    ResourceParam,
    TableColumn,
    TableSchema,
    multi_asset,
)
from dagster._core.execution.context.system import StepExecutionContext
from dagster_dbt import DbtCliInvocation, DbtCliResource
from dagster_dbt.asset_utils import (
    DAGSTER_DBT_EXCLUDE_METADATA_KEY,
    DAGSTER_DBT_SELECT_METADATA_KEY,
    DAGSTER_DBT_UNIQUE_ID_METADATA_KEY,
    build_dbt_specs,
)
from dagster_shared.record import replace
from packaging.version import Version

from orchestration.build.manifest import parsed_project, prepare_target, project_lineage, seal
from orchestration.build.process import dbt_executable
from orchestration.build.record import current_inputs, remove_build_record, write_build_record
from orchestration.build.run_results import SKIPPED, UNIT_TEST, NodeResult, read_manifest, read_run_results
from orchestration.core.database import single_row
from orchestration.core.settings import DBT_PROJECT, FAILED_TAG, STAGE_TAG, Settings
from orchestration.defs.columns import Pairs, lineage_metadata
from orchestration.defs.dbt_translator import BUILT_CHECK, Translator, further_checks
from orchestration.defs.failures import as_dagster_failure
from orchestration.defs.freshness import by_schedule
from orchestration.defs.need import listed
from orchestration.defs.progress import BUILT
from orchestration.defs.resources import RefreshLock
from orchestration.ingest.acquisition import open_acquisition
from orchestration.store import open_store

EVERYTHING, DYADS = "fqn:*", "tag:dyads"
Lineage = Mapping[str, Mapping[str, Pairs]]


class LeanDbt(DbtCliResource):
    """dagster-dbt's command line without two costly preparations that nothing here uses.

    They are an extra dbt process for the version, and a second dbt adapter in this process; together 8 seconds.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(metadata.version("dbt-core"))

    # Private in dagster-dbt, which has no public option to skip the adapter; fetch_row_counts() would need it.
    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        return None


class Unblocking(AssetCheckResult):
    """The result of a blocking check in a step that goes on: dbt has skipped what must not be built on a failure."""

    def to_asset_check_evaluation(self, step_context: StepExecutionContext) -> AssetCheckEvaluation:
        """Evaluate the check as not blocking, so that Dagster does not fail the step."""
        return replace(super().to_asset_check_evaluation(step_context), blocking=False)


def dbt_resource() -> LeanDbt:
    """Make the resource that starts dbt on the project."""
    return LeanDbt(
        project_dir=str(DBT_PROJECT),
        profiles_dir=str(DBT_PROJECT),
        dbt_executable=dbt_executable(),
    )


def build_assets(settings: Settings) -> list[AssetsDefinition]:
    """Make assets of dbt's models and seeds, and asset checks of its tests; the dyad-years are built on request only.

    A failed test ends the refresh. In a run of the build stage alone, the step does not raise: Dagster would show every
    model that dbt skipped behind the failed test as failed, with all its checks. The run then ends with the failed
    checks, an error in its log and `FAILED_TAG`, and no stage follows. In a run that goes on to other steps, the step
    fails.

    Raises
    ------
    WarehouseError
        If the dbt project does not compile.
    """
    kept = parsed_project(settings)
    manifest = read_manifest(kept)
    lineage = project_lineage(settings)
    translator = Translator(lineage, by_schedule(settings))
    # Tests that compare the real data with golden figures do not fit the sample.
    excluded = "tag:real_data" if settings.is_synthetic else ""

    @multi_asset(name="build_warehouse", **_invocation(manifest, translator, EVERYTHING, f"{DYADS} {excluded}".strip()))
    def build_warehouse(
        context: AssetExecutionContext, dbt: LeanDbt, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> Iterator[Any]:
        threading.Thread(target=_import_later_steps, daemon=True).start()
        with as_dagster_failure():
            remove_build_record(settings)
            inputs = current_inputs(open_acquisition(settings))
            if not context.is_subset:
                open_store(settings).begin_build()
        succeeded = yield from _build(context, dbt, settings, settings.dbt_target_dir, lineage)
        if succeeded and not context.is_subset:  # a partial build mixes inputs, and is not published
            write_build_record(settings, inputs)

    @multi_asset(name="build_dyads", **_invocation(manifest, translator, DYADS, excluded))
    def build_dyads(
        context: AssetExecutionContext, dbt: LeanDbt, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> Iterator[Any]:
        run = context.instance.get_run_by_id(context.run_id)
        if run and FAILED_TAG not in run.tags:  # otherwise the build that it needs has failed
            yield from _build(context, dbt, settings, settings.dyads_target_dir, lineage)

    return [build_warehouse, build_dyads]


def _invocation(manifest: Mapping[str, Any], translator: Translator, select: str, exclude: str) -> dict[str, Any]:
    """Arguments of a multi-asset as dagster-dbt's own decorator makes them, with further checks."""
    specs, checks = build_dbt_specs(
        translator=translator,
        manifest=manifest,
        select=select,
        exclude=exclude,
        selector="",
        io_manager_key=None,
        project=None,
    )
    return {
        "specs": specs,
        "check_specs": [*checks, *further_checks(manifest, list(specs))],
        "can_subset": True,
        "allow_arbitrary_check_specs": True,
        "op_tags": {DAGSTER_DBT_SELECT_METADATA_KEY: select}
        | ({DAGSTER_DBT_EXCLUDE_METADATA_KEY: exclude} if exclude else {}),
    }


def _import_later_steps() -> None:
    """Import what the steps after dbt need, while dbt works in its own process."""
    for name in (
        "analysis.studies.estimation",
        "statsmodels.discrete.discrete_model",
        "analysis.reporting.figures",
        "analysis.reporting.panel_figures",
        "analysis.reporting.regression_tables",
    ):
        import_module(name)


def _build(
    context: AssetExecutionContext, dbt: LeanDbt, settings: Settings, target: Path, lineage: Lineage
) -> Generator[Any, None, bool]:
    """Run dbt, and yield what was built and every check; return whether nothing failed."""
    prepare_target(target, settings)
    invocation = dbt.cli(["build"], context=context, raise_on_error=False, target_path=target)
    # Held back until the stream ends: rows can be counted only when dbt has closed the file.
    outputs: list[Output[Any]] = []
    others: list[Any] = []
    # dbt's own output is discarded: dbt.log in the target folder has it.
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), closing(_events(invocation)) as events:
        for event in events:
            if isinstance(event, Output):
                context.log.info(f"{BUILT}{context.asset_key_for_output(event.output_name).to_user_string()}")
                outputs.append(event)
            else:
                others.append(event)
    results = read_run_results(target)
    succeeded = invocation.is_successful()
    goes_on = not succeeded and results and STAGE_TAG in context.run.tags
    if outputs:
        yield from _with_rows_and_columns(context, outputs, settings, lineage)
    for event in [*others, *_further_results(context, results)]:
        yield _unblocking(event) if goes_on and isinstance(event, AssetCheckResult) else event
    if succeeded:
        seal(target)
    elif goes_on:
        failed = [result.name for result in results if result.has_failed]
        context.log.error(_failure_message(target))
        context.instance.add_run_tags(context.run_id, {FAILED_TAG: listed(failed)})
    else:
        raise Failure(description=_failure_message(target))
    return succeeded


def _unblocking(result: AssetCheckResult) -> Unblocking:
    return Unblocking(**result._asdict())


def _further_results(context: AssetExecutionContext, results: Sequence[NodeResult]) -> Iterator[AssetCheckResult]:
    """Results of the checks that dagster-dbt does not know; none of what dbt skipped."""
    checks: dict[str, list[tuple[AssetKey, str]]] = {}
    for key in context.selected_asset_check_keys:
        metadata = context.assets_def.get_spec_for_check_key(key).metadata or {}
        checks.setdefault(metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY], []).append((key.asset_key, key.name))
    for result in results:
        for asset_key, name in checks.get(result.unique_id, []):
            if result.status != SKIPPED and (name == BUILT_CHECK or result.kind == UNIT_TEST):
                yield AssetCheckResult(
                    passed=not result.has_failed, asset_key=asset_key, check_name=name, description=result.message
                )


def _events(invocation: DbtCliInvocation) -> Generator[Any, None, None]:
    """Yield dbt's events as they arrive.

    A thread reads them to the end, because closing dagster-dbt's generator in the middle prints a traceback. An
    interrupt reaches only the main thread, at any line, and is passed on to dbt.
    """
    events: SimpleQueue[Any] = SimpleQueue()
    ended = object()

    def read() -> None:
        try:
            for event in invocation.stream():
                events.put(event)
        finally:
            events.put(ended)

    with ThreadPoolExecutor(1) as reader:
        try:
            reading = reader.submit(copy_context().run, read)
            yield from iter(events.get, ended)
        except BaseException:
            invocation.process.send_signal(signal.SIGINT)
            raise
    reading.result()


def _with_rows_and_columns(
    context: AssetExecutionContext, outputs: list[Output[Any]], settings: Settings, lineage: Lineage
) -> Iterator[Output[Any]]:
    """Add each table's row count, column lineage, and columns with their actual types; the definition has the rest."""
    with open_store(settings).attached_build() as connection:
        columns: dict[tuple[str, str], list[TableColumn]] = {}
        for schema, table, name, kind in connection.execute(
            "select schema_name, table_name, column_name, lower(data_type) from duckdb_columns()"
            " where database_name = 'build' order by schema_name, table_name, column_index"
        ).fetchall():
            columns.setdefault((schema, table), []).append(TableColumn(name, kind))
        for output in outputs:
            schema, table = context.asset_key_for_output(output.output_name).path[-2:]
            (rows,) = single_row(connection.execute(f'select count(*) from build."{schema}"."{table}"'))
            metadata = {
                "dagster/row_count": rows,
                "dagster/column_schema": TableSchema(columns[schema, table]),
                **lineage_metadata(lineage.get(f"{schema}.{table}", {})),
            }
            context.add_output_metadata(metadata, output_name=output.output_name)
            yield output


def _failure_message(target_path: Path) -> str:
    """Every node that failed, with dbt's own message and the next step."""
    failed = [result for result in read_run_results(target_path) if result.has_failed]
    if not failed:
        return (
            "The dbt build stopped before it wrote results; nothing was published.\n"
            f"  next:     Read {target_path / 'dbt.log'}."
        )
    lines = [
        f"The dbt build failed in {len(failed)} node(s); nothing was published, the current publication is unchanged."
    ]
    lines += [f"  {result.kind} {result.name}: {result.message[:400]}" for result in failed]
    lines.append(f"  next:     Correct the source or the model; compiled SQL is in {target_path}.")
    return "\n".join(lines)
