"""The codebook: every column has a unit, a description and a source."""

import json
from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.publication.codebook import Column, mart_columns, meta_columns, table_descriptions

COMPLETE = {"description": "Description", "config": {"meta": {"unit": "years", "source": "a source"}}}


def manifest(folder: Path, column: dict) -> Path:
    node = {"resource_type": "model", "name": "m", "description": "A mart.", "columns": {"year": COMPLETE, "x": column}}
    path = folder / "manifest.json"
    path.write_text(json.dumps({"nodes": {"model.m": node}}))
    return path


def test_complete_entry_becomes_a_column(tmp_path: Path) -> None:
    _, column = mart_columns(manifest(tmp_path, COMPLETE), ("m",))
    assert (column.column_name, column.position, column.unit, column.source) == ("x", 2, "years", "a source")
    assert column.has_years
    assert column.comment == "Description [unit: years; source: a source]"


@pytest.mark.parametrize(
    "column",
    [
        COMPLETE | {"description": ""},
        COMPLETE | {"config": {"meta": {"unit": "years"}}},
        COMPLETE | {"config": {"meta": {"source": "a source"}}},
        COMPLETE | {"config": {}},
    ],
    ids=["no description", "no source", "no unit", "no unit and source"],
)
def test_incomplete_entry_of_a_mart_is_refused(tmp_path: Path, column: dict) -> None:
    with pytest.raises(WarehouseError, match=r"marts\.m\.x"):
        mart_columns(manifest(tmp_path, column), ("m",))


def test_every_meta_table_has_a_description(tmp_path: Path) -> None:
    described = {
        name for name in table_descriptions(manifest(tmp_path, COMPLETE), ("m",), ()) if name.startswith("meta.")
    }
    assert described == {f"meta.{column.table_name}" for column in meta_columns()}


@pytest.mark.parametrize("schema", ["marts", "results", "meta"])
@pytest.mark.parametrize("missing", ["unit", "description", "source"])
def test_column_without_a_text_is_refused(schema: str, missing: str) -> None:
    texts = {"unit": "years", "description": "Description", "source": "a source"} | {missing: " "}
    with pytest.raises(WarehouseError, match=rf"{schema}\.t\.x") as caught:
        Column(schema, "t", "x", 1, **texts)
    assert missing in caught.value.found
