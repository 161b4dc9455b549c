"""The documentation pages: complete, with nothing from the network, and readable in a browser."""

import itertools
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orchestration.lineage import GROUPS, Asset, lineage_svg, pipeline_assets

SVG = "{http://www.w3.org/2000/svg}"
CHROMIUM = Path("/usr/bin/chromium")


def test_every_asset_is_in_the_picture_and_nothing_overlaps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WAREHOUSE_DATA_DIR", str(tmp_path))
    assets = pipeline_assets()
    picture = ElementTree.fromstring(lineage_svg(assets))
    boxes = {
        box.find(f"{SVG}title").text.split(":")[0]: box.find(f"{SVG}rect").attrib for box in picture.iter(f"{SVG}g")
    }
    assert set(boxes) == set(assets)
    places = [(float(box["x"]), float(box["y"])) for box in boxes.values()]
    for (x1, y1), (x2, y2) in itertools.combinations(places, 2):
        assert x1 != x2 or abs(y1 - y2) >= 22
    curves = sum(1 for _ in picture.iter(f"{SVG}path"))
    assert curves == sum(len(asset.parents) for asset in assets.values())
    assert float(boxes["raw/atop"]["x"]) < float(boxes["marts/country_years"]["x"]) < float(boxes["publication"]["x"])


def test_a_name_with_markup_does_no_harm() -> None:
    asset = Asset("raw/<a&b>", GROUPS[0], 'says "<x>"', ())
    assert "&lt;a&amp;b&gt;" in lineage_svg({asset.name: asset})


@pytest.fixture(scope="module")
def pages(sample_warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    shell, _ = sample_warehouse
    folder = tmp_path_factory.mktemp("docs") / "docs"
    before = shell.published_hash()
    done = shell("docs", "--output", str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "index.html")
    assert shell.published_hash() == before
    assert os.listdir(folder.parent) == ["docs"], "nothing is left beside the pages"
    return folder


@pytest.mark.slow
def test_the_pages_hold_together(pages: Path, sample_warehouse) -> None:
    shell, _ = sample_warehouse
    codebook = (pages / "codebook.html").read_text()
    for column in shell.sql("select distinct column_name from meta.columns").split():
        assert f"<code>{column}</code>" in codebook
    for page in pages.glob("*.html"):
        text = page.read_text()
        assert page.name == "models.html" or "SYNTHETIC" in text
        if page.name != "models.html":
            for link in re.findall(r'(?:href|src)="([^"#:]+)[#"]', text):
                assert (pages / link).exists(), f"{page.name} links to {link}"


@pytest.mark.slow
def test_a_folder_of_something_else_is_left_alone(sample_warehouse, tmp_path: Path) -> None:
    shell, _ = sample_warehouse
    (tmp_path / "mine.txt").write_text("mine")
    done = shell("docs", "--output", str(tmp_path))
    assert done.returncode == 1 and "holds something else" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium")
def test_in_a_browser_without_network(pages: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        asked, faults = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        for name in ("index", "codebook", "using-the-data"):
            page.goto((pages / f"{name}.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, f"{name} is wider than a phone"
        page.goto((pages / "codebook.html").as_uri())
        every = page.locator("tbody tr:visible").count()
        page.locator("#filter input").fill("infant mortality")
        assert 0 < page.locator("tbody tr:visible").count() < every
        page.goto((pages / "models.html").as_uri() + "#!/model/model.alliance_formation.country_years")
        page.get_by_text("one row per state in the interstate system").first.wait_for()
        page.get_by_text("infant_mortality_rate").first.wait_for()
        assert page.locator("td:has-text('DOUBLE')").count(), "types come from the build"
        browser.close()
    assert not faults
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]
