"""The sensor that requests a run when source bytes changed; `monitoring.watch` defines what counts as a change."""

import time
from datetime import UTC, datetime

from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    DagsterInstance,
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)
from dagster._core.scheduler.instigation import InstigatorType, SensorInstigatorData

from orchestration.core.settings import Settings
from orchestration.defs.keys import INGEST, NEWEST, raw_key
from orchestration.defs.need import Current, current_publication, listed, reason_to_hold, refresh_tags, sources_now
from orchestration.ingest.acquisition import Acquisition
from orchestration.monitoring import watch
from orchestration.monitoring.alerts import NEW_BYTES, Alert, raise_alert
from orchestration.monitoring.versions import version_state

NAME = "source_bytes_changed"


def source_bytes_changed(settings: Settings) -> SensorDefinition:
    """Make the sensor that checks all sources every WAREHOUSE_WATCH_SECONDS while a daemon runs."""

    @sensor(
        job_name=INGEST,
        name=NAME,
        minimum_interval_seconds=settings.watch_seconds,
        default_status=DefaultSensorStatus.RUNNING,
        description="Requests a refresh when the bytes of a source file changed, in the mirror or on record; raises an"
        " alert when a publisher has new ones. A publisher that does not answer is asked again after growing pauses.",
    )
    def tick(context: SensorEvaluationContext) -> SensorResult | SkipReason:
        current = current_publication(settings)
        if hold := reason_to_hold(settings, context.instance, current):
            return SkipReason(f"{hold} The sources are checked afterwards.")
        return look_and_decide(settings, current, watch.Memory.from_json(context.cursor))

    return tick


def last_seen(instance: DagsterInstance) -> watch.Memory:
    """What the sensor found when it last looked, in whichever process; empty if it never did."""
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
        if state.instigator_name == NAME and isinstance(state.instigator_data, SensorInstigatorData):
            return watch.Memory.from_json(state.instigator_data.cursor)
    return watch.Memory()


def look_and_decide(settings: Settings, current: Current, before: watch.Memory) -> SensorResult:
    """Check all sources once: request a run or say why not, raise alerts, and store what was seen in the cursor."""
    acquisition = sources_now(settings)
    seen = watch.check_files(
        acquisition.files(),
        acquisition.mirror_dir,
        before,
        now=time.time(),
        pause_seconds=settings.watch_seconds,
        publishers=None if settings.offline or settings.is_synthetic else watch.web_publishers(),
    )
    found = watch.compare(before, seen, current.sources)
    for name in found.new_at_publisher:
        raise_alert(settings, _new_bytes(settings, current, name, seen[name]))
    events = [event for name in found.new_at_publisher for event in _not_newest(acquisition, name, seen[name])]
    wanted = found.changed or (found.to_load if _may_begin(settings, current) else [])
    state = watch.state_of(seen, current.publication_id)
    if not wanted or state == before.requested_state:
        cursor = watch.Memory(seen, before.requested_state, before.requests).to_json()
        reason = _nothing_to_do(found, current, bool(wanted))
        return SensorResult(skip_reason=reason, cursor=cursor, asset_events=events)
    times = before.requests + 1
    tags = refresh_tags(settings, f"sensor {NAME}", INGEST, found.changed)
    request = RunRequest(run_key=f"{state}-{times}", tags=tags)
    cursor = watch.Memory(seen, state, times).to_json()
    return SensorResult(run_requests=[request], cursor=cursor, asset_events=events)


def _may_begin(settings: Settings, current: Current) -> bool:
    """Whether bytes other than those published suffice without a change since the last check.

    Not to replace the sample by real data: that waits for the schedule, since real data may not be available here.
    """
    return current.is_synthetic is None or current.is_synthetic == settings.is_synthetic


def _nothing_to_do(found: watch.Findings, current: Current, requested_before: bool) -> str:
    notes = [
        "A run was requested when this state was first seen; it is not requested again."
        if requested_before
        else f"No source bytes changed: publication {current.publication_id or '(none)'} is current."
    ]
    if found.wrong:
        notes.append(f"The mirror's copy is not the one on record: {listed(found.wrong)} (warehouse sources verify).")
    if found.new_at_publisher:
        notes.append(f"New bytes at the publisher: {listed(found.new_at_publisher)} (see data/alerts).")
    if found.unreachable:
        notes.append(f"No answer for {listed(found.unreachable)}; retried after a pause.")
    return " ".join(notes)


def _not_newest(acquisition: Acquisition, name: str, seen: watch.Seen) -> list[AssetCheckEvaluation]:
    """Warn at the raw tables of a file whose publisher has newer bytes, without waiting for the next refresh."""
    files = {f"{source}/{file.file}": (source, file) for source, file in acquisition.files()}
    source, file = files[name]
    state = version_state(acquisition.catalog[source], file, seen, datetime.now(UTC))
    return [
        AssetCheckEvaluation(
            asset_key=raw_key(table.name),
            check_name=NEWEST,
            passed=False,
            severity=AssetCheckSeverity.WARN,
            description=state.found,
        )
        for table in file.tables
    ]


def _new_bytes(settings: Settings, current: Current, name: str, seen: watch.Seen) -> Alert:
    source, file = name.split("/", 1)
    return Alert(
        kind=NEW_BYTES,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        subject=f"{name} {watch.state_of({name: seen}, seen.difference)}",
        asked_by=f"sensor {NAME}",
        data="real",
        step="",
        message=f"The publisher of {source} offers a {file} that is not the one on record: {seen.difference}. "
        "The verified copy remains in use.",
        published=current.publication_id,
        next_step=f"warehouse sources upgrade {source}",
    )
