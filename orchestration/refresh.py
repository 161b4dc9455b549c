"""One refresh from the command line: settle the sources, leave if nothing changed, else run the Dagster job."""

import os
import time
from dataclasses import dataclass

from orchestration.acquire import choose_sources, fetch_all, open_acquisition
from orchestration.errors import WarehouseError
from orchestration.fingerprint import refresh_fingerprint
from orchestration.lock import refresh_lock
from orchestration.publication import current
from orchestration.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What a refresh did. changed: False where everything was already published as it is."""

    settings: Settings
    told: str
    changed: bool
    seconds: float


def refresh(settings: Settings, wanted: str, *, force: bool, wait_seconds: float, announce) -> Outcome:
    """Bring the publication up to date with ``wanted`` sources; ``announce`` gets the first line to print.

    Raises WarehouseError; the publication in place is then untouched.
    """
    started = time.monotonic()
    with refresh_lock(settings.lock_path, wait_seconds):
        settings, told = choose_sources(settings, wanted)
        announce(told)
        acquisition = open_acquisition(settings)
        fetch_all(acquisition)
        published = current(settings.warehouse_path)
        fingerprint = refresh_fingerprint(acquisition.hashes())
        changed = force or published is None or published["fingerprint"] != fingerprint
        if changed:
            _run_job(settings)
    return Outcome(settings, told, changed, time.monotonic() - started)


def _run_job(settings: Settings) -> None:
    os.environ.update(settings.environment())
    from dagster import DagsterInstance

    from orchestration.definitions import defs

    with DagsterInstance.get() as instance:
        result = defs.resolve_job_def("refresh").execute_in_process(
            instance=instance,
            run_config={"loggers": {"progress": {}}},
            raise_on_error=False,
            tags={"warehouse/started_by": "command line"},
        )
    if not result.success:
        raise WarehouseError(f"{_first_failure(result)}\n(run {result.run_id}; warehouse ui shows all of it)")


def _first_failure(result) -> str:
    """The words of the first step that failed, not of those that were skipped because of it."""
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data and failure.user_failure_data.description:
                return failure.user_failure_data.description
            cause = failure.error.cause or failure.error
            return f"Step {event.step_key} failed: {cause.message.strip()}"
        if event.is_failure and event.event_specific_data and getattr(event.event_specific_data, "error", None):
            error = event.event_specific_data.error
            return (error.cause or error).message.strip()
    return "The run failed without saying why."
