"""Kept publications: the list, newest first, and finding one by its id, the beginning of its id, or a name."""

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.publication.kept import find, kept_publications, publications_text
from orchestration.store.publication_file import PublicationFile

FIRST, SECOND, THIRD = "20260101T00-aaaa", "20260102T00-bbbb", "20260201T00-cccc"


def keep(settings: Settings, publication_id: str, sources: dict[str, tuple[str | None, str]]) -> Path:
    """Write a kept publication of two country-years with these source files (version, sha256)."""
    settings.publications_dir.mkdir(parents=True, exist_ok=True)
    path = settings.publications_dir / f"{publication_id}.duckdb"
    day = f"{publication_id[:4]}-{publication_id[4:6]}-{publication_id[6:8]}"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema meta; create schema marts")
        connection.execute("create table marts.country_years as select unnest([1816, 1817]) as year")
        connection.execute(
            f"create table meta.publication as select '{publication_id}' as publication_id,"
            f" timestamptz '{day} 12:00:00+00' as published_at, false as is_synthetic, '1.0' as software_version,"
            " 'f' as fingerprint"
        )
        connection.execute("create table meta.sources (source varchar, file varchar, version varchar, sha256 varchar)")
        for file, (version, sha256) in sources.items():
            connection.execute("insert into meta.sources values (?, ?, ?, ?)", [*file.split("/"), version, sha256])
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Three publications; the last is current."""
    made = Settings(data_dir=tmp_path)
    keep(
        made,
        FIRST,
        {"nmc/a.csv": ("5.0", "1"), "atop/b.csv": (None, "2"), "old/c.csv": ("1", "3"), "mid/x.csv": ("4", "7")},
    )
    keep(
        made,
        SECOND,
        {"nmc/a.csv": ("6.0", "4"), "atop/b.csv": (None, "5"), "new/d.csv": ("1", "6"), "mid/y.csv": ("5", "8")},
    )
    last = keep(
        made,
        THIRD,
        {"nmc/a.csv": ("6.0", "4"), "atop/b.csv": (None, "5"), "new/d.csv": ("1", "6"), "mid/y.csv": ("5", "8")},
    )
    shutil.copyfile(last, made.warehouse_path)
    return made


def test_list_is_newest_first_with_changed_sources(settings: Settings) -> None:
    third, second, first = kept_publications(settings)
    assert [one.publication_id for one in (third, second, first)] == [THIRD, SECOND, FIRST]
    assert [one.is_current for one in (third, second, first)] == [True, False, False]
    assert second.changed_sources == (
        "atop/b.csv other bytes of version undated",
        "mid/x.csv 4 -> y.csv 5",
        "new/d.csv added",
        "nmc/a.csv 5.0 -> 6.0",
        "old/c.csv removed",
    )
    assert third.changed_sources == first.changed_sources == ()
    assert (first.published_at, first.country_years, first.lacks) == ("2026-01-01T12:00:00+00:00", 2, ())


def test_other_schema_is_listed_with_what_it_lacks(settings: Settings) -> None:
    with duckdb.connect(str(settings.publications_dir / f"{SECOND}.duckdb")) as connection:
        connection.execute("alter table meta.publication drop column software_version")
        connection.execute("drop table meta.sources")
    (settings.publications_dir / "20260103T00-damaged.duckdb").write_text("not a database")
    kept = kept_publications(settings)
    lacks = {one.publication_id: one.lacks for one in kept}
    assert lacks[SECOND] == ("meta.publication.software_version", "meta.sources")
    assert "not a DuckDB file" in lacks["20260103T00-damaged"][0]
    third = kept[0]
    assert (
        "nmc/a.csv 5.0 -> 6.0" in third.changed_sources
    )  # compared with the last publication that records its sources
    text = publications_text(kept)
    assert f"{SECOND} was made by another version and lacks meta.publication.software_version, meta.sources" in text
    assert "SYNTHETIC" not in text


@pytest.mark.parametrize(
    ("wanted", "expected_id"),
    [(FIRST, FIRST), ("20260101", FIRST), ("20260102T", SECOND), ("previous", SECOND), ("current", None)],
)
def test_publication_is_found(settings: Settings, wanted: str, expected_id: str | None) -> None:
    expected = settings.publications_dir / f"{expected_id}.duckdb" if expected_id else settings.warehouse_path
    assert find(settings, wanted) == PublicationFile(expected)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("202601", "2 ids"), ("9", "no id"), ("", "no id"), ("../warehouse", "no id"), ("*", "no id")],
)
def test_not_found_lists_the_ids(settings: Settings, wanted: str, found: str) -> None:
    with pytest.raises(WarehouseError, match=found) as error:
        find(settings, wanted)
    assert f"{THIRD}, {SECOND}, {FIRST}" in error.value.expected


def test_previous_is_older_than_the_current_publication(settings: Settings) -> None:
    shutil.copyfile(settings.publications_dir / f"{SECOND}.duckdb", settings.warehouse_path)
    assert str(find(settings, "previous")).endswith(f"{FIRST}.duckdb")
    shutil.copyfile(settings.publications_dir / f"{FIRST}.duckdb", settings.warehouse_path)
    with pytest.raises(WarehouseError, match="no publication older"):
        find(settings, "previous")


def test_current_publication_is_listed_without_its_kept_copy(settings: Settings) -> None:
    (settings.publications_dir / f"{THIRD}.duckdb").unlink()
    assert kept_publications(settings)[0].is_current
    assert find(settings, THIRD) == PublicationFile(settings.warehouse_path)


def test_nothing_published(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert kept_publications(settings) == []
    assert "warehouse run" in publications_text([])
    for wanted in ("current", "previous", "2026"):
        with pytest.raises(WarehouseError, match="Publication not found"):
            find(settings, wanted)
