"""Failures in operation: retried only if the network failed, and each reported by one alert."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    ExecuteInProcessResult,
    ResourceDefinition,
    materialize,
)

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.defs import failed_runs, failures
from orchestration.defs.failed_runs import declare_lost_runs
from orchestration.defs.failures import first_failure
from orchestration.defs.ingest import raw_assets
from orchestration.ingest.acquisition import Acquisition
from orchestration.ingest.fetch import SourceUnavailable, fetch
from orchestration.monitoring.alerts import alerts
from tests.support.shell import Shell
from tests.unit.ingest.test_fetch import Web, source_file, web  # noqa: F401

STEP = "ingest_imr_world_bank"
NETWORK, GONE, BROKEN, BUG = "network fault", "gone for good", "contract break", "programming error"


def raised(kind: str) -> Exception:
    if kind in (NETWORK, GONE):
        error = SourceUnavailable(f"No file: {kind}.", where="source imr_world_bank")
        error.network_fault = kind == NETWORK
        return error
    return WarehouseError(f"Not the file on record: {kind}.") if kind == BROKEN else KeyError(kind)


@pytest.fixture
def ingest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[ExecuteInProcessResult, int]]:
    """Execute one source's ingestion in an empty data folder; each fetch fails in the given way, then in the last."""
    settings = Settings(tmp_path)
    monkeypatch.setattr(failures, "FIRST_PAUSE_S", 0.001)
    asset = next(asset for asset in raw_assets(settings) if asset.node_def.name == STEP)

    def execute(*kinds: str) -> tuple[ExecuteInProcessResult, int]:
        calls: list[str] = []

        def fail(*_) -> None:
            calls.append(kinds[min(len(calls), len(kinds) - 1)])
            raise raised(calls[-1])

        monkeypatch.setattr(Acquisition, "fetch", fail)
        with DagsterInstance.ephemeral() as instance:
            resources = {"settings": settings, "refresh_lock": ResourceDefinition.none_resource()}
            result = materialize([asset], instance=instance, resources=resources, raise_on_error=False)
        return result, len(calls)

    return execute


def test_a_network_that_stays_down_is_tried_four_times(ingest) -> None:
    result, calls = ingest(NETWORK)
    assert (result.success, calls) == (False, 4)
    assert len(result.filter_events(lambda event: event.is_step_up_for_retry)) == 3
    assert first_failure(result.all_events) == (STEP, "No file: network fault.\n  where:    source imr_world_bank")


def test_other_failures_after_a_network_fault_are_final(ingest) -> None:
    result, calls = ingest(NETWORK, NETWORK, BROKEN)
    assert calls == 3
    assert first_failure(result.all_events) == (STEP, "Not the file on record: contract break.")


@pytest.mark.parametrize("kind", [GONE, BROKEN, BUG])
def test_nothing_else_is_retried(ingest, kind: str) -> None:
    result, calls = ingest(kind)
    assert (result.success, calls) == (False, 1)
    assert kind in first_failure(result.all_events)[1]


def test_the_pauses_grow_and_vary(monkeypatch: pytest.MonkeyPatch, ingest) -> None:
    monkeypatch.setattr(failures.random, "uniform", lambda low, high: pauses.append((low, high)) or 1.0)
    pauses: list[tuple[float, float]] = []
    result, _ = ingest(NETWORK)
    waits = [e.event_specific_data.seconds_to_wait for e in result.all_events if e.is_step_up_for_retry]
    assert waits == pytest.approx([0.001, 0.002, 0.004])
    assert pauses == [(0.75, 1.25)] * 3


@pytest.mark.parametrize(("status", "is_passing"), [(503, True), (429, True), (404, False), (403, False)])
def test_the_status_of_a_response_decides(web: Web, tmp_path: Path, status: int, is_passing: bool) -> None:  # noqa: F811
    web.pages["/file"] = lambda request: request.send_error(status)
    with pytest.raises(SourceUnavailable) as error:
        fetch(source_file(publisher_url=web.url("/file")), "iron", tmp_path, None)
    assert error.value.network_fault is is_passing


def test_a_closed_port_is_a_network_fault_offline_is_not(tmp_path: Path) -> None:
    file = source_file(publisher_url="http://127.0.0.1:9/file")
    for allow_network in (True, False):
        with pytest.raises(SourceUnavailable) as error:
            fetch(file, "iron", tmp_path, None, allow_network=allow_network)
        assert error.value.network_fault is allow_network


# ---------------------------------------------------------------- alerts and lost runs


def test_a_refresh_that_fails_before_its_run_raises_an_alert(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    secret = "a-secret-in-the-address"
    shell = Shell(tmp_path / "data", (("WAREHOUSE_ALERT_WEBHOOK", f"http://127.0.0.1:9/{secret}"),))
    done = shell("run", "--sources", str(tmp_path / "mirror"), "--offline")
    assert done.returncode == 1
    (path,) = (shell.data_dir / "alerts").iterdir()
    alert = json.loads(path.read_text())
    assert (alert["kind"], alert["subject"], alert["asked_by"]) == ("refresh failed", "no run", "command line")
    assert alert["message"] in done.stderr
    assert alert["next_step"] in done.stderr
    assert alert["posted"] == "no: ConnectionRefusedError"
    status = shell("status")
    assert status.returncode == 0
    assert f"refresh failed: {alert['message'].splitlines()[0]}" in " ".join(status.stdout.split())
    output = [path.read_text(), done.stdout, done.stderr, status.stdout, status.stderr]
    assert not any(secret in text for text in output)


@pytest.fixture
def unfinished(tmp_path: Path) -> Iterator[tuple[Settings, DagsterInstance, DagsterRun, DagsterRun]]:
    """A storage with two unfinished runs, of the command line and of the UI, whose processes do not exist."""
    with DagsterInstance.ephemeral() as instance:
        runs = [
            DagsterRun(
                job_name="refresh",
                run_id=str(uuid.uuid4()),
                status=DagsterRunStatus.STARTED,
                tags={"warehouse/started_by": asked_by},
            )
            for asked_by in ("command line", "Dagster UI")
        ]
        for run in runs:
            instance.add_run(run)
            instance.report_engine_event("working", run)
        yield Settings(tmp_path), instance, *runs


def statuses(instance: DagsterInstance, *runs: DagsterRun) -> list[str]:
    return [instance.get_run_by_id(run.run_id).status.value for run in runs]


def test_a_killed_run_is_declared_failed_if_the_lock_is_free(unfinished) -> None:
    settings, instance, killed, young = unfinished
    assert declare_lost_runs(settings, instance, holds_lock=False) == [killed.run_id]
    assert statuses(instance, killed, young) == ["FAILURE", "STARTED"]
    (alert,) = alerts(settings)
    assert (alert["subject"], alert["asked_by"]) == (killed.run_id, "command line")
    assert "it was killed" in alert["message"]
    assert declare_lost_runs(settings, instance, holds_lock=False) == []


def test_a_quiet_run_of_the_daemon_is_declared_failed(unfinished, monkeypatch) -> None:
    settings, instance, killed, quiet = unfinished
    monkeypatch.setattr(failed_runs, "QUIET", timedelta(seconds=-1))
    assert set(declare_lost_runs(settings, instance, holds_lock=False)) == {killed.run_id, quiet.run_id}


def test_no_run_is_declared_failed_while_the_lock_is_held(unfinished, monkeypatch) -> None:
    settings, instance, *runs = unfinished
    monkeypatch.setattr(failed_runs, "QUIET", timedelta(seconds=-1))
    program = "import sys\nfrom pathlib import Path\nfrom orchestration.core.locks import REFRESH, hold\n"
    program += "with hold(Path(sys.argv[1]), REFRESH):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    command = [sys.executable, "-c", program, str(settings.lock_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert declare_lost_runs(settings, instance, holds_lock=False) == []
        assert statuses(instance, *runs) == ["STARTED", "STARTED"]
        holder.stdin.close()
    assert len(declare_lost_runs(settings, instance, holds_lock=False)) == 2
