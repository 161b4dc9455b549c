"""The files of a new source: what is inferred, in every format, and that they are written together or not at all."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import DBT_PROJECT, SOURCES_DIR
from orchestration.ingest.catalog import UNDECIDED, load_catalog, parse_source
from orchestration.ingest.contracts import check
from orchestration.ingest.readers import read_table
from orchestration.ingest.records import SourceFile
from orchestration.ingest.sample import write_sample_mirror
from orchestration.ingest.sample.formats import arrange, file_bytes
from orchestration.scaffold.reading import Location
from orchestration.scaffold.source import NewSource, new_source

DECIDED = {
    "redistribution": "unclear",
    "homepage": "https://example.org/",
    "cadence_years": "1",
    "publisher_url": "https://example.org/tin.csv",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the records and of the dbt project, below ``sources`` and ``dbt``."""
    load_catalog.cache_clear()
    shutil.copytree(SOURCES_DIR, tmp_path / "sources")
    shutil.copytree(DBT_PROJECT, tmp_path / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    return tmp_path


@pytest.fixture
def examine(project: Path) -> Callable[..., NewSource]:
    def run(content: str | bytes, file: str = "tin.csv", key: tuple[str, ...] = (), **location: str) -> NewSource:
        path = project / file
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return new_source(project / "sources", project / "dbt", path, Location(**location), None, key)

    return run


def state_years(**columns: str) -> str:
    """CSV with a row for Austria (1956-1959) and Germany (1956-1959); a column is an expression of i, from 0."""
    rows = [("305", 1956 + i) for i in range(4)] + [("260", 1956 + i) for i in range(4)]
    lines = [
        ",".join([code, str(year), *(str(eval(text, {"i": i})) for text in columns.values())])
        for i, (code, year) in enumerate(rows)
    ]
    return "\n".join([",".join(["ccode", "year", *columns]), *lines]) + "\n"


def decide(path: Path) -> str:
    """Decide what is undecided in a record, as a person does."""
    text = path.read_text()
    for field, value in DECIDED.items():
        text = text.replace(f"{field}: {UNDECIDED}", f"{field}: {value}")
    path.write_text(text.replace(f": {UNDECIDED}", ": decided"))
    return path.read_text()


def test_cow_numbers_make_a_membership_key_and_a_model_to_join(examine, project) -> None:
    source = examine(state_years(steel="[1, 2, -9][i % 3]", name="'a'"))
    assert source.contract.key == source.contract.membership_key == ("ccode", "year")
    assert source.contract.missing_codes_of("steel") == (-9,)
    assert source.contract.range_of("steel") == (0, 2)
    assert [column.name for column in source.staging.columns] == ["cow_code", "year", "steel", "name"]
    written = {path.relative_to(project).as_posix() for path in source.files.new}
    assert written == {
        "sources/tin.yml",
        "dbt/models/staging/tin/stg_tin__state_years.sql",
        "dbt/models/staging/tin/stg_tin__state_years.yml",
        "dbt/models/intermediate/tin/int_tin.sql",
        "dbt/models/intermediate/tin/int_tin.yml",
    }


def test_every_test_has_a_short_name_and_a_description(examine) -> None:
    source = examine(state_years(steel="i"), "a" * 28 + ".csv")
    names = []
    for path, text in source.files.new.items():
        if path.suffix != ".yml" or "dbt" not in path.parts:
            continue
        for node in [*yaml.safe_load(text).get("models", []), *yaml.safe_load(text).get("seeds", [])]:
            tests = [*node["data_tests"], *(t for column in node["columns"] for t in column.get("data_tests", []))]
            for test in tests:
                (fields,) = test.values()
                assert fields["description"].endswith(".")
                names.append(fields["name"])
    assert len(names) == len(set(names)) > 2
    assert max(map(len, names)) <= 60


def test_names_are_mapped_by_a_seed(examine, project) -> None:
    rows = [f"{name},{year},{year % 7}" for name in ("Austria", "West Germany", "Atlantis") for year in (1960, 1961)]
    source = examine("\n".join(["Country,Year,Tin (kg)", *rows]))
    assert source.contract.sample_values == {"Country": ("Austria", "West Germany")}
    seed = source.files.new[project / "dbt/seeds/country_mappings_tin.csv"]
    assert "tin,Austria,305,1955,2024,country name of this state" in seed
    assert "tin,Atlantis,,,,no state under this country name" in seed
    sql = source.files.new[project / "dbt/models/staging/tin/stg_tin__country_years.sql"]
    assert "to_integer('\"Tin (kg)\"', missing_codes('tin', 'Tin (kg)')) }} as tin_kg" in sql


def test_columns_named_by_year_become_rows(examine, project) -> None:
    years = range(1960, 1966)
    lines = [",".join(["country", *map(str, years)]), "Austria," + "1.5," * 5 + "..", "France," + "2.5," * 5 + "3"]
    source = examine("\n".join(lines))
    assert source.contract.year_columns is not None
    assert (source.contract.year_columns.first, source.contract.year_columns.last) == (1960, 1965)
    assert source.contract.missing_marks == ("..",)
    sql = source.files.new[project / "dbt/models/staging/tin/stg_tin__country_years.sql"]
    assert "on columns('^[0-9]{4}$')" in sql
    assert "to_double('nullif(cell, \\'..\\')', missing_codes('tin', 'year_columns')) }} as tin" in sql
    assert source.staging.key == ["label", "year"]


def test_a_table_of_other_rows_has_no_model_to_join(examine) -> None:
    source = examine("war,side,deaths\n1,a,10\n1,b,20\n2,a,10\n2,b,5\n")
    assert source.findings.key == ("war", "side")
    assert not source.has_state_years
    assert [path.name for path in source.files.new][1:] == ["stg_tin__records.sql", "stg_tin__records.yml"]


@pytest.mark.parametrize(
    ("file", "how", "location"),
    [
        ("tin.csv", {"format": "csv", "encoding": "utf-8"}, {}),
        ("tin.dta", {"format": "stata"}, {}),
        ("tin.xlsx", {"format": "excel", "sheet": "Data"}, {"table": "Data"}),
        ("tin.rda", {"format": "rdata", "object": "tin"}, {}),
        ("tin.zip", {"format": "csv", "encoding": "ascii", "archive_member": "in/tin.csv"}, {"member": "in/tin.csv"}),
    ],
)
def test_every_format_gives_a_contract_that_file_and_sample_meet(examine, tmp_path, file, how, location) -> None:
    columns = {"iso": "text", "year": "integer", "tin": "number"}
    table = {"name": "tin", "description": "Tin.", "key": ["iso", "year"], "columns": columns, **how}
    record = SourceFile.model_validate({"file": file, "sha256": "ab" * 32, "size_bytes": 1, "tables": [table]})
    labels = np.array([label for label in ("AUT", "FRA", "GBR") for _ in range(3)], dtype=object)
    labels[0] = "CÔT" if how.get("encoding") == "utf-8" else "AUT"
    cells = {"iso": labels, "year": np.tile([1960, 1961, 1962], 3), "tin": np.linspace(0, 1, 9)}
    source = examine(file_bytes(record, {"tin": arrange(record.tables[0], cells)}), file, **location)
    assert source.contract.model_dump(include=set(how), exclude_none=True) == how
    assert source.contract.column_types == columns
    source.files.write()
    decide(tmp_path / "sources" / "tin.yml")
    load_catalog.cache_clear()
    catalog = load_catalog(tmp_path / "sources")
    write_sample_mirror(catalog, tmp_path / "sample")
    entry = catalog.raw_tables["tin"]
    invented = read_table(entry.table, tmp_path / "sample" / "tin" / file)
    check(entry.table, invented)
    assert invented.num_rows > 3


def test_an_undecided_record_is_refused_with_its_lines(examine, tmp_path) -> None:
    examine(state_years(steel="i")).files.write()
    load_catalog.cache_clear()
    with pytest.raises(WarehouseError, match="undecided fields") as caught:
        load_catalog(tmp_path / "sources")
    assert caught.value.where.startswith("sources/tin.yml, line 3, line 4,")
    assert "licence" in caught.value.expected
    path = tmp_path / "sources" / "tin.yml"
    assert parse_source(decide(path), path).name == "tin"


@pytest.mark.parametrize(
    ("content", "file", "message"),
    [
        ("a,b\n1,2\n", "tin.sav", "No reader for this file format"),
        ("a,a\n1,2\n", "tin.csv", "The columns have no distinct names"),
        ("a,b\n", "tin.csv", "The table is empty"),
        ("a,b\n1,1\n1,1\n", "tin.csv", "The table has no such key"),
        ("a\n1\n", "Polity5.csv", "exists already"),
        ("a\n1\n", f"{'long' * 9}.csv", "The name is not valid"),
        ("<html><body>", "tin.csv", "HTML page"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(examine, content: str, file: str, message: str) -> None:
    with pytest.raises(WarehouseError, match=message):
        examine(content, file)


def test_a_named_key_must_be_unique(examine) -> None:
    assert examine(state_years(steel="i", tin="7 - i"), key=("tin",)).contract.key == ("tin",)
    with pytest.raises(WarehouseError, match="no such key"):
        examine(state_years(steel="i"), key=("ccode",))


def test_nothing_is_written_if_a_file_exists_or_cannot_be_written(examine, project) -> None:
    def content() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    source = examine(state_years(steel="i"))
    before = content()
    path = project / "dbt/models/intermediate/tin/int_tin.sql"
    path.parent.mkdir()
    path.write_text("mine")
    with pytest.raises(WarehouseError, match=r"int_tin\.sql|exists already"):
        source.files.write()
    assert content() == before | {path: b"mine"}
    shutil.rmtree(path.parent)
    path.parent.write_text("a file where a folder has to be")
    with pytest.raises(WarehouseError):
        source.files.write()
    path.parent.unlink()
    assert content() == before
    assert not (project / "dbt/models/staging/tin").exists()


def test_text_in_latin_1_is_recognised(examine) -> None:
    source = examine("country,year,tin\nCôte d'Ivoire,1970,1\nFrance,1970,2\n".encode("latin-1"))
    assert source.contract.encoding == "latin-1"
    assert source.contract.sample_values == {"country": ("France",)}
