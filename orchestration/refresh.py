"""One refresh from the command line: settle the sources, leave if nothing changed, else run the Dagster job."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from orchestration.acquire import choose_sources, fetch_all, open_acquisition
from orchestration.codebook import INFERENCE_TABLES
from orchestration.errors import WarehouseError
from orchestration.fingerprint import refresh_fingerprint
from orchestration.lock import refresh_lock
from orchestration.publication import current, published_tables
from orchestration.settings import Settings


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
    with refresh_lock(settings.lock_path, wait_seconds):
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


def _run_job(settings: Settings, job: str, only_inference: bool = False) -> None:
    os.environ.update(settings.environment())
    from dagster import DagsterInstance
    from sqlalchemy.exc import OperationalError

    from orchestration.assets.estimates import inference_keys
    from orchestration.assets.publish import PRESENTATION_KEY, PUBLICATION_KEY
    from orchestration.definitions import defs

    try:
        with DagsterInstance.get() as instance:
            result = defs.resolve_job_def(job).execute_in_process(
                asset_selection=[*inference_keys(), PUBLICATION_KEY, PRESENTATION_KEY] if only_inference else None,
                instance=instance,
                run_config={"loggers": {"progress": {}}},
                raise_on_error=False,
                tags={"warehouse/started_by": "command line"},
            )
    except (OperationalError, OSError) as error:
        raise WarehouseError(
            "Dagster could not keep its record of the run; what is published is as it was, or whole and new.",
            where=str(settings.dagster_dir),
            expected="a folder that can be written, on a disk with room left",
            found=str(getattr(error, "orig", error)),
            next_step="make room or mend the permissions, then run again",
        ) from error
    if not result.success:
        raise WarehouseError(f"{_first_failure(result)}\n(run {result.run_id}; warehouse ui shows all of it)")


def _first_failure(result) -> str:
    """The words of the first step that failed, not of those that were skipped because of it."""
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.error and failure.error.cls_name == "DagsterExecutionInterruptedError":
                return (
                    f"Interrupted in {event.step_key}. What is published is whole: the last publication, or this run's own"
                    " if it had come to the presentation.\n  next:     warehouse run; there is nothing to clean up"
                )
            if failure.user_failure_data and failure.user_failure_data.description:
                return failure.user_failure_data.description
            cause = failure.error.cause or failure.error
            return f"Step {event.step_key} failed: {cause.message.strip()}"
        if event.is_failure and event.event_specific_data and getattr(event.event_specific_data, "error", None):
            error = event.event_specific_data.error
            return (error.cause or error).message.strip()
    return "The run failed without saying why."
