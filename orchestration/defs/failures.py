"""Failures on their way into Dagster and out of it: the user's message unchanged, and a retry if the network failed."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from dagster import AssetExecutionContext, DagsterEvent, Failure, RetryRequested

from orchestration.core.errors import WarehouseError
from orchestration.ingest.fetch import SourceUnavailable

# Named choices: three retries, about 20, 40 and 80 seconds after the previous failure.
MAX_RETRIES = 3
FIRST_PAUSE_S = 20.0
JITTER = 0.25
# Dagster's message for a run whose process ended without one; the engine event before it says how.
FROM_OUTSIDE = "This run has been marked as failed from outside"

READ_THE_LOG = "Correct what this names (warehouse ui shows the complete log), then warehouse run."


@contextmanager
def as_dagster_failure() -> Iterator[None]:
    """Convert a WarehouseError into a Dagster Failure with the same message and no traceback.

    A source that was not available because the network failed is requested again after growing pauses, MAX_RETRIES
    times. Nothing else is retried: wrong bytes, a broken contract or a failed test do not change by waiting.
    """
    try:
        yield
    except SourceUnavailable as error:
        tries = AssetExecutionContext.get().op_execution_context.retry_number if error.network_fault else MAX_RETRIES
        if tries >= MAX_RETRIES:
            raise Failure(description=str(error)) from error
        pause = FIRST_PAUSE_S * 2**tries * random.uniform(1 - JITTER, 1 + JITTER)
        raise RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=pause) from error
    except WarehouseError as error:
        raise Failure(description=str(error)) from error


def first_failure(events: Iterable[DagsterEvent]) -> tuple[str, str]:
    """Find the first failure of a run, not those of steps skipped because of it.

    Parameters
    ----------
    events : iterable of DagsterEvent
        The run's log, in order.

    Returns
    -------
    tuple of str
        The step that failed ("" if none did), and its message.
    """
    started = engine_message = ""
    for event in events:
        if event.is_step_start:
            started = event.step_key or ""
        if event.is_engine_event:
            engine_message = (event.message or "").strip()
        if event.is_step_failure:
            return event.step_key or "", _step_message(event)
        if event.is_failure:
            error = getattr(event.event_specific_data, "error", None)
            if error:
                return started, (error.cause or error).message.strip()
            message = (event.message or "").strip()
            return started, engine_message if message.startswith(FROM_OUTSIDE) and engine_message else message
    return started, "The run failed without a message."


def _step_message(event: DagsterEvent) -> str:
    failure = event.step_failure_data
    if failure.error and failure.error.cls_name == "DagsterExecutionInterruptedError":
        return (
            f"Interrupted in {event.step_key}. The current publication is complete: the previous one, or this run's own"
            " if it had reached the presentation.\n  next:     warehouse run; nothing has to be cleaned up"
        )
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    error = failure.error and (failure.error.cause or failure.error)
    message = error.message.strip() if error else "no message"
    return f"Step {event.step_key} failed: {message}\n  next:     {READ_THE_LOG}"
