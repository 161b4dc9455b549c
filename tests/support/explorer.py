"""The explorer's page in a browser without a network, and every message and request that it makes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.support.browser import SCREENSHOTS

TABS = ("series", "map", "coverage", "alliances", "results", "sql", "codebook")
ALLOWED = ("file:", "blob:", "data:")


@dataclass
class Explorer:
    """An opened page."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def show(self, tab: str) -> None:
        """Choose a tab and wait until it has drawn."""
        self.page.click(f"#tab-{tab}")
        self.page.locator(f"#panel-{tab}[aria-busy=false]").wait_for()

    def ask(self, query: str) -> None:
        """Type a query in the SQL tab and run it from the keyboard."""
        self.page.locator("#panel-sql .cm-content").fill(query)
        self.page.keyboard.press("Control+Enter")
        self.page.locator("#result[aria-busy=false]").wait_for()

    def answer(self, query: str) -> str:
        """Run a query and return the CSV that the page offers, as a file is saved."""
        self.ask(query)
        assert not self.page.locator("#result .error").count(), self.page.locator("#result .error").inner_text()
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name="Download CSV").click()
        return download.value.path().read_bytes().decode()

    def screenshot(self, name: str) -> None:
        """Save a picture of the whole page, to look at after the tests."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"explorer_{name}.png", full_page=True)


@contextmanager
def exploring(
    chromium: Browser, path: Path, width: int = 1440, address: str = "", scheme: str = "light"
) -> Iterator[Explorer]:
    """Open the page at ``path``; fails at the end if it wrote to the console or asked for anything outside itself."""
    with chromium.new_context(
        viewport={"width": width, "height": 900}, offline=True, color_scheme=scheme, accept_downloads=True
    ) as context:
        context.set_default_timeout(60_000)
        explorer = Explorer(context.new_page())
        explorer.page.on("console", lambda message: explorer.messages.append(message.text))
        explorer.page.on("pageerror", lambda error: explorer.messages.append(str(error)))
        explorer.page.on("dialog", lambda dialog: explorer.messages.append(f"dialog: {dialog.message}"))
        explorer.page.on("request", lambda request: explorer.requests.append(request.url))
        explorer.page.goto(path.as_uri() + address)
        explorer.page.locator("html[data-ready]").wait_for()
        yield explorer
        assert explorer.messages == []
        assert [url for url in explorer.requests if not url.startswith(ALLOWED)] == []
