"""What Dagster's storage says of the operation: the last run, the last ticks, the daemon's heartbeat."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import REPOSITORY

if TYPE_CHECKING:
    from dagster import DagsterInstance, RunRecord


class StorageBroken(Exception):
    """Dagster's storage cannot be read; the message says why."""


@dataclass(frozen=True)
class Tick:
    """The last tick of a schedule or sensor.

    Attributes
    ----------
    at : datetime or None
        Its time; None if it never ticked.
    message : str
        What it did.
    is_on : bool
        False if it is switched off in the UI.
    """

    at: datetime | None
    message: str
    is_on: bool = True


@dataclass(frozen=True)
class Operation:
    """The state of Dagster's instance; ``last_run`` and ``heartbeat`` are None if there was none."""

    last_run: "RunRecord | None"
    schedule: Tick
    sensor: Tick
    heartbeat: datetime | None


def read_operation() -> Operation:
    """Read Dagster's storage.

    Returns
    -------
    Operation
        Last run, last ticks and last heartbeat.

    Raises
    ------
    StorageBroken
        If the storage cannot be read.
    """
    from alembic.util.exc import CommandError
    from dagster import DagsterError, DagsterInstance
    from sqlalchemy.exc import SQLAlchemyError

    from orchestration.defs import schedule, sensor

    try:
        with DagsterInstance.from_config(str(REPOSITORY)) as instance:
            beats = [beat.timestamp for beat in instance.get_daemon_heartbeats().values()]
            return Operation(
                last_run=next(iter(instance.get_run_records(limit=1)), None),
                schedule=_last_tick(instance, schedule.NAME),
                sensor=_last_tick(instance, sensor.NAME),
                heartbeat=datetime.fromtimestamp(max(beats), UTC) if beats else None,
            )
    except WarehouseError as error:
        raise StorageBroken(error.problem) from error
    except (SQLAlchemyError, CommandError, DagsterError, OSError) as error:
        why = getattr(error, "orig", None) or getattr(error, "strerror", None) or error
        raise StorageBroken(str(why).splitlines()[0] or type(error).__name__) from error


def _last_tick(instance: "DagsterInstance", name: str) -> Tick:
    """Find the newest tick of this name in any code location."""
    found = Tick(None, "")
    for state in instance.all_instigator_state():
        if state.instigator_name != name:
            continue
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1):
            at = datetime.fromtimestamp(tick.timestamp, UTC)
            if found.at is None or at > found.at:
                if tick.run_ids:
                    message = f"requested run {tick.run_ids[0][:8]}"
                elif tick.error:
                    message = f"failed: {tick.error.message.strip().splitlines()[-1]}"
                else:
                    message = tick.skip_reason or tick.status.value.lower()
                found = Tick(at, message, is_on=state.status.value != "STOPPED")
    return found
