"""``warehouse status`` on one screen: publication, freshness, last run, next ticks, failures."""

import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.build.run_results import read_run_results
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import CHANGED_TAG, DAGSTER_UI, FAILED_TAG, STAGE_TAG, STARTED_BY_TAG, Settings
from orchestration.monitoring.alerts import FAILED, alerts, published_id
from orchestration.monitoring.versions import due
from orchestration.query.run import rows_of
from orchestration.runtime.operation import StorageBroken, Tick, read_operation
from orchestration.store import open_store
from orchestration.store.publication_file import PublicationFile

if TYPE_CHECKING:
    from dagster import RunRecord

WIDTH = 110
# Named choice: the daemon writes a heartbeat every 30 seconds.
HEARTBEAT = timedelta(seconds=90)


def status_text(settings: Settings, now: datetime | None = None) -> str:
    """Describe the state of the warehouse.

    Parameters
    ----------
    settings : Settings
        With the data folder or the lake.
    now : datetime, optional
        The time to judge by, for tests; by default the current time.

    Returns
    -------
    str
        Lines of at most `WIDTH` characters. A fault of Dagster's storage is part of the text, not an error.
    """
    now = now or datetime.now(UTC)
    lines = [*_published(settings, now), *_lake(settings), *_last_checks(settings), *_operation(settings, now)]
    return "\n".join([*lines, *_last_alert(settings)])


def _line(name: str, text: str, rows: int = 2) -> list[str]:
    """Format one entry, wrapped below itself."""
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
        if open_store(settings).is_shared:  # a reader, whose publication is in the lake
            return []
        return _line("published", f"nothing yet in {settings.data_dir} (warehouse run)")
    file = PublicationFile(path)
    try:
        (publication,) = rows_of(file, "select * from meta.publication")
        checks = rows_of(file, "select status, count(*) as n from meta.checks group by all order by all")
        sources = rows_of(file, "from meta.sources")
    except (duckdb.Error, WarehouseError) as error:
        why = getattr(error, "found", "") or str(error)
        text = f"{path} is not a warehouse that this version can read (warehouse run publishes a new one): {why}"
        return _line("published", " ".join(text.split()), rows=3)
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


def _sources(rows: Iterable[dict[str, Any]], now: datetime) -> list[str]:
    """List every source with its versions, its last year, and when a newer version is due; newer known ones first."""
    versions: dict[str, list[str]] = {}
    due: dict[str, datetime] = {}
    last: dict[str, int] = {}
    known: dict[str, str] = {}
    for row in rows:
        name, version = row["source"], row["version"] or "undated"
        if version not in versions.setdefault(name, []):
            versions[name].append(version)
        due[name] = max(due.get(name, datetime.min.replace(tzinfo=UTC)), next_check(row))
        last[name] = max(last.get(name, 0), row["last_year"] or 0)
        if row["newer_version"]:
            known[name] = row["newer_version"]
    state = [f"NEWER VERSION KNOWN: {name} ({text})" for name, text in sorted(known.items())]
    if overdue := sorted((name for name in due if due[name] < now), key=lambda name: (due[name], name)):
        state.append(f"{len(overdue)} older than their publisher's usual interval, look for a newer version")
    ages = {name: f", due {due[name]:%Y-%m}" if due[name] < now else "" for name in due}
    listed = " ".join(  # an entry is not broken over two lines
        f"{name} {'/'.join(versions[name])} (to {last[name]}{ages[name]})".replace(" ", "\N{NO-BREAK SPACE}")
        for name in sorted(due, key=lambda name: (due[name], name))
    )
    states = "; ".join(state) or "none is older than its publisher's usual interval, and no newer version is on record"
    summary = f"{len(due)}; {states}; version and last year (files and dates: warehouse sources):"
    listing = textwrap.wrap(listed, WIDTH, initial_indent=" " * 14, subsequent_indent=" " * 14, break_on_hyphens=False)
    return [*_line("sources", summary, rows=4), *(line.replace("\N{NO-BREAK SPACE}", " ") for line in listing)]


def next_check(source: dict[str, Any]) -> datetime:
    """When a new version is due: the publisher's usual interval after the release of the version in use.

    A version whose release is not known counts from the loading of the file.
    """
    loaded_at: datetime = source["loaded_at"]
    after_loading = loaded_at.astimezone(UTC) + timedelta(days=365.25 * source["cadence_years"])
    return due(source["released"], source["cadence_years"]) or after_loading


def _last_checks(settings: Settings) -> list[str]:
    """List the dbt nodes that failed in the last build, published or not."""
    failed = [r.name for r in read_run_results(settings.dbt_target_dir) if r.has_failed]
    return _line("FAILING", f"in the last build: {', '.join(failed)}", rows=3) if failed else []


def _operation(settings: Settings, now: datetime) -> list[str]:
    store = open_store(settings)
    if not store.has_history():
        return _line("last run", "none")
    try:
        operation = read_operation()
    except StorageBroken as error:
        remedy = "" if store.is_shared else "; move it away to start a new one"
        return _line("dagster", f"its storage in {store.history_location()} cannot be read ({error}){remedy}", 3)
    from orchestration.defs.freshness import cron_ticks

    alive = operation.heartbeat is not None and abs(now - operation.heartbeat) < HEARTBEAT
    schedule_next = next(cron_ticks(settings.refresh_cron, now))
    sensor_next = (
        max(now, operation.sensor.at + timedelta(seconds=settings.watch_seconds)) if operation.sensor.at else now
    )
    return [
        *_line("last run", _last_run(operation.last_run, now), rows=3),
        *_line("schedule", _tick("weekly_refresh", operation.schedule, schedule_next, alive, now)),
        *_line("sensor", _tick("source_bytes_changed", operation.sensor, sensor_next, alive, now)),
        *_line("daemon", _daemon(operation.heartbeat, alive, now)),
    ]


def _last_run(record: "RunRecord | None", now: datetime) -> str:
    if record is None:
        return "none"
    run, tags = record.dagster_run, record.dagster_run.tags
    created = record.create_timestamp.replace(tzinfo=UTC)
    took = f", {record.end_time - record.start_time:.0f} s" if record.end_time and record.start_time else ""
    changed = f", changed: {tags[CHANGED_TAG]}" if CHANGED_TAG in tags else ""
    ended = f"failed ({tags[FAILED_TAG]})" if FAILED_TAG in tags else run.status.value.lower()
    stage = f" in stage {tags[STAGE_TAG]}" if STAGE_TAG in tags else ""
    return (
        f"{ended}{stage}{took}, {_minute(created)} ({_ago(now, created)}),"
        f" started by {tags.get(STARTED_BY_TAG, DAGSTER_UI)}{changed}, run {run.run_id}"
    )


def _tick(name: str, last: Tick, following: datetime, alive: bool, now: datetime) -> str:
    if not last.is_on:
        coming = "switched off in the Dagster UI"
    elif alive:
        coming = f"next {_minute(following)}"
    else:
        coming = f"would tick {_minute(following)}, but no daemon is running"
    return (
        f"{name}: {coming}; last {_minute(last.at)}, {last.message}" if last.at else f"{name}: {coming}; never ticked"
    )


def _daemon(heartbeat: datetime | None, alive: bool, now: datetime) -> str:
    if heartbeat and alive:
        return f"running (heartbeat {_ago(now, heartbeat)})"
    seen = f"; last seen {_minute(heartbeat)}" if heartbeat else ""
    return f"not running{seen}: schedule and sensor tick only while warehouse ui (or dagster-daemon run) runs"


def _last_alert(settings: Settings) -> list[str]:
    newest = next(iter(alerts(settings)), None)
    if newest is None:
        return _line("last alert", "none")
    problem = newest["message"].splitlines()[0]
    where = f" in {newest['step']}" if newest["step"] and newest["kind"] == FAILED else ""
    settled = newest["kind"] == FAILED and newest["published"] != published_id(settings)
    since = " (a publication was made since)" if settled else ""
    text = f"{newest['time'][:16].replace('T', ' ')} UTC{since}, {newest['kind']}{where}: {problem}"
    return [*_line("last alert", text, rows=3), *_line("", f"next: {newest['next_step']}")]


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _ago(now: datetime, then: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}s ago"
    return f"{seconds} seconds ago"
