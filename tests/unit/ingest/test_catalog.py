"""The source records are complete and match the mirror's list, and an invalid record is refused."""

import csv
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import load_catalog, parse_source
from tests.support.shell import REPOSITORY

RECORD = dedent("""\
    name: tin
    title: Tin
    producer: A tin maker
    citation: Maker, A. Tin. 1999.
    licence: free
    redistribution: with_citation
    homepage: https://example.org/tin
    cadence_years: 2
    files:
      - file: tin.csv
        version: "1.0"
        sha256: {sha256}
        size_bytes: 10
        tables:
          - name: tin
            description: Tin by year.
            format: csv
            encoding: utf-8
            columns:
              place: text
              weight: number
            year_columns: {{first: 1990, last: 1992}}
            key: [place]
    """).format(sha256="ab" * 32)


def write(folder: Path, text: str = RECORD, name: str = "tin.yml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_raw_tables_are_the_sources_that_dbt_reads() -> None:
    catalog = load_catalog(SOURCES_DIR)
    assert "cow_alliances" not in catalog, "its maintainer asked that software not facilitate its use"
    (declared,) = yaml.safe_load((REPOSITORY / "dbt_project/models/sources.yml").read_text())["sources"]
    assert set(catalog.raw_tables) == {table["name"] for table in declared["tables"]}


def test_earlier_records_have_the_tables_of_the_present_ones() -> None:
    """An upgrade, or a return to an earlier version, replaces bytes and contract, not the tables that models read."""
    catalog = load_catalog(SOURCES_DIR)
    paths = sorted((SOURCES_DIR / "earlier").glob("*.yml"))
    assert paths
    for path in paths:
        earlier = parse_source(path.read_text(), path)
        present = catalog[earlier.name]
        assert earlier != present
        assert [[t.name for t in file.tables] for file in earlier.files] == [
            [t.name for t in file.tables] for file in present.files
        ]


def test_every_file_has_an_address() -> None:
    files = [file for source in load_catalog(SOURCES_DIR).values() for file in source.files]
    assert [file.file for file in files if not (file.publisher_url or file.pinned_url)] == []


def test_hashes_sizes_and_addresses_match_the_mirror_list(mirror: Path) -> None:
    """A source that the list does not name is not compared."""
    with (mirror / "catalog.csv").open(newline="", encoding="utf-8") as stream:
        listed = {row["file"]: row for row in csv.DictReader(stream)}
    compared = []
    for source in load_catalog(SOURCES_DIR).values():
        for file in source.files:
            row = listed.get(f"{source.name}/{file.file}")
            if row is None:
                continue
            assert (file.sha256, file.size_bytes) == (row["sha256"], int(row["bytes"]))
            assert file.pinned_url == row["pinned_copy_url"]
            assert file.publisher_url in (None, row["publisher_url"])
            assert file.publisher_url is None or (file.archive_member or "") == row["archive_member"]
            compared.append(file.file)
    assert compared


def test_year_columns_follow_the_named_ones(tmp_path: Path) -> None:
    entry = load_catalog(write(tmp_path)).raw_tables["tin"]
    assert entry.table.columns == ("place", "weight", "1990", "1991", "1992")
    assert entry.table.column_types["1991"] == "number"
    assert (entry.source.name, entry.file.file) == ("tin", "tin.csv")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("producer: A tin maker\n", "", "producer"),
        ("licence: free", "licence: ''", "licence"),
        ("cadence_years: 2", "cadence_years: never", "cadence_years"),
        ("homepage: https", "homepage: ftp", "homepage"),
        ("sha256: abab", "sha256: xyab", "files.0.sha256"),
        ("size_bytes: 10", "size_bytes: 0", "files.0.size_bytes"),
        ("file: tin.csv", "file: ../tin.csv", "files.0.file"),
        ('version: "1.0"', 'version: ".."', "files.0.version"),
        ("encoding: utf-8", "encoding: ebcdic", "files.0.tables.0.encoding"),
        ("encoding: utf-8", "sheet: Data", "encoding is required for format csv"),
        ("weight: number", "weight: heavy", "files.0.tables.0.columns.weight"),
        ("key: [place]", "key: [plaice]", "plaice"),
        ("key: [place]", "key: [place]\n        colour: grey", "colour"),
        ("name: tin\n", "name: lead\n", "name: lead"),
        ("name: tin\n", "name: {tin\n", "YAML"),
        (RECORD, "- tin", "list"),
    ],
)
def test_an_invalid_record_is_reported_with_file_and_field(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in RECORD
    with pytest.raises(WarehouseError) as caught:
        load_catalog(write(tmp_path, RECORD.replace(old, new, 1)))
    assert "sources/tin.yml" in str(caught.value)
    assert named in str(caught.value)


def test_a_duplicate_raw_table_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, RECORD.replace("name: tin\n", "name: pewter\n", 1), "pewter.yml")
    with pytest.raises(WarehouseError, match="Duplicate raw table name: tin"):
        load_catalog(tmp_path)


def test_every_record_file_is_in_the_catalog() -> None:
    assert {path.stem for path in SOURCES_DIR.glob("*.yml")} == set(load_catalog(SOURCES_DIR))
