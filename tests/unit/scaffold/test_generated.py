"""The files that follow from the records are current."""

import json
import shutil
from pathlib import Path

import pytest

from orchestration.core.settings import DBT_PROJECT, SOURCES_DIR
from orchestration.ingest.records import RawTable, Source
from orchestration.scaffold.generated import generated_files, missing_codes_macro, removing_codes_of, write_generated


def tin(codes: list[int], column: str) -> RawTable:
    return RawTable.model_validate(
        {
            **{"name": "tin", "description": "Tin.", "format": "csv", "encoding": "utf-8", "key": ["place"]},
            **{"columns": {"place": "text", "place_code": "integer", "o'clock": "number"}},
            "year_columns": {"first": 1990, "last": 1991},
            "missing_codes": [{"codes": codes, "columns": [column]}],
        }
    )


@pytest.mark.parametrize("name", ["schema.json", "missing_codes.sql"])
def test_generated_files_are_current(name: str) -> None:
    (path,) = [path for path in generated_files(SOURCES_DIR, DBT_PROJECT) if path.name == name]
    assert path.read_text() == generated_files(SOURCES_DIR, DBT_PROJECT)[path], "run `warehouse sources sync`"


def test_codes_of_a_proposal_are_removed_until_it_is_decided(tmp_path: Path) -> None:
    shutil.copytree(SOURCES_DIR, tmp_path / "sources")
    macro = tmp_path / "macros" / "missing_codes.sql"
    write_generated(tmp_path / "sources", tmp_path)
    before = macro.read_text()
    assert write_generated(tmp_path / "sources", tmp_path) == []
    with removing_codes_of(tmp_path / "sources", tmp_path, [tin([-9], "place_code")]):
        assert "'tin': {\n            'place_code': [-9]," in macro.read_text()
    assert macro.read_text() == before


def test_every_record_names_its_schema() -> None:
    for path in SOURCES_DIR.rglob("*.yml"):
        first = path.read_text().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (path.parent / first.partition("$schema=")[2]).resolve() == SOURCES_DIR / "schema.json"


def test_the_schema_knows_every_field() -> None:
    schema = json.loads((SOURCES_DIR / "schema.json").read_text())
    assert set(schema["properties"]) == set(Source.model_fields)
    fields = {field.alias or name for name, field in RawTable.model_fields.items()}
    assert set(schema["$defs"]["RawTable"]["properties"]) == fields


def test_codes_of_all_versions_and_of_year_columns() -> None:
    text = missing_codes_macro([tin([-9], "o'clock"), tin([-99], "o'clock"), tin([0], "1991")])
    assert "            'o\\'clock': [-9, -99],\n            'year_columns': [0],\n" in text
