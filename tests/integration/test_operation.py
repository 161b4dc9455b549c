"""Schedule, sensor, queue and alerts with a running daemon; ticks and runs are read from Dagster's storage."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.scheduler.instigation import InstigatorTick

from tests.support.rdata_files import CAPABILITIES, with_more_troops
from tests.support.shell import REPOSITORY, Done, Shell
from tests.support.warehouses import copied

pytestmark = pytest.mark.slow

SECRET = "a-secret-in-the-address"
NEVER = "0 0 29 2 *"
CHANGED = Path(CAPABILITIES)


class Operated:
    """A data folder with a published sample, and its history in Dagster."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    def runs(self) -> list[DagsterRun]:
        """All runs, oldest first."""
        with DagsterInstance.get() as instance:
            return [record.dagster_run for record in instance.get_run_records(ascending=True)]

    def ticks(self, name: str) -> list[InstigatorTick]:
        """All finished ticks of a schedule or sensor, oldest first."""
        with DagsterInstance.get() as instance:
            states = [s for s in instance.all_instigator_state() if s.instigator_name == name]
            ticks = [t for s in states for t in instance.get_ticks(s.instigator_origin_id, s.selector_id)]
        return sorted((t for t in ticks if t.status.value != "STARTED"), key=lambda tick: tick.timestamp)

    def alerts(self) -> list[dict]:
        return [json.loads(path.read_text()) for path in sorted((self.shell.data_dir / "alerts").glob("*.json"))]

    def publication(self) -> str:
        return self.shell.sql("select publication_id from meta.publication")

    def change_a_file(self, *, on_record: bool) -> None:
        """Change a value in one file of the sample, and its record too or not."""
        mirror = self.shell.data_dir / "sample_mirror"
        content = with_more_troops((mirror / CHANGED).read_bytes())
        record = json.loads((mirror / "SYNTHETIC.json").read_text())
        if on_record:
            record["files"][str(CHANGED)] = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        (mirror / "new").write_bytes(content)
        (mirror / "new.json").write_text(json.dumps(record))
        (mirror / "new").replace(mirror / CHANGED)
        (mirror / "new.json").replace(mirror / "SYNTHETIC.json")


@pytest.fixture
def operated(sample_warehouse: tuple[Shell, Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operated:
    variables = {"WAREHOUSE_SOURCES": "sample", "WAREHOUSE_OFFLINE": "1", "DAGSTER_HOME": str(REPOSITORY)}
    shell = copied(sample_warehouse[0], tmp_path, *variables.items())
    monkeypatch.setenv("DAGSTER_HOME", str(REPOSITORY))
    monkeypatch.setenv("WAREHOUSE_DATA_DIR", str(shell.data_dir))
    return Operated(shell)


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict]]]:
    """A local server that receives alerts: its address, and what was posted to it."""
    posted: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append(json.loads(content) | {"path": self.path})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{SECRET}", posted
    server.shutdown()
    server.server_close()


@contextmanager
def daemon(operated: Operated, log: Path, **variables: str) -> Iterator[None]:
    """Run dagster-daemon on the data folder, in its own process group, and stop it afterwards."""
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-m", "orchestration.definitions"]
    environment = operated.shell.environment() | variables
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield
        assert process.poll() is None, log.read_text()[-2000:]
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(what: str, condition: Callable[[], object], seconds: float = 600) -> object:
    """Wait for the first true value of ``condition``; the limit is long because the machine may be busy."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.5)
    raise AssertionError(f"did not happen within {seconds:g} s: {what}")


def settled(operated: Operated) -> bool:
    """Whether no run is unfinished and no stage follows."""
    runs = operated.runs()
    last = runs[-1]
    is_last_stage = last.tags.get("warehouse/stage") not in ("ingest", "build", "estimate")
    return all(run.is_finished for run in runs) and (is_last_stage or not last.is_success)


def stages(runs: list[DagsterRun]) -> list[str]:
    """Jobs of the runs, which must belong to one refresh."""
    assert len({run.tags["warehouse/refresh"] for run in runs}) == 1
    return [run.job_name for run in runs]


def first_step(instance: DagsterInstance, run: DagsterRun) -> float:
    """When the first step of a run began, in seconds since 1970: it has the lock of the refresh by then."""
    return next(e.timestamp for e in instance.all_logs(run.run_id) if e.dagster_event and e.dagster_event.is_step_start)


STAGES = ["ingest", "build", "estimate", "publish"]


def test_the_schedule_ticks_and_runs_are_queued(operated: Operated, tmp_path: Path) -> None:
    with duckdb.connect(str(operated.shell.published)) as connection:
        connection.execute("update meta.publication set fingerprint = 'of older code'")
    outdated, runs_before = operated.publication(), len(operated.runs())
    with daemon(operated, tmp_path / "log", WAREHOUSE_REFRESH_CRON="* * * * *", WAREHOUSE_WATCH_SECONDS="86400"):
        wait_for("a run by the schedule", lambda: len(operated.runs()) > runs_before)
        run = operated.runs()[-1]
        assert run.tags["warehouse/started_by"] == "schedule weekly_refresh"
        assert run.tags["warehouse/data"] == "SYNTHETIC"
        wait_for("the end of its last stage", lambda: settled(operated))
        runs = operated.runs()[runs_before:]
        assert stages(runs) == STAGES
        assert {run.status for run in runs} == {DagsterRunStatus.SUCCESS}
        assert {run.tags["warehouse/started_by"] for run in runs} == {"schedule weekly_refresh"}
        new = operated.publication()
        assert new != outdated

        def skipped() -> list[str]:
            return [t.skip_reason for t in operated.ticks("weekly_refresh") if new in (t.skip_reason or "")]

        (reason, *_) = wait_for("a tick that finds nothing to do", skipped)
        assert reason == f"Nothing changed: publication {new} is current."
        assert [len(t.run_ids) for t in operated.ticks("weekly_refresh") if t.run_ids] == [1]
        assert len(operated.runs()) == runs_before + 4
        status = " ".join(operated.shell("status").stdout.split())  # without the line breaks, which depend on durations
        assert "running (heartbeat" in status
        assert "started by schedule weekly_refresh" in status

        first = operated.shell.start("run", "--sources", "sample", "--force")
        wait_for("the command line's run", lambda: len(operated.runs()) > runs_before + 4)
        dagster = str(Path(sys.executable).with_name("dagster"))
        launched = subprocess.run(
            [dagster, "job", "launch", "-m", "orchestration.definitions", "-j", "refresh"],
            cwd=REPOSITORY,
            env=operated.shell.environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        assert launched.returncode == 0, launched.stderr
        first.communicate(timeout=600)
        wait_for("the end of both", lambda: all(run.is_finished for run in operated.runs()))
    with DagsterInstance.get() as instance:
        records = instance.get_run_records(ascending=True)[runs_before + 4 :]
        (queued,) = [record for record in records if record.dagster_run.job_name == "refresh"]
        by_hand = [record for record in records if record is not queued]
        assert stages([record.dagster_run for record in by_hand]) == STAGES
        assert {record.dagster_run.tags["warehouse/started_by"] for record in by_hand} == {"command line"}
        assert queued.dagster_run.tags["warehouse/started_by"] == "Dagster UI"
        assert {record.dagster_run.status for record in records} == {DagsterRunStatus.SUCCESS}
        assert queued.create_timestamp.timestamp() < by_hand[-1].end_time <= first_step(instance, queued.dagster_run)
    assert operated.alerts() == []


def test_the_sensor_requests_one_run_and_failures_alert(
    operated: Operated, webhook: tuple[str, list[dict]], tmp_path: Path
) -> None:
    address, posted = webhook
    settings = {
        "WAREHOUSE_REFRESH_CRON": NEVER,
        "WAREHOUSE_WATCH_SECONDS": "5",
        "WAREHOUSE_ALERT_WEBHOOK": address,
        "NO_PROXY": "127.0.0.1",
    }
    before = len(operated.runs())

    def more_ticks(times: int) -> None:
        """Wait for that many further ticks of the sensor after the runs have ended."""
        wait_for("the runs' end", lambda: settled(operated))
        seen = len(operated.ticks("source_bytes_changed"))
        wait_for("further ticks", lambda: len(operated.ticks("source_bytes_changed")) >= seen + times)

    with daemon(operated, tmp_path / "log", **settings):
        more_ticks(3)
        current = operated.publication()
        assert len(operated.runs()) == before
        reasons = {t.skip_reason for t in operated.ticks("source_bytes_changed")}
        assert reasons == {f"No source bytes changed: publication {current} is current."}

        operated.change_a_file(on_record=True)
        wait_for("a run for the change", lambda: len(operated.runs()) > before)
        more_ticks(3)
        runs = operated.runs()[before:]
        assert stages(runs) == STAGES
        for run in runs:
            assert run.status == DagsterRunStatus.SUCCESS
            assert run.tags["warehouse/started_by"] == "sensor source_bytes_changed"
            assert run.tags["warehouse/changed"] == str(CHANGED)
        content = (operated.shell.data_dir / "sample_mirror" / CHANGED).read_bytes()
        assert (
            operated.shell.sql(f"select sha256 from meta.sources where file = '{CHANGED.name}'")
            == hashlib.sha256(content).hexdigest()
        )
        assert operated.alerts() == posted == []

        current = operated.publication()
        operated.change_a_file(on_record=False)
        wait_for("a run for the wrong file", lambda: len(operated.runs()) > before + 4)
        more_ticks(3)
        (run,) = operated.runs()[before + 4 :]
        assert run.status == DagsterRunStatus.FAILURE
        (alert,) = wait_for("its alert", operated.alerts)
        assert (alert["subject"], alert["step"]) == (run.run_id, "ingest_cow_nmc")
        assert alert["asked_by"] == "sensor source_bytes_changed"
        assert alert["data"] == "SYNTHETIC"
        assert "does not match its recorded sha256" in alert["message"]
        assert alert["published"] == current == operated.publication()
        wait_for("the alert at the server", lambda: operated.alerts()[0]["posted"] == "yes")
        assert [(p["path"], p["subject"]) for p in posted] == [(f"/{SECRET}", run.run_id)]

        operated.change_a_file(on_record=True)
        wait_for("a run to kill", lambda: len(operated.runs()) > before + 5)
        os.kill(wait_for("its process", lambda: worker(operated)), signal.SIGKILL)
        wait_for("an alert for the killed run", lambda: len(operated.alerts()) > 1)
        run = operated.runs()[-1]
        assert run.status == DagsterRunStatus.FAILURE
        assert operated.alerts()[-1]["subject"] == run.run_id
        assert "was terminated by signal 9" in operated.alerts()[-1]["message"]
        assert operated.publication() == current

    done = operated.shell("run", "--sources", "sample")
    assert done.returncode == 0, done.stderr
    assert operated.publication() != current
    output = [done.stdout, done.stderr, operated.shell("status").stdout, (tmp_path / "log").read_text()]
    assert not any(SECRET in text for text in output)
    holding = [p for p in operated.shell.data_dir.rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes()]
    assert holding == []


def worker(operated: Operated) -> int | None:
    """Find the process of the last run, in the event that names the process of its steps."""
    with DagsterInstance.get() as instance:
        for entry in instance.all_logs(operated.runs()[-1].run_id):
            if entry.dagster_event and "Executing steps in process (pid:" in (entry.dagster_event.message or ""):
                return int(entry.dagster_event.message.split("pid: ")[1].rstrip(")"))
    return None
