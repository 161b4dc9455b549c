"""The lineage picture is complete, and the documentation replaces only a previous documentation."""

import itertools
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orchestration.core.settings import Settings
from orchestration.defs.pipeline import pipeline_assets
from orchestration.outputs.lineage_picture import GROUPS, Asset, lineage_svg

SVG = "{http://www.w3.org/2000/svg}"


def test_every_asset_is_drawn_and_none_overlap(tmp_path: Path) -> None:
    assets = pipeline_assets(Settings(tmp_path))
    picture = ElementTree.fromstring(lineage_svg(assets))
    boxes = {
        box.find(f"{SVG}title").text.split(":")[0]: box.find(f"{SVG}rect").attrib for box in picture.iter(f"{SVG}g")
    }
    assert set(boxes) == set(assets)
    corners = [(float(box["x"]), float(box["y"])) for box in boxes.values()]
    for (x1, y1), (x2, y2) in itertools.combinations(corners, 2):
        assert x1 != x2 or abs(y1 - y2) >= 22
    curves = sum(1 for _ in picture.iter(f"{SVG}path"))
    assert curves == sum(len(asset.parents) for asset in assets.values())
    assert float(boxes["raw/atop"]["x"]) < float(boxes["marts/country_years"]["x"]) < float(boxes["publication"]["x"])


def test_markup_in_a_name_is_escaped() -> None:
    asset = Asset("raw/<a&b>", GROUPS[0], 'says "<x>"', ())
    assert "&lt;a&amp;b&gt;" in lineage_svg({asset.name: asset})


@pytest.mark.slow
def test_a_folder_with_other_files_is_not_changed(sample_warehouse, tmp_path: Path) -> None:
    shell, _ = sample_warehouse
    (tmp_path / "mine.txt").write_text("mine")
    done = shell("docs", "--output", str(tmp_path))
    assert done.returncode == 1
    assert "Refusing to overwrite" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"
