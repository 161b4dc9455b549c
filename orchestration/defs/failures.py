"""How a failure reaches Dagster and comes back from it: the user's message as it is, and another try where the network failed."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from dagster import AssetExecutionContext, DagsterEvent, Failure, RetryRequested

from orchestration.core.errors import WarehouseError
from orchestration.ingest.fetch import SourceUnavailable

# Named choices: three more tries, about 20, 40 and 80 seconds after the failure before.
MAX_RETRIES = 3
FIRST_PAUSE_S = 20.0
JITTER = 0.25
# Dagster's words where a run's process ended without a word of its own; the event before it says how.
FROM_OUTSIDE = "This run has been marked as failed from outside"

LOOK_AT_THE_RUN = "mend what this names (warehouse ui shows the run's whole log), then warehouse run"


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn a WarehouseError into a Dagster Failure with the same words, without a traceback of ours around it.

    A source that could not be had because the network failed is asked for again after growing pauses, MAX_RETRIES times.
    Nothing else is tried again: bytes that are not those on record, a broken contract or a failed test stay what they are.
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
    """The step that failed first, "" if none did, and its own words; not those of steps skipped because of it."""
    begun = of_process = ""
    for event in events:
        if event.is_step_start:
            begun = event.step_key
        if event.is_engine_event:
            of_process = (event.message or "").strip()
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.error and failure.error.cls_name == "DagsterExecutionInterruptedError":
                return event.step_key, (
                    f"Interrupted in {event.step_key}. What is published is whole: the last publication, or this run's own"
                    " if it had come to the presentation.\n  next:     warehouse run; there is nothing to clean up"
                )
            if failure.user_failure_data and failure.user_failure_data.description:
                return event.step_key, failure.user_failure_data.description
            cause = failure.error.cause or failure.error
            told = f"Step {event.step_key} failed: {cause.message.strip()}"
            return event.step_key, f"{told}\n  next:     {LOOK_AT_THE_RUN}"
        if event.is_failure:
            error = getattr(event.event_specific_data, "error", None)
            if error:
                return begun, (error.cause or error).message.strip()
            told = (event.message or "").strip()
            return begun, of_process if told.startswith(FROM_OUTSIDE) and of_process else told
    return begun, "The run failed without saying why."
