"""Dagster's web interface and daemon on a refreshed sample, and a headless browser."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.browser import SCREENSHOTS, Dagster, Visit
from tests.support.shell import WAREHOUSE, Done, Shell
from tests.support.warehouses import copied

START_SECONDS = 120
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("Chromium is not installed: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dagster(
    chromium: Browser, sample_warehouse: tuple[Shell, Done], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dagster]:
    """``warehouse ui`` on a free port, with a copy of the refreshed sample."""
    shell = copied(sample_warehouse[0], tmp_path_factory.mktemp("ui"), *sample_warehouse[0].variables)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [str(WAREHOUSE), "ui", "--port", str(port)],
            env=shell.environment() | {"WAREHOUSE_SOURCES": "sample"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            running = Dagster(f"http://127.0.0.1:{port}", shell.data_dir)
            if not _responds(running, process):
                log.seek(0)
                pytest.fail(f"warehouse ui does not respond:\n{log.read()[-3000:]}")
            yield running
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _responds(running: Dagster, process: subprocess.Popen) -> bool:
    """Wait until the web interface responds and has loaded the assets; False if it does not."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            if running.query("{ assetNodes { id } }")["assetNodes"]:
                return True
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    return False


@pytest.fixture
def visit(chromium: Browser, dagster: Dagster) -> Iterator[Visit]:
    """A new page; the test fails if the page recorded an error."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with chromium.new_context(viewport={"width": 1500, "height": 950}, device_scale_factor=2) as context:
        context.set_default_timeout(60_000)
        visit = Visit(context.new_page(), dagster.address)
        visit.page.on("response", visit.record_errors)
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        yield visit
        assert visit.errors == []
