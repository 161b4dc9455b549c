"""Groups staging, intermediate and marts: one dbt invocation builds and tests build.duckdb, another the dyad-years in it."""

import hashlib
import json
import os
import signal
import threading
from collections.abc import Generator, Iterator, Mapping
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
from orchestration.build.run_results import read_run_results
from orchestration.core.settings import DBT_PROJECT, Settings
from orchestration.defs.columns import Pairs, column_metadata
from orchestration.defs.ingest import OWNER
from orchestration.defs.progress import BUILT
from orchestration.defs.resources import RefreshLock
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.raw import columns_by_table
from orchestration.publication.content import DYADS_TABLE
from orchestration.store import open_store

DYADS = "tag:dyads"
DYADS_KEY = AssetKey(["marts", DYADS_TABLE])


class LeanDbt(DbtCliResource):
    """dagster-dbt's command line without its two costly preparations, which nothing here uses: a whole extra dbt
    process to ask for the version, and a second dbt adapter inside this process (8 s together)."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Any) -> None:
        return None


class Translator(DagsterDbtTranslator):
    """Groups and tags by layer, column lineage, and a code version over the compiled SQL, so that a change of a macro
    counts; everything else as dagster-dbt has it: raw/<table>, <layer>/<model>."""

    def __init__(self, lineage: Mapping[str, Mapping[str, Pairs]]) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))
        self._lineage = lineage

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        columns = [
            (name, column["data_type"] or "?", column["description"])
            for name, column in dbt_resource_props["columns"].items()
        ]
        table = f"{dbt_resource_props['schema']}.{dbt_resource_props['name']}"
        return {**super().get_metadata(dbt_resource_props), **column_metadata(columns, self._lineage.get(table))}

    def get_code_version(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        compiled = dbt_resource_props.get("compiled_code")
        if compiled is None:
            return super().get_code_version(dbt_resource_props)
        return hashlib.sha256(compiled.encode()).hexdigest()[:16]

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        return {**super().get_tags(dbt_resource_props), "layer": dbt_resource_props["schema"]}

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props["fqn"][1] if dbt_resource_props["resource_type"] == "model" else "ingest"

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return [OWNER]


def dbt_resource() -> LeanDbt:
    return LeanDbt(
        project_dir=str(DBT_PROJECT),
        profiles_dir=str(DBT_PROJECT),
        dbt_executable=dbt_executable(),
    )


def build_assets(settings: Settings) -> list[AssetsDefinition]:
    """The dbt models, seeds and tests as Dagster assets and asset checks; the dyad-years apart, made only when asked for."""
    kept = parsed_project(settings)
    manifest = json.loads((kept / "manifest.json").read_text())
    translator = Translator(kept_column_lineage(kept, manifest, columns_by_table(load_catalog(settings.catalog_dir))))
    # Tests that hold the real data against golden figures do not fit the sample.
    left_out = "tag:real_data" if settings.is_synthetic else ""

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=translator,
        name="build_warehouse",
        exclude=f"{DYADS} {left_out}",
    )
    def build_warehouse(
        context: AssetExecutionContext, dbt: LeanDbt, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> Iterator[Any]:
        threading.Thread(target=_import_what_comes_after, daemon=True).start()
        if not context.is_subset:
            open_store(settings).begin_build()
        yield from _build(context, dbt, settings, settings.dbt_target_dir)

    @dbt_assets(
        manifest=manifest, dagster_dbt_translator=translator, name="build_dyads", select=DYADS, exclude=left_out or None
    )
    def build_dyads(
        context: AssetExecutionContext, dbt: LeanDbt, settings: ResourceParam[Settings], refresh_lock: RefreshLock
    ) -> Iterator[Any]:
        yield from _build(context, dbt, settings, settings.dyads_target_dir)

    return [build_warehouse, build_dyads]


def _import_what_comes_after() -> None:
    """While dbt works, in a process of its own."""
    for name in (
        "analysis.studies.estimation",
        "analysis.reporting.figures",
        "analysis.reporting.panel_figures",
        "analysis.reporting.regression_tables",
    ):
        import_module(name)


def _build(context: AssetExecutionContext, dbt: LeanDbt, settings: Settings, target: Path) -> Iterator[Any]:
    prepare_target(target, settings)
    invocation = dbt.cli(["build"], context=context, raise_on_error=False, target_path=target)
    outputs, others = [], []  # held back: rows can be counted once dbt has closed the file, and dbt's stream must end
    # What dbt prints goes nowhere: dbt.log in the target folder has it all.
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
    """dbt's events as they come. A thread reads them to the end: the stream cannot be torn without tracebacks, and an
    interrupt, which only the main thread gets, may come at any of its lines. It is handed on to dbt."""
    events: SimpleQueue = SimpleQueue()
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
    context: AssetExecutionContext, outputs: list[Output], settings: Settings
) -> Iterator[Output]:
    """Each table's rows, and its columns with the types they really have; descriptions are in the definition."""
    with open_store(settings).attached_build() as connection:
        columns: dict[tuple[str, str], list[TableColumn]] = {}
        for schema, table, name, kind in connection.execute(
            "select schema_name, table_name, column_name, lower(data_type) from duckdb_columns()"
            " where database_name = 'build' order by schema_name, table_name, column_index"
        ).fetchall():
            columns.setdefault((schema, table), []).append(TableColumn(name, kind))
        for output in outputs:
            schema, table = context.asset_key_for_output(output.output_name).path[-2:]
            rows = connection.execute(f'select count(*) from build."{schema}"."{table}"').fetchone()[0]
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
