"""Dagster's web interface and daemon over a refreshed sample, and a browser that notes every error a page meets."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Page, Response, sync_playwright

from tests.conftest import REPOSITORY, WAREHOUSE

SCREENSHOTS = REPOSITORY / "build" / "screenshots"
START_SECONDS = 120
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@dataclass(frozen=True)
class Dagster:
    """A running web interface. data_dir: what its runs write to."""

    address: str
    data_dir: Path

    def ask(self, query: str) -> dict:
        """The answer to a GraphQL query."""
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]


@dataclass
class Visit:
    """One page of the browser. errors: everything that went wrong on it, in the words of the browser or the server."""

    page: Page
    address: str
    errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def keep(self, name: str, part: FloatRect | None = None) -> None:
        """A picture of the page, or of a part of it, for whoever wants to look."""
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", clip=part)

    def note(self, response: Response) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")
        elif response.url.endswith("/graphql") and "errors" in (answer := response.json()):
            self.errors.append(str(answer["errors"]))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no browser: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dagster(chromium: Browser, sample_warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dagster]:
    """``warehouse ui`` on a free port, over a copy of the refreshed sample."""
    data_dir = tmp_path_factory.mktemp("ui") / "data"
    shutil.copytree(sample_warehouse[0].data_dir, data_dir)
    shell = replace(sample_warehouse[0], data_dir=data_dir)
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
            running = Dagster(f"http://127.0.0.1:{port}", data_dir)
            if not _answers(running, process):
                log.seek(0)
                pytest.fail(f"warehouse ui does not answer:\n{log.read()[-3000:]}")
            yield running
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _answers(running: Dagster, process: subprocess.Popen) -> bool:
    """Wait until the web interface is there and has loaded the assets."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            if running.ask("{ assetNodes { id } }")["assetNodes"]:
                return True
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    return False


@pytest.fixture
def visit(chromium: Browser, dagster: Dagster) -> Iterator[Visit]:
    """A page of its own, which at the end must not have met an error."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with chromium.new_context(viewport={"width": 1500, "height": 950}, device_scale_factor=2) as context:
        context.set_default_timeout(60_000)
        visit = Visit(context.new_page(), dagster.address)
        visit.page.on("response", visit.note)
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        yield visit
        assert visit.errors == []
