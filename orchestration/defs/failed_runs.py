"""Alerts for failed runs, and runs whose process was killed declared failed, so that they block no other."""

import logging
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

from orchestration.core.settings import COMMAND_LINE, DAGSTER_UI, STARTED_BY_TAG, Settings
from orchestration.defs.failures import first_failure
from orchestration.defs.resources import WAIT_S
from orchestration.monitoring.alerts import failed_refresh, raise_alert
from orchestration.store import open_store

# Named choice: a working run holds the lock. One without it is starting, ending or waiting, and then logs nothing.
QUIET = timedelta(seconds=WAIT_S) + timedelta(minutes=5)
LOOK_SECONDS = 60


def alert_for_run(settings: Settings, instance: DagsterInstance, run_id: str) -> None:
    """Raise the alert of a failed run from its log; a run that has an alert gets no second one."""
    record = instance.get_run_record_by_id(run_id)
    assert record is not None, "the run has just been reported by this instance"
    step, message = failure_of(instance, run_id)
    alert = failed_refresh(
        settings,
        asked_by=started_by(record),
        message=message,
        step=step,
        run_id=run_id,
        ended=datetime.fromtimestamp(record.end_time, UTC) if record.end_time else None,
    )
    raise_alert(settings, alert)


def failure_of(instance: DagsterInstance, run_id: str) -> tuple[str, str]:
    """Find what failed in a run: its first failure, or the error that a step logged without failing.

    Parameters
    ----------
    instance : DagsterInstance
        Where the run is recorded.
    run_id : str
        A run that failed, or that has `FAILED_TAG`.

    Returns
    -------
    tuple of str
        The step, and the message for the user.
    """
    entries = instance.all_logs(run_id)
    run = instance.get_run_by_id(run_id)
    if run and run.is_success:
        for entry in entries:
            if entry.level == logging.ERROR and not entry.is_dagster_event:
                return entry.step_key or "", entry.user_message
    return first_failure(entry.dagster_event for entry in entries if entry.dagster_event)


def started_by(record: RunRecord) -> str:
    """Who started a run: its tag, or the UI, where single assets can be run without one."""
    return record.dagster_run.tags.get(STARTED_BY_TAG, DAGSTER_UI)


def declare_lost_runs(settings: Settings, instance: DagsterInstance, *, holds_lock: bool) -> list[str]:
    """Report runs as failed whose process is gone, and raise their alerts.

    A run of the command line exists only while its process holds the lock; any other run works only under the lock. So
    if the lock is free, or the caller holds it, the former is lost at once, and the latter once its log has been quiet
    for `QUIET`.

    Parameters
    ----------
    settings : Settings
        Of the store whose lock counts.
    instance : DagsterInstance
        Where the runs are recorded.
    holds_lock : bool
        Whether the caller holds the lock.

    Returns
    -------
    list of str
        Ids of the runs reported.
    """
    unfinished = instance.get_run_records(
        RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.CANCELING])
    )
    if not unfinished or not (holds_lock or open_store(settings).is_free()):
        return []
    quiet_since = datetime.now(UTC) - QUIET
    lost = []
    for record in unfinished:
        run = record.dagster_run
        if started_by(record) != COMMAND_LINE and _last_event(instance, record) > quiet_since:
            continue
        instance.report_run_failed(
            run,
            "The process of this run is gone: it was killed, or its machine stopped."
            " The current publication is complete.\n  next:     warehouse run; nothing has to be cleaned up",
        )
        alert_for_run(settings, instance, run.run_id)
        lost.append(run.run_id)
    return lost


def _last_event(instance: DagsterInstance, record: RunRecord) -> datetime:
    """Time of the last entry in the run's log."""
    latest = instance.get_records_for_run(record.dagster_run.run_id, limit=1, ascending=False).records
    logged = latest[0].event_log_entry.timestamp if latest else record.create_timestamp.replace(tzinfo=UTC).timestamp()
    return datetime.fromtimestamp(logged, UTC)


def failure_sensors(settings: Settings) -> list[SensorDefinition]:
    """Make the sensor that raises the alert of every failed run, and the one that finds runs whose process is gone."""

    @run_failure_sensor(
        name="alert_on_failure",
        default_status=DefaultSensorStatus.RUNNING,
        description="Writes an alert record to data/alerts for every failed run, and posts it to the webhook if set.",
    )
    def alert_on_failure(context: RunFailureSensorContext) -> None:
        alert_for_run(settings, context.instance, context.dagster_run.run_id)

    @sensor(
        name="lost_runs",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="Declares runs failed whose process was killed, so that they do not block later ones.",
    )
    def lost_runs(context: SensorEvaluationContext) -> SkipReason:
        lost = declare_lost_runs(settings, context.instance, holds_lock=False)
        return SkipReason(f"Declared failed: {', '.join(lost)}." if lost else "Every unfinished run is alive.")

    return [alert_on_failure, lost_runs]
