"""One refresh from the command line: settle the sources, leave if nothing changed, else run the Dagster job."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orchestration.acquire import choose_sources, fetch_all, open_acquisition
from orchestration.codebook import INFERENCE_TABLES
from orchestration.errors import WarehouseError
from orchestration.fingerprint import refresh_fingerprint
from orchestration.lock import refresh_lock
from orchestration.publication import current, published_tables
from orchestration.settings import COMMAND_LINE, Settings


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
    with_inference: bool,
    wait_seconds: float,
    announce: Callable[[str], None],
) -> Outcome:
    """Bring the publication up to date with ``wanted`` sources; ``announce`` gets the first line to print.

    with_inference also makes the tables that take minutes (codebook.INFERENCE_TABLES), if they are not published yet.

    Raises WarehouseError; the publication in place is then untouched.
    """
    started = time.monotonic()
    with refresh_lock(settings.lock_path, wait_seconds), _alerting(settings):
        settings, told = choose_sources(settings, wanted)
        announce(told)
        acquisition = open_acquisition(settings)
        fetch_all(acquisition)
        published = current(settings.warehouse_path)
        fingerprint = refresh_fingerprint(acquisition.hashes())
        outdated = force or published is None or published["fingerprint"] != fingerprint
        lacking = with_inference and not _has_inference(settings)
        if outdated:
            _run_job(settings, "refresh_with_inference" if with_inference else "refresh")
        elif lacking:
            _run_job(settings, "refresh_with_inference", only_inference=True)
    return Outcome(settings, told, outdated or lacking, time.monotonic() - started)


def _has_inference(settings: Settings) -> bool:
    wanted = {f"results.{table}" for tables in INFERENCE_TABLES.values() for table in tables}
    return wanted <= published_tables(settings.warehouse_path)


@contextmanager
def _alerting(settings: Settings) -> Iterator[None]:
    """Raise an alert for a refresh that fails outside Dagster's run; a failed run has its own."""
    try:
        yield
    except _RunFailed:
        raise
    except WarehouseError as error:
        from orchestration.automation.alerts import failed_refresh, raise_alert

        raise_alert(settings, failed_refresh(settings, asked_by=COMMAND_LINE, message=str(error)))
        raise


class _RunFailed(WarehouseError):
    """Dagster's run failed, and has its alert."""


def _run_job(settings: Settings, job: str, only_inference: bool = False) -> None:
    os.environ.update(settings.environment())
    from dagster import DagsterInstance
    from sqlalchemy.exc import OperationalError

    from orchestration.assets.estimates import inference_keys
    from orchestration.assets.failures import first_failure
    from orchestration.assets.publish import PRESENTATION_KEY, PUBLICATION_KEY
    from orchestration.automation.failed_runs import alert_for_run, declare_lost_runs
    from orchestration.automation.need import run_tags
    from orchestration.definitions import defs

    try:
        with DagsterInstance.get() as instance:
            declare_lost_runs(settings, instance, holds_lock=True)
            result = defs.resolve_job_def(job).execute_in_process(
                asset_selection=[*inference_keys(), PUBLICATION_KEY, PRESENTATION_KEY] if only_inference else None,
                instance=instance,
                run_config={"loggers": {"progress": {}}},
                raise_on_error=False,
                tags=run_tags(settings, COMMAND_LINE),
            )
            if not result.success:
                alert_for_run(settings, instance, result.run_id)
    except (OperationalError, OSError) as error:
        raise WarehouseError(
            "Dagster could not keep its record of the run; what is published is as it was, or whole and new.",
            where=str(settings.dagster_dir),
            expected="a folder that can be written, on a disk with room left",
            found=str(getattr(error, "orig", error)),
            next_step="make room or mend the permissions, then run again",
        ) from error
    if not result.success:
        _, told = first_failure(result.all_events)
        raise _RunFailed(f"{told}\n(run {result.run_id}; warehouse ui shows all of it)")
