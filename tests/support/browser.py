"""A running Dagster web interface, and a browser page that records every error."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Page, Response

from tests.support.shell import REPOSITORY, WAREHOUSE, Shell

START_SECONDS = 120
SCREENSHOTS = REPOSITORY / "build" / "screenshots"


@dataclass(frozen=True)
class Dagster:
    """A running web interface and the data folder of its runs."""

    address: str
    data_dir: Path

    def query(self, query: str) -> dict:
        """Send a GraphQL query and return its data."""
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]


@dataclass
class Visit:
    """One page of the browser, with the errors of the browser and the server since it was opened."""

    page: Page
    address: str
    errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def screenshot(self, name: str, part: FloatRect | None = None) -> None:
        """Save a picture of the page, or of a part of it, to look at after the tests."""
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", clip=part)

    def record_errors(self, response: Response) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")
        elif response.url.endswith("/graphql") and "errors" in (answer := response.json()):
            self.errors.append(str(answer["errors"]))


@contextmanager
def serving(shell: Shell, sources: str = "sample") -> Iterator[Dagster]:
    """``warehouse ui`` on a free port and the data folder of ``shell``, with WAREHOUSE_SOURCES as given."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [str(WAREHOUSE), "ui", "--port", str(port)],
            env=shell.environment() | {"WAREHOUSE_SOURCES": sources},
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


@contextmanager
def visiting(chromium: Browser, dagster: Dagster) -> Iterator[Visit]:
    """A new page; fails at the end if the page recorded an error."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with chromium.new_context(viewport={"width": 1500, "height": 950}, device_scale_factor=2) as context:
        context.set_default_timeout(60_000)
        visit = Visit(context.new_page(), dagster.address)
        visit.page.on("response", visit.record_errors)
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        yield visit
        assert visit.errors == []


def serious_violations(page: Page, rules: str) -> list[tuple[str, list[str]]]:
    """Rules of accessibility that a page with axe's script breaks, with the first elements that do.

    A drawing is one image with a label; its thousands of marks are no elements for a screen reader.
    """
    found = page.evaluate("rules => axe.run({exclude: [['svg > *']]}, {runOnly: rules})", rules.split(","))
    assert found["passes"]
    return [
        (violation["id"], [node["html"][:200] for node in violation["nodes"][:3]])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
