"""Alert records: one for each subject, written completely and posted; no record or log contains the address."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings, from_environment
from orchestration.monitoring.alerts import NO_RUN, Alert, alerts, failed_refresh, raise_alert

ENDED = datetime(2026, 11, 23, 5, 0, 1, tzinfo=UTC)
SECRET = "the-secret-path"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "data")


def an_alert(settings: Settings, run_id: str = "run-1") -> Alert:
    return failed_refresh(
        settings,
        asked_by="schedule weekly_refresh",
        message="A source is gone.\n  where:    atop\n  next:     Check the network.",
        step="ingest_atop",
        run_id=run_id,
        ended=ENDED,
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], tuple[str, list]]]:
    """Start a web server that answers every POST with a given status; returns its address and what was posted."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers = []

    def start(status: int) -> tuple[str, list]:
        posted: list = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                posted.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/{SECRET}", posted

    yield start
    for each in servers:
        each.shutdown()
        each.server_close()


def test_a_record_has_the_failure_and_the_next_step(settings: Settings) -> None:
    path = raise_alert(settings, an_alert(settings))
    assert path == settings.alerts_dir / "20261123T050001Z-run-1.json"
    assert json.loads(path.read_text()) == {
        "kind": "refresh failed",
        "time": "2026-11-23T05:00:01+00:00",
        "subject": "run-1",
        "asked_by": "schedule weekly_refresh",
        "data": "real",
        "step": "ingest_atop",
        "message": "A source is gone.\n  where:    atop\n  next:     Check the network.",
        "published": None,
        "next_step": "Check the network.",
        "posted": "no address is set",
    }
    assert [file.name for file in settings.alerts_dir.iterdir()] == [path.name]


def test_a_run_has_one_alert_from_concurrent_reports(settings: Settings, server) -> None:
    address, posted = server(204)
    settings = replace(settings, alert_webhook=address)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: raise_alert(settings, an_alert(settings)), range(16)))
    assert sum(path is not None for path in made) == 1
    assert len(list(settings.alerts_dir.iterdir())) == len(posted) == 1
    later = replace(an_alert(settings), time="2026-11-24T05:00:00+00:00")
    assert raise_alert(settings, later) is None
    assert raise_alert(settings, an_alert(settings, "run-2")) is not None


def test_each_failure_without_a_run_has_its_own_alert(settings: Settings) -> None:
    for hour in (5, 6):
        alert = replace(an_alert(settings, NO_RUN), time=f"2026-11-23T0{hour}:00:00+00:00")
        assert raise_alert(settings, alert) is not None
    assert [alert["time"][11:13] for alert in alerts(settings)] == ["06", "05"]


def test_an_alert_is_posted_as_json(settings: Settings, server) -> None:
    address, posted = server(200)
    alert = an_alert(settings)
    path = raise_alert(replace(settings, alert_webhook=address), alert)
    assert posted == [(f"/{SECRET}", asdict(alert))]
    assert json.loads(path.read_text())["posted"] == "yes"


@pytest.mark.parametrize(("status", "posted"), [(500, "no: HTTP status 500"), (302, "no: HTTP status 302")])
def test_a_refusal_is_recorded_and_no_redirect_is_followed(settings, server, status, posted) -> None:
    address, received = server(status)
    path = raise_alert(replace(settings, alert_webhook=address), an_alert(settings))
    assert json.loads(path.read_text())["posted"] == posted
    assert len(received) == 1


@pytest.mark.parametrize(
    "address",
    [
        f"http://127.0.0.1:9/{SECRET}",
        f"http://no-such-host.invalid/{SECRET}",
        f"https://127.0.0.1:9/{SECRET}",
        f"http://127.0.0.1:notaport/{SECRET}",
        f"http://127.0.0.1/with space/{SECRET}",
        f"http://[broken/{SECRET}",
        f"file:///tmp/{SECRET}",
    ],
)
def test_no_address_makes_it_fail_or_is_repeated(
    settings: Settings, address: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    path = raise_alert(replace(settings, alert_webhook=address), an_alert(settings))
    assert json.loads(path.read_text())["posted"].startswith("no: ")
    texts = [path.read_text(), caplog.text, *capfd.readouterr(), repr(replace(settings, alert_webhook=address))]
    assert not any(SECRET in text for text in texts)


def test_an_unwritable_folder_raises_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.data_dir.mkdir()
    settings.alerts_dir.write_text("a file where the folder should be")
    assert raise_alert(settings, an_alert(settings)) is None
    assert "The alert could not be stored" in caplog.text


def test_a_damaged_record_does_not_hide_the_others(settings: Settings) -> None:
    raise_alert(settings, an_alert(settings))
    (settings.alerts_dir / "20991231T000000Z-broken.json").write_text("{")
    assert [alert["subject"] for alert in alerts(settings)] == ["run-1"]


def test_an_invalid_address_is_not_repeated_in_the_error() -> None:
    with pytest.raises(WarehouseError) as error:
        from_environment({"WAREHOUSE_ALERT_WEBHOOK": f"ftp://example.org/{SECRET}"})
    assert "WAREHOUSE_ALERT_WEBHOOK" in str(error.value)
    assert SECRET not in str(error.value)
