"""One refresh from the command line: settle the sources, leave if nothing changed, else run the Dagster job."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from orchestration.build.fingerprint import refresh_fingerprint
from orchestration.core.errors import WarehouseError
from orchestration.core.locks import only_refresh
from orchestration.core.settings import COMMAND_LINE, Settings
from orchestration.ingest.acquisition import choose_sources, fetch_all, open_acquisition
from orchestration.publication.codebook import INFERENCE_TABLES
from orchestration.publication.write import DYADS_TABLE, current, published_tables

EXTRA_TABLES = {
    "inference": {f"results.{table}" for tables in INFERENCE_TABLES.values() for table in tables},
    "dyads": {f"marts.{DYADS_TABLE}"},
}


@dataclass(frozen=True)
class Outcome:
    """What a refresh did. changed: False where everything was already published as it is."""

    settings: Settings
    told: str
    changed: bool
    seconds: float


def refresh(
    settings: Settings,
    wanted: str,
    *,
    force: bool,
    extras: Collection[str],
    wait_seconds: float,
    announce: Callable[[str], None],
) -> Outcome:
    """Bring the publication up to date with ``wanted`` sources; ``announce`` gets the first line to print.

    extras: what else to make, if it is not published yet: "inference", the tables that take minutes
    (codebook.INFERENCE_TABLES), and "dyads", marts.dyad_years.

    Raises WarehouseError; the publication in place is then untouched.
    """
    started = time.monotonic()
    with only_refresh(settings, wait_seconds), _alerting(settings):
        settings, told = choose_sources(settings, wanted)
        announce(told)
        acquisition = open_acquisition(settings)
        fetch_all(acquisition)
        published, there = current(settings.warehouse_path), published_tables(settings.warehouse_path)
        by_another, unshared = False, False
        if settings.lake_address and published:
            from orchestration.store.lake.snapshots import newest

            shared = newest(settings)
            unshared = shared is None or shared.publication_id < published["publication_id"]
            by_another = not unshared and shared.publication_id != published["publication_id"]
            if by_another:  # after this one, by another machine: what counts is what the lake has
                published, there = shared.record, shared.tables
        fingerprint = refresh_fingerprint(acquisition.hashes())
        outdated = force or published is None or published["fingerprint"] != fingerprint
        lacking = [extra for extra in extras if not EXTRA_TABLES[extra] <= there]
        if outdated or lacking:
            from_scratch = outdated or by_another or not _is_published_build(settings, published)
            _run_job(settings, extras if from_scratch else lacking, only_extras=not from_scratch)
        elif unshared:  # a run was killed, or the lake could not be had, after the publication here
            _run_job(settings, (), only_lake=True)
    return Outcome(settings, told, outdated or bool(lacking) or unshared, time.monotonic() - started)


def _is_published_build(settings: Settings, published: Mapping[str, object]) -> bool:
    """Whether build.duckdb still holds the mart that is published: a run that failed later may have left another."""
    from orchestration.modelling.results import read_mart

    try:
        return read_mart(settings).fingerprint == published["mart_fingerprint"]
    except (duckdb.Error, WarehouseError):
        return False


@contextmanager
def _alerting(settings: Settings) -> Iterator[None]:
    """Raise an alert for a refresh that fails outside Dagster's run; a failed run has its own."""
    try:
        yield
    except _RunFailed:
        raise
    except WarehouseError as error:
        from orchestration.monitoring.alerts import failed_refresh, raise_alert

        raise_alert(settings, failed_refresh(settings, asked_by=COMMAND_LINE, message=str(error)))
        raise


class _RunFailed(WarehouseError):
    """Dagster's run failed, and has its alert."""


def _run_job(
    settings: Settings, extras: Collection[str], *, only_extras: bool = False, only_lake: bool = False
) -> None:
    os.environ.update(settings.environment())
    from dagster import DagsterInstance
    from sqlalchemy.exc import DatabaseError

    from orchestration.definitions import EXTRAS, defs
    from orchestration.defs.failed_runs import alert_for_run, declare_lost_runs
    from orchestration.defs.failures import first_failure
    from orchestration.defs.need import run_tags
    from orchestration.defs.publish import LAKE_KEY, PRESENTATION_KEY, PUBLICATION_KEY

    selection = None
    if only_lake:
        selection = [LAKE_KEY]
    elif extras:
        always = defs.resolve_job_def("refresh").asset_layer.selected_asset_keys
        published = {PUBLICATION_KEY, PRESENTATION_KEY, LAKE_KEY}
        selection = [key for key in always if key in published or not only_extras]
        selection += [key for extra in extras for key in EXTRAS[extra]]
    try:
        with DagsterInstance.get() as instance:
            declare_lost_runs(settings, instance, holds_lock=True)
            result = defs.resolve_job_def("refresh_with_extras" if extras else "refresh").execute_in_process(
                asset_selection=selection,
                instance=instance,
                run_config={"loggers": {"progress": {}}},
                raise_on_error=False,
                tags=run_tags(settings, COMMAND_LINE),
            )
            if not result.success:
                alert_for_run(settings, instance, result.run_id)
    except (DatabaseError, OSError) as error:
        raise WarehouseError(
            "Dagster could not keep its record of the run; what is published is as it was, or whole and new.",
            where=str(settings.dagster_dir),
            expected="whole files, in a folder that can be written, on a disk with room left",
            found=str(getattr(error, "orig", error)),
            next_step="make room or mend the permissions, then run again; if the record is damaged, move that folder"
            " away first: it holds only the history of runs",
        ) from error
    if not result.success:
        _, told = first_failure(result.all_events)
        raise _RunFailed(f"{told}\n(run {result.run_id}; warehouse ui shows all of it)")
