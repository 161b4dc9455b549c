"""``warehouse status`` fits one screen, whatever the state of the data folder."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.storage.dagster_run import DagsterRun
from dagster._daemon.types import DaemonHeartbeat

from orchestration.core.settings import REPOSITORY, Settings, from_environment
from orchestration.monitoring.alerts import failed_refresh, raise_alert
from orchestration.runtime.status import WIDTH, status_text

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday, after the hour of the schedule


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("WAREHOUSE_REFRESH_CRON", "WAREHOUSE_WATCH_SECONDS", "WAREHOUSE_ALERT_WEBHOOK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WAREHOUSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WAREHOUSE_SOURCES", "real")
    monkeypatch.setenv("DAGSTER_HOME", str(REPOSITORY))
    return from_environment(os.environ)


def publish(settings: Settings, sources: int = 17) -> None:
    """Write a publication with that many sources; the first was released ten years ago, the interval is four."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        for schema in ("marts", "results", "meta"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            "create table meta.publication as select 'p-1' as publication_id, ?::timestamptz as published_at,"
            " 'Real data: every source file verified by its sha256' as note",
            [NOW - timedelta(hours=3)],
        )
        connection.execute(
            "create table meta.checks as select unnest(['a', 'b', 'c']) as check_name,"
            " unnest(['pass', 'pass', 'warn']) as status"
        )
        connection.execute(
            "create table meta.sources as select 'source_of_medium_name_' || i as source, 'f' || j as file,"
            " '5.' || j as version, 4.0::double as cadence_years, if(i = 0, '2016', '2026-11') as released,"
            " null::varchar as newer_version, 2014 + j as last_year, ?::timestamptz as loaded_at"
            " from range(?) as s(i), range(2) as f(j)",
            [NOW, sources],
        )


def lines_of(settings: Settings) -> list[str]:
    lines = status_text(settings, NOW).splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    return lines


def line(settings: Settings, name: str) -> str:
    """Join the entry of that name into one line."""
    lines = lines_of(settings)
    first = next(i for i, text in enumerate(lines) if text.startswith(name))
    rest = lines[first + 1 :]
    length = next((i for i, text in enumerate(rest) if not text.startswith(" ")), len(rest))
    return " ".join(text.strip() for text in [lines[first], *rest[:length]])


def test_an_empty_folder_is_reported_and_not_created(settings: Settings) -> None:
    assert line(settings, "published") == f"published     nothing yet in {settings.data_dir} (warehouse run)"
    assert line(settings, "last run").split() == ["last", "run", "none"]
    assert not settings.data_dir.exists()


def test_every_source_fits_on_one_screen(settings: Settings) -> None:
    publish(settings)
    with DagsterInstance.get():
        pass
    raise_alert(settings, failed_refresh(settings, asked_by="command line", message="Wrong. " * 200))
    assert len(lines_of(settings)) <= 24
    sources = line(settings, "sources")
    assert all(f"source_of_medium_name_{i} 5.0/5.1 (" in sources for i in range(17))


def test_publication_and_freshness(settings: Settings) -> None:
    publish(settings)
    assert line(settings, "published").endswith("p-1, 2026-11-23 09:00 UTC (3 hours ago)")
    assert line(settings, "checks").endswith("2 pass, 1 warn")
    sources = line(settings, "sources")
    assert "17; 1 older than their publisher's usual interval" in sources
    assert "source_of_medium_name_0 5.0/5.1 (to 2015, due 2020-12)" in sources
    assert "source_of_medium_name_1 5.0/5.1 (to 2015)" in sources


def test_a_newer_version_that_is_known_is_named(settings: Settings) -> None:
    publish(settings)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute(
            "update meta.sources set newer_version = '6.0, other countries', released = '2026-11'"
            " where source = 'source_of_medium_name_3'; update meta.sources set released = '2026-11'"
        )
    sources = line(settings, "sources")
    assert "NEWER VERSION KNOWN: source_of_medium_name_3 (6.0, other countries)" in sources
    assert "none is" not in sources


def test_checks_that_failed_in_the_last_build_are_named(settings: Settings) -> None:
    settings.dbt_target_dir.mkdir(parents=True)
    results = [
        {"unique_id": node, "status": status, "failures": None, "message": None}
        for node, status in (
            ("test.alliance_formation.not_null_year.abc", "fail"),
            ("model.alliance_formation.countries", "error"),
            ("test.alliance_formation.unique_year.def", "pass"),
        )
    ]
    (settings.dbt_target_dir / "run_results.json").write_text(json.dumps({"results": results}))
    assert line(settings, "FAILING").endswith("in the last build: not_null_year, countries")


def test_last_run_ticks_and_daemon(settings: Settings) -> None:
    with DagsterInstance.get() as instance:
        tags = {"warehouse/started_by": "sensor source_bytes_changed", "warehouse/changed": "atop/atop5_1m.csv"}
        run = DagsterRun(job_name="refresh", run_id="1" * 32, tags=tags, status=DagsterRunStatus.SUCCESS)
        instance.add_run(run)
    assert "success," in line(settings, "last run")
    assert "started by sensor source_bytes_changed, changed: atop/atop5_1m.csv, run 1111" in line(settings, "last run")
    assert "weekly_refresh: would tick 2026-11-30 05:00 UTC, but no daemon is running; never" in line(
        settings, "schedule"
    )
    assert line(settings, "daemon").split()[1:3] == ["not", "running:"]

    with DagsterInstance.get() as instance:
        instance.add_daemon_heartbeat(DaemonHeartbeat(NOW.timestamp() - 20, "SENSOR", "id"))
    assert "weekly_refresh: next 2026-11-30 05:00 UTC; never ticked" in line(settings, "schedule")
    assert line(settings, "daemon").endswith("running (heartbeat 20 seconds ago)")


def test_the_latest_alert_with_its_next_step(settings: Settings) -> None:
    for number, message in enumerate(["Old.", "A source is gone.\n  next:     Check the network."]):
        ended = NOW + timedelta(minutes=number)
        alert = failed_refresh(
            settings, asked_by="command line", message=message, step="ingest_atop", run_id=f"r{number}", ended=ended
        )
        raise_alert(settings, alert)
    assert line(settings, "last alert").endswith(
        "2026-11-23 12:01 UTC, refresh failed in ingest_atop: A source is gone. next: Check the network."
    )


@pytest.mark.parametrize("harm", ["not a database", "unreadable"])
def test_broken_storage_is_named_beside_the_rest(settings: Settings, harm: str) -> None:
    publish(settings)
    with DagsterInstance.get():
        pass
    for path in settings.dagster_dir.rglob("*.db"):
        path.unlink() if harm == "unreadable" else path.write_bytes(b"not a database " * 1000)
        if harm == "unreadable":
            path.mkdir()
    assert line(settings, "published").startswith("published     p-1")
    assert "cannot be read" in line(settings, "dagster")


def test_a_file_of_another_version_is_named(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("create table old as select 1 as year")
    assert "is not a warehouse that this version can read (warehouse run publishes a new one)" in line(
        settings, "published"
    )
    settings.warehouse_path.write_bytes(b"no database")
    assert "is not a warehouse that this version can read" in line(settings, "published")
    assert line(settings, "last run").endswith("none")


def test_status_imports_only_what_it_needs() -> None:
    """What only a refresh needs would take seconds to import."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, orchestration.runtime.status; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert not {"dagster", "pandas", "dagster_dbt", "requests"} & set(loaded)
