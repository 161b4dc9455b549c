"""``warehouse status`` on one screen: what stands, how fresh it is, what ran last, what comes next, and what is wrong."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from orchestration.build.run_results import read_run_results
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import DAGSTER_UI, REPOSITORY, Settings
from orchestration.monitoring.alerts import FAILED, alerts, published_id
from orchestration.query.run import rows_of
from orchestration.store import open_store
from orchestration.store.publication_file import PublicationFile

WIDTH = 110
# Named choice: the daemon's heartbeat comes every 30 seconds.
HEARTBEAT = timedelta(seconds=90)


@dataclass(frozen=True)
class Tick:
    """The last tick of a schedule or sensor: when, how it ended, what it said; is_on: False if switched off in the UI."""

    at: datetime | None
    said: str
    is_on: bool = True


@dataclass(frozen=True)
class Operation:
    """What Dagster's storage says: the last run in words, the last ticks, the daemon's last heartbeat."""

    last_run: str
    schedule: Tick
    sensor: Tick
    heartbeat: datetime | None


def status_text(settings: Settings, now: datetime | None = None) -> str:
    """The whole answer. Never fails over Dagster's storage: what is wrong with it is part of the answer."""
    now = now or datetime.now(UTC)
    lines = [*_published(settings, now), *_lake(settings), *_last_checks(settings), *_operation(settings, now)]
    return "\n".join([*lines, *_last_alert(settings)])


def _line(name: str, text: str, rows: int = 2) -> list[str]:
    """One entry, wrapped below itself."""
    indent = " " * 14
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{name:<14}",
        subsequent_indent=indent,
        max_lines=rows,
        placeholder=" ...",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _published(settings: Settings, now: datetime) -> list[str]:
    path = settings.warehouse_path
    if not path.exists():
        return _line("published", f"nothing yet in {settings.data_dir} (warehouse run)")
    file = PublicationFile(path)
    try:
        (publication,) = rows_of(file, "select * from meta.publication")
        checks = rows_of(file, "select status, count(*) as n from meta.checks group by all order by all")
        sources = rows_of(file, "select source, version, loaded_at, cadence_years from meta.sources")
    except (duckdb.Error, WarehouseError) as error:
        why = getattr(error, "found", "") or str(error)
        told = f"{path} is no warehouse that this version can read (warehouse run makes a new one): {why}"
        return _line("published", " ".join(told.split()), rows=3)
    counted = ", ".join(f"{check['n']:,} {check['status']}" for check in checks)
    kept = len(list(settings.publications_dir.glob("*.duckdb")))
    published_at = publication["published_at"].astimezone(UTC)
    return [
        *_line("published", f"{publication['publication_id']}, {_minute(published_at)} ({_ago(now, published_at)})"),
        *_line("data", publication["note"]),
        *_line("file", f"{path} (kept publications: {kept})"),
        *_line("checks", counted),
        *_sources(sources, now),
    ]


def _lake(settings: Settings) -> list[str]:
    """Describe the shared lake, if the settings name one."""
    summary = open_store(settings).summary()
    return _line("lake", summary, rows=3) if summary else []


def _sources(rows: Iterable[dict], now: datetime) -> list[str]:
    """Every source with its versions and the month in which its publisher's cadence asks to look for a newer one."""
    versions: dict[str, list[str]] = {}
    due: dict[str, datetime] = {}
    for row in rows:
        name, version = row["source"], row["version"] or "undated"
        if version not in versions.setdefault(name, []):
            versions[name].append(version)
        due[name] = min(due.get(name, datetime.max.replace(tzinfo=UTC)), look_again(row))
    overdue = [name for name in due if due[name] < now]
    by_date = sorted(due, key=lambda name: (due[name], name))
    listed = " ".join(  # an entry is not broken over two lines
        f"{name} {'/'.join(versions[name])} ({due[name]:%Y-%m})".replace(" ", "\N{NO-BREAK SPACE}") for name in by_date
    )
    told = f"OVERDUE for a look at the publisher's page: {', '.join(overdue)}" if overdue else "none is overdue"
    summary = f"{len(due)}, {told}; version, and month to look for a newer one (files: warehouse sources):"
    listing = textwrap.wrap(listed, WIDTH, initial_indent=" " * 14, subsequent_indent=" " * 14, break_on_hyphens=False)
    return [*_line("sources", summary, rows=3), *(line.replace("\N{NO-BREAK SPACE}", " ") for line in listing)]


def look_again(source: dict) -> datetime:
    """When the publisher's cadence asks to look for a new version, counted from when the file was loaded."""
    return source["loaded_at"].astimezone(UTC) + timedelta(days=365.25 * source["cadence_years"])


def _last_checks(settings: Settings) -> list[str]:
    """The dbt tests that failed in the last build, published or not."""
    failed = [r.name.split(".")[0] for r in read_run_results(settings.dbt_target_dir) if r.has_failed]
    return _line("FAILING", f"in the last build: {', '.join(failed)}", rows=3) if failed else []


def _operation(settings: Settings, now: datetime) -> list[str]:
    store = open_store(settings)
    if not store.has_history():
        return _line("last run", "none")
    try:
        operation = read_operation(settings, now)
    except StorageBroken as error:
        remedy = "" if store.is_shared else "; move it away to start a new one"
        return _line("dagster", f"its storage in {store.history_location()} cannot be read ({error}){remedy}", 3)
    alive = operation.heartbeat is not None and abs(now - operation.heartbeat) < HEARTBEAT
    schedule_next = _next_of_cron(settings.refresh_cron, now)
    sensor_next = (
        max(now, operation.sensor.at + timedelta(seconds=settings.watch_seconds)) if operation.sensor.at else now
    )
    return [
        *_line("last run", operation.last_run, rows=3),
        *_line("schedule", _tick("weekly_refresh", operation.schedule, schedule_next, alive, now)),
        *_line("sensor", _tick("source_bytes_changed", operation.sensor, sensor_next, alive, now)),
        *_line("daemon", _daemon(operation.heartbeat, alive, now)),
    ]


def _tick(name: str, last: Tick, following: datetime, alive: bool, now: datetime) -> str:
    if not last.is_on:
        coming = "switched off in the Dagster UI"
    elif alive:
        coming = f"next {_minute(following)}"
    else:
        coming = f"would tick {_minute(following)}, but no daemon is running"
    return f"{name}: {coming}; last {_minute(last.at)}, {last.said}" if last.at else f"{name}: {coming}; never ticked"


def _daemon(heartbeat: datetime | None, alive: bool, now: datetime) -> str:
    if alive:
        return f"running (heartbeat {_ago(now, heartbeat)})"
    seen = f"; last seen {_minute(heartbeat)}" if heartbeat else ""
    return f"not running{seen}: schedule and sensor tick only while warehouse ui (or dagster-daemon run) does"


def _last_alert(settings: Settings) -> list[str]:
    newest = next(iter(alerts(settings)), None)
    if newest is None:
        return _line("last alert", "none")
    problem = newest["message"].splitlines()[0]
    where = f" in {newest['step']}" if newest["step"] and newest["kind"] == FAILED else ""
    settled = newest["kind"] == FAILED and newest["published"] != published_id(settings)
    since = " (something was published since)" if settled else ""
    told = f"{newest['time'][:16].replace('T', ' ')} UTC{since}, {newest['kind']}{where}: {problem}"
    return [*_line("last alert", told, rows=3), *_line("", f"next: {newest['next_step']}")]


class StorageBroken(Exception):
    """Dagster's storage cannot be read; the message says why."""


def read_operation(settings: Settings, now: datetime) -> Operation:
    """Last run, ticks and heartbeat from Dagster's storage in the data folder. Raises StorageBroken."""
    from alembic.util.exc import CommandError
    from dagster import DagsterError, DagsterInstance
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with DagsterInstance.from_config(str(REPOSITORY)) as instance:
            beats = [beat.timestamp for beat in instance.get_daemon_heartbeats().values()]
            return Operation(
                last_run=_last_run(instance, now),
                schedule=_last_tick(instance, "weekly_refresh"),
                sensor=_last_tick(instance, "source_bytes_changed"),
                heartbeat=datetime.fromtimestamp(max(beats), UTC) if beats else None,
            )
    except WarehouseError as error:
        raise StorageBroken(error.problem) from error
    except (SQLAlchemyError, CommandError, DagsterError, OSError) as error:
        why = getattr(error, "orig", None) or getattr(error, "strerror", None) or error
        raise StorageBroken(str(why).splitlines()[0] or type(error).__name__) from error


def _last_run(instance, now: datetime) -> str:
    from orchestration.defs.need import CHANGED, STARTED_BY

    records = instance.get_run_records(limit=1)
    if not records:
        return "none"
    record = records[0]
    run = record.dagster_run
    created = record.create_timestamp.replace(tzinfo=UTC)
    tags = run.tags
    took = f", {record.end_time - record.start_time:.0f} s" if record.end_time and record.start_time else ""
    changed = f", changed: {tags[CHANGED]}" if CHANGED in tags else ""
    return (
        f"{run.status.value.lower()}{took}, {_minute(created)} ({_ago(now, created)}), started by {tags.get(STARTED_BY, DAGSTER_UI)}{changed},"
        f" run {run.run_id}"
    )


def _last_tick(instance, name: str) -> Tick:
    """The newest tick under this name, in whichever code location it ran."""
    found = Tick(None, "")
    for state in instance.all_instigator_state():
        if state.instigator_name != name:
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        for tick in ticks:
            at = datetime.fromtimestamp(tick.timestamp, UTC)
            if found.at is None or at > found.at:
                if tick.run_ids:
                    said = f"asked for run {tick.run_ids[0][:8]}"
                elif tick.error:
                    said = f"failed: {tick.error.message.strip().splitlines()[-1]}"
                else:
                    said = tick.skip_reason or tick.status.value.lower()
                found = Tick(at, said, is_on=state.status.value != "STOPPED")
    return found


def _next_of_cron(cron: str, now: datetime) -> datetime:
    from dagster._utils.schedules import cron_string_iterator

    return next(cron_string_iterator(now.timestamp(), cron, "UTC"))


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _ago(now: datetime, then: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}s ago"
    return f"{seconds} seconds ago"
