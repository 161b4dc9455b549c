"""The documentation pages are complete, need no network and are readable in a browser."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def pages(sample_warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    shell, _ = sample_warehouse
    folder = tmp_path_factory.mktemp("docs") / "docs"
    before = shell.published_hash()
    done = shell("docs", "--output", str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "index.html")
    assert shell.published_hash() == before
    assert os.listdir(folder.parent) == ["docs"], "no other file remains"
    return folder


@pytest.mark.slow
def test_every_link_of_the_pages_has_a_target(pages: Path, sample_warehouse) -> None:
    shell, _ = sample_warehouse
    codebook = (pages / "codebook.html").read_text()
    for column in shell.sql("select distinct column_name from meta.columns").split():
        assert f"<code>{column}</code>" in codebook
    assert "<code>raw.national_capabilities</code>: cinc" in codebook, "columns lead to the raw columns"
    for page in pages.glob("*.html"):
        text = page.read_text()
        assert page.name == "models.html" or "SYNTHETIC" in text
        if page.name != "models.html":
            for link in re.findall(r'(?:href|src)="([^"#:]+)[#"]', text):
                assert (pages / link).exists(), f"{page.name} links to {link}"


@pytest.mark.slow
def test_in_a_browser_without_network(chromium: Browser, pages: Path) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in ("index", "codebook", "using-the-data"):
        page.goto((pages / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, f"{name} is wider than a phone"
    page.goto((pages / "codebook.html").as_uri())
    every = page.locator("tbody tr:visible").count()
    page.locator("#filter input").fill("infant mortality")
    assert 0 < page.locator("tbody tr:visible").count() < every
    page.goto((pages / "models.html").as_uri())
    page.get_by_text("Models of the alliance-formation warehouse").wait_for()
    assert page.get_by_text("auto-generated").count() == 0
    page.goto((pages / "models.html").as_uri() + "#!/model/model.alliance_formation.country_years.v1")
    page.get_by_text("one row per state in the interstate system").first.wait_for()
    page.get_by_text("infant_mortality_rate").first.wait_for()
    assert page.locator("td:has-text('DOUBLE')").count(), "types come from the build"
    page.close()
    assert not errors
    assert not [url for url in requests if not url.startswith(("file:", "data:"))]
