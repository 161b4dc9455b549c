"""The codebook: complete, or no publication."""

import json
from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.publication.codebook import Column, mart_columns, meta_columns, table_descriptions

COMPLETE = {"description": "What it says", "config": {"meta": {"unit": "years", "source": "a source"}}}


def manifest(folder: Path, column: dict) -> Path:
    node = {"resource_type": "model", "name": "m", "description": "A mart.", "columns": {"year": COMPLETE, "x": column}}
    path = folder / "manifest.json"
    path.write_text(json.dumps({"nodes": {"model.m": node}}))
    return path


def test_a_complete_column(tmp_path: Path) -> None:
    _, column = mart_columns(manifest(tmp_path, COMPLETE), ("m",))
    assert (column.column_name, column.position, column.unit, column.source) == ("x", 2, "years", "a source")
    assert column.has_years
    assert column.comment == "What it says [unit: years; source: a source]"


@pytest.mark.parametrize(
    "column",
    [
        COMPLETE | {"description": ""},
        COMPLETE | {"config": {"meta": {"unit": "years"}}},
        COMPLETE | {"config": {"meta": {"source": "a source"}}},
        COMPLETE | {"config": {}},
    ],
    ids=["no description", "no source", "no unit", "neither"],
)
def test_an_incomplete_column_fails_the_build(tmp_path: Path, column: dict) -> None:
    with pytest.raises(WarehouseError, match=r"marts\.m\.x"):
        mart_columns(manifest(tmp_path, column), ("m",))


def test_every_meta_table_is_described(tmp_path: Path) -> None:
    described = {
        name for name in table_descriptions(manifest(tmp_path, COMPLETE), ("m",), ()) if name.startswith("meta.")
    }
    assert described == {f"meta.{column.table_name}" for column in meta_columns()}


@pytest.mark.parametrize("schema", ["marts", "results", "meta"])
@pytest.mark.parametrize("lacking", ["unit", "description", "source"])
def test_no_entry_without_unit_description_and_source(schema: str, lacking: str) -> None:
    texts = {"unit": "years", "description": "What it says", "source": "a source"} | {lacking: " "}
    with pytest.raises(WarehouseError, match=rf"{schema}\.t\.x") as caught:
        Column(schema, "t", "x", 1, **texts)
    assert lacking in caught.value.found
