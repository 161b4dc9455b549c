"""Failed runs get their alert, and runs whose process was killed are declared failed, so that they block no other."""

from datetime import UTC, datetime, timedelta

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunFailureSensorContext,
    RunRecord,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    run_failure_sensor,
    sensor,
)

from orchestration.core.settings import COMMAND_LINE, DAGSTER_UI, Settings
from orchestration.defs.failures import first_failure
from orchestration.defs.need import STARTED_BY
from orchestration.defs.resources import WAIT_S
from orchestration.monitoring.alerts import failed_refresh, raise_alert
from orchestration.store import open_store

# Named choice: a run that works holds the lock. Without it a run starts or ends, or waits for the lock, which logs nothing.
QUIET = timedelta(seconds=WAIT_S) + timedelta(minutes=5)
LOOK_SECONDS = 60


def alert_for_run(settings: Settings, instance: DagsterInstance, run_id: str) -> None:
    """Raise the alert of a run that failed, from what its log says; nothing happens where it has its alert."""
    record = instance.get_run_record_by_id(run_id)
    entries = instance.all_logs(run_id)
    step, message = first_failure(entry.dagster_event for entry in entries if entry.dagster_event)
    alert = failed_refresh(
        settings,
        asked_by=started_by(record),
        message=message,
        step=step,
        run_id=run_id,
        began=record.create_timestamp.replace(tzinfo=UTC),
    )
    raise_alert(settings, alert)


def started_by(record: RunRecord) -> str:
    """Who asked for a run: its tag, or the UI, where single assets can be run without it."""
    return record.dagster_run.tags.get(STARTED_BY, DAGSTER_UI)


def declare_lost_runs(settings: Settings, instance: DagsterInstance, *, holds_lock: bool) -> list[str]:
    """Report runs as failed whose process is gone, raise their alerts, and return their ids.

    A run of the command line lives only under the lock, any other works only under it. So where the lock is free, or
    the caller holds it himself, the former is dead at once, and the latter when its log has been quiet for a while.
    """
    begun = instance.get_run_records(
        RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.CANCELING])
    )
    if not begun or not (holds_lock or open_store(settings).is_free()):
        return []
    quiet_since = datetime.now(UTC) - QUIET
    lost = []
    for record in begun:
        run = record.dagster_run
        if started_by(record) != COMMAND_LINE and _last_sign(instance, record) > quiet_since:
            continue
        instance.report_run_failed(
            run,
            "The process of this run is gone: it was killed, or its machine stopped. What is published is whole.\n"
            "  next:     warehouse run; there is nothing to clean up",
        )
        alert_for_run(settings, instance, run.run_id)
        lost.append(run.run_id)
    return lost


def _last_sign(instance: DagsterInstance, record: RunRecord) -> datetime:
    """The time of the last entry in the run's log."""
    latest = instance.get_records_for_run(record.dagster_run.run_id, limit=1, ascending=False).records
    entered = latest[0].event_log_entry.timestamp if latest else record.create_timestamp.replace(tzinfo=UTC).timestamp()
    return datetime.fromtimestamp(entered, UTC)


def failure_sensors(settings: Settings) -> list[SensorDefinition]:
    """One sensor that raises the alert of every failed run, one that finds the runs whose process is gone."""

    @run_failure_sensor(
        name="alert_on_failure",
        default_status=DefaultSensorStatus.RUNNING,
        description="Writes an alert record to data/alerts for every failed run, and posts it to the webhook if one is set.",
    )
    def alert_on_failure(context: RunFailureSensorContext) -> None:
        alert_for_run(settings, context.instance, context.dagster_run.run_id)

    @sensor(
        name="lost_runs",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="Declares runs failed whose process was killed, so that they do not keep later ones waiting.",
    )
    def lost_runs(context: SensorEvaluationContext) -> SkipReason:
        lost = declare_lost_runs(settings, context.instance, holds_lock=False)
        return SkipReason(f"Declared failed: {', '.join(lost)}." if lost else "Every unfinished run is alive.")

    return [alert_on_failure, lost_runs]
