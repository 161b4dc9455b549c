"""Dagster's web interface and daemon on a refreshed sample, and a headless browser."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from orchestration.outputs.explorer.frontend import install_packages
from tests.support.browser import Dagster, Visit, serving, visiting
from tests.support.shell import Done, Shell
from tests.support.warehouses import copied

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("Chromium is not installed: install Debian's package chromium")
    expect.set_options(timeout=60_000)  # Dagster's page loads in pieces, slowly on a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from the locked packages of the explorer."""
    folder = tmp_path_factory.mktemp("axe")
    install_packages(folder, with_development=True)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="session")
def dagster(
    chromium: Browser, sample_warehouse: tuple[Shell, Done], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dagster]:
    """``warehouse ui`` on a free port, with a copy of the refreshed sample."""
    shell = copied(sample_warehouse[0], tmp_path_factory.mktemp("ui"), *sample_warehouse[0].variables)
    with serving(shell) as running:
        yield running


@pytest.fixture
def visit(chromium: Browser, dagster: Dagster) -> Iterator[Visit]:
    """A new page; the test fails if the page recorded an error."""
    with visiting(chromium, dagster) as visit:
        yield visit
