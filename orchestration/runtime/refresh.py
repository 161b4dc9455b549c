"""One refresh from the command line: choose the sources, stop if nothing changed, otherwise run its stages."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from orchestration.build.fingerprint import refresh_fingerprint
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import COMMAND_LINE, FAILED_TAG, REPOSITORY, STAGE_TAG, Settings
from orchestration.ingest.acquisition import choose_sources, fetch_all, open_acquisition
from orchestration.ingest.fetch import WrongBytes
from orchestration.modelling.result_tables import BAYES_TABLES, INFERENCE_TABLES, NETWORK_TABLES
from orchestration.publication.content import DYADS_TABLE
from orchestration.store import open_store
from orchestration.store.protocol import Latest

EXTRA_TABLES = {
    "inference": {f"results.{table}" for tables in INFERENCE_TABLES.values() for table in tables},
    "dyads": {f"marts.{DYADS_TABLE}"},
    "network": {f"results.{table}" for table in NETWORK_TABLES},
    "bayes": {f"results.{table}" for table in BAYES_TABLES},
}


@dataclass(frozen=True)
class Outcome:
    """What a refresh did.

    Attributes
    ----------
    settings : Settings
        Of the run, with its kind of data.
    message : str
        Which data it ran on.
    changed : bool
        False if everything was already published.
    seconds : float
        Its duration.
    """

    settings: Settings
    message: str
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
    """Bring the publication up to date.

    Parameters
    ----------
    settings : Settings
        Of the command.
    wanted : str
        auto, real, sample, or a folder with source files.
    force : bool
        Refresh even if nothing changed.
    extras : collection of str
        What to make besides, if it is not published yet: ``inference`` (tables that take minutes), ``dyads``
        (marts.dyad_years) and ``bayes`` (the multilevel probit). The first two together also ask for
        results.network, which is estimated on the dyad-years.
    wait_seconds : float
        How long to wait for another refresh, in seconds.
    announce : callable
        Receives the first line to print.

    Returns
    -------
    Outcome
        What was done.

    Raises
    ------
    WarehouseError
        If the refresh fails, or the packages for ``bayes`` are not installed; the current publication is then
        unchanged.
    """
    started = time.monotonic()
    if "bayes" in extras:
        from orchestration.modelling.results import check_bayes_installed

        check_bayes_installed()
    store = open_store(settings)
    if {"inference", "dyads"} <= set(extras):
        extras = [*extras, "network"]
    with store.hold_refresh(wait_seconds), _alerting(settings):
        settings, message = choose_sources(settings, wanted)
        announce(message)
        acquisition = open_acquisition(settings)
        try:
            fetch_all(acquisition)
        except WrongBytes:
            force = True  # the ingest fails in the same way, and Dagster shows at which source
        latest = store.latest()
        fingerprint = refresh_fingerprint(acquisition.hashes())
        outdated = force or latest.record is None or latest.record["fingerprint"] != fingerprint
        missing = [extra for extra in extras if not EXTRA_TABLES[extra] <= latest.tables]
        unshared = latest.record is not None and not latest.is_shared
        if outdated or missing:
            from_scratch = outdated or not latest.is_local or not _is_published_build(settings, latest)
            _run_stages(settings, extras if from_scratch else missing, only_extras=not from_scratch)
        elif unshared:  # a run was killed, or the lake was not available, after the publication in the data folder
            _run_stages(settings, (), only_share=True)
    return Outcome(settings, message, outdated or bool(missing) or unshared, time.monotonic() - started)


def _is_published_build(settings: Settings, latest: Latest) -> bool:
    """Whether the build still holds the mart that is published: a run that failed later may have left another."""
    from orchestration.modelling.results import read_mart

    try:
        return latest.record is not None and read_mart(settings).fingerprint == latest.record["mart_fingerprint"]
    except (duckdb.Error, WarehouseError):
        return False


@contextmanager
def _alerting(settings: Settings) -> Iterator[None]:
    """Raise an alert for a refresh that fails outside Dagster's run; a failed run has its own alert."""
    try:
        yield
    except _RunFailed:
        raise
    except WarehouseError as error:
        from orchestration.monitoring.alerts import failed_refresh, raise_alert

        raise_alert(settings, failed_refresh(settings, asked_by=COMMAND_LINE, message=str(error)))
        raise


class _RunFailed(WarehouseError):
    """A stage failed and has its alert."""


def _run_stages(
    settings: Settings, extras: Collection[str], *, only_extras: bool = False, only_share: bool = False
) -> None:
    """Run the stages of one refresh in this process, one Dagster run each, up to the first that fails."""
    from dagster import DagsterInstance
    from sqlalchemy.exc import DatabaseError

    from orchestration.defs.assemble import build_pipeline
    from orchestration.defs.failed_runs import alert_for_run, declare_lost_runs, failure_of
    from orchestration.defs.need import refresh_tags
    from orchestration.defs.old_runs import remove_old_runs

    pipeline = build_pipeline(settings, extras, only_extras=only_extras, only_share=only_share)
    failed = None
    try:
        with DagsterInstance.from_config(str(REPOSITORY)) as instance:
            declare_lost_runs(settings, instance, holds_lock=True)
            tags = refresh_tags(settings, COMMAND_LINE, pipeline.stages[0])
            for stage in pipeline.stages:
                result = pipeline.definitions.resolve_job_def(stage).execute_in_process(
                    instance=instance,
                    run_config={"loggers": {"progress": {}}},
                    raise_on_error=False,
                    tags=tags | {STAGE_TAG: stage},
                )
                run = instance.get_run_by_id(result.run_id)
                if not result.success or (run and FAILED_TAG in run.tags):
                    failed = result.run_id
                    _, message = failure_of(instance, failed)
                    alert_for_run(settings, instance, failed)
                    break
            remove_old_runs(instance)
    except (DatabaseError, OSError) as error:
        raise WarehouseError(
            "Dagster could not record the run; the current publication is complete, the previous one or a new one.",
            where=str(settings.dagster_dir),
            expected="intact files in a writable folder on a disk with free space",
            found=str(getattr(error, "orig", error)),
            next_step="Free disk space or correct the permissions, then run again. If the files are damaged, move that"
            " folder away first: it holds only the history of runs.",
        ) from error
    if failed:
        raise _RunFailed(f"{message}\n(run {failed}; warehouse ui shows the complete log)")
