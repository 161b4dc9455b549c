"""A running Dagster web interface, and a browser page that records every error."""

import json
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import FloatRect, Page, Response

from tests.support.shell import REPOSITORY

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
