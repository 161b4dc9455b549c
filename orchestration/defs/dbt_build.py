"""Groups staging, intermediate and marts: one dbt invocation makes the build, another adds the dyad-years."""

import hashlib
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
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    Output,
    ResourceParam,
    TableColumn,
    TableSchema,
)
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliInvocation, DbtCliResource, dbt_assets
from packaging.version import Version

from orchestration.build.manifest import kept_column_lineage, parsed_project, prepare_target, seal
from orchestration.build.process import dbt_executable
from orchestration.build.record import current_inputs, remove_build_record, write_build_record
from orchestration.build.run_results import read_manifest, read_run_results
from orchestration.core.database import single_row
from orchestration.core.settings import DBT_PROJECT, Settings
from orchestration.defs.columns import Pairs, column_metadata
from orchestration.defs.failures import as_dagster_failure
from orchestration.defs.keys import OWNER
from orchestration.defs.progress import BUILT
from orchestration.defs.resources import RefreshLock
from orchestration.ingest.acquisition import open_acquisition
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.raw import columns_by_table
from orchestration.store import open_store

DYADS = "tag:dyads"


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


class Translator(DagsterDbtTranslator):
    """Groups and tags by layer, column lineage, and a code version that includes macros; the rest as in dagster-dbt.

    Parameters
    ----------
    lineage : Mapping
        Upstream columns by ``<schema>.<table>`` and column.
    """

    def __init__(self, lineage: Mapping[str, Mapping[str, Pairs]]) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))
        self._lineage = lineage

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Layer and name, also of a model with versions: the version that is built has the plain name."""
        if dbt_resource_props.get("version"):
            return AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])
        return super().get_asset_key(dbt_resource_props)

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Column schema and column lineage."""
        columns = [
            (name, column["data_type"] or "?", column["description"])
            for name, column in dbt_resource_props["columns"].items()
        ]
        table = f"{dbt_resource_props['schema']}.{dbt_resource_props['name']}"
        return {**super().get_metadata(dbt_resource_props), **column_metadata(columns, self._lineage.get(table))}

    def get_code_version(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Hash of the compiled SQL, so that a changed macro changes it."""
        compiled = dbt_resource_props.get("compiled_code")
        if compiled is None:
            return super().get_code_version(dbt_resource_props)
        return hashlib.sha256(compiled.encode()).hexdigest()[:16]

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Dbt's tags and the layer."""
        return {**super().get_tags(dbt_resource_props), "layer": dbt_resource_props["schema"]}

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Layer of a model: staging, intermediate or marts; seeds and sources belong to ingest."""
        return str(dbt_resource_props["fqn"][1]) if dbt_resource_props["resource_type"] == "model" else "ingest"

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The warehouse's owner."""
        return [OWNER]


def dbt_resource() -> LeanDbt:
    """Make the resource that starts dbt on the project."""
    return LeanDbt(
        project_dir=str(DBT_PROJECT),
        profiles_dir=str(DBT_PROJECT),
        dbt_executable=dbt_executable(),
    )


def build_assets(settings: Settings) -> list[AssetsDefinition]:
    """Make assets of dbt's models and seeds, and asset checks of its tests; the dyad-years are built on request only.

    Raises
    ------
    WarehouseError
        If the dbt project does not compile.
    """
    kept = parsed_project(settings)
    manifest = read_manifest(kept)
    translator = Translator(kept_column_lineage(kept, manifest, columns_by_table(load_catalog(settings.catalog_dir))))
    # Tests that compare the real data with golden figures do not fit the sample.
    excluded = "tag:real_data" if settings.is_synthetic else ""

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=translator,
        name="build_warehouse",
        exclude=f"{DYADS} {excluded}",
    )
    def build_warehouse(
        context: AssetExecutionContext, dbt: LeanDbt, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> Iterator[Any]:
        threading.Thread(target=_import_later_steps, daemon=True).start()
        with as_dagster_failure():
            remove_build_record(settings)
            inputs = current_inputs(open_acquisition(settings))
            if not context.is_subset:
                open_store(settings).begin_build()
        yield from _build(context, dbt, settings, settings.dbt_target_dir)
        if not context.is_subset:  # a partial build mixes inputs, and is not published
            write_build_record(settings, inputs)

    @dbt_assets(
        manifest=manifest, dagster_dbt_translator=translator, name="build_dyads", select=DYADS, exclude=excluded or None
    )
    def build_dyads(
        context: AssetExecutionContext, dbt: LeanDbt, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> Iterator[Any]:
        yield from _build(context, dbt, settings, settings.dyads_target_dir)

    return [build_warehouse, build_dyads]


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


def _build(context: AssetExecutionContext, dbt: LeanDbt, settings: Settings, target: Path) -> Iterator[Any]:
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
    yield from others
    if not invocation.is_successful():
        raise Failure(description=_failure_message(invocation.target_path))
    seal(target)
    yield from _with_rows_and_columns(context, outputs, settings)


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
    context: AssetExecutionContext, outputs: list[Output[Any]], settings: Settings
) -> Iterator[Output[Any]]:
    """Add each table's row count and its columns with their actual types; descriptions are in the definition."""
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
            metadata = {"dagster/row_count": rows, "dagster/column_schema": TableSchema(columns[schema, table])}
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
