"""Publishing a build of a few rows: complete, or not at all."""

import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.modelling.result_tables import ESTIMATE_TABLES
from orchestration.publication.codebook import META_TABLES, Column, meta_columns
from orchestration.publication.content import MART_TABLES, Evidence, Publication
from orchestration.publication.write import publish
from orchestration.store.publication_file import PublicationFile

TABLES = (
    {f"meta.{t}": d for t, d in META_TABLES.items()}
    | {f"marts.{t}": "description" for t in MART_TABLES}
    | {f"results.{t}": d for t, d in ESTIMATE_TABLES.items()}
)
MART_COLUMNS = (
    "2 as cow_code, 1816 as year, null::double as cinc, 'w' as source, 1 as atop_id, 0 as phase,"
    " date '1816-01-01' as entry_date, 'v' as variable, 1810 as decade, 'All' as region"
)
RESULT_COLUMNS = (
    "'m' as model, 't' as term, 'c' as covariance, 'mart' as mart_fingerprint, 'e' as effect, 0.5 as value,"
    " 'x' as choice, 'p' as published, 'b' as bin"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder with a build and results."""
    made = Settings(data_dir=tmp_path / "data", keep_publications=2)
    made.results_dir.mkdir(parents=True)
    connection = duckdb.connect(str(made.build_path))
    connection.execute("create schema marts")
    for table in MART_TABLES:
        connection.execute(f"create table marts.{table} as select {MART_COLUMNS}")
    for table in ESTIMATE_TABLES:
        connection.execute(f"copy (select {RESULT_COLUMNS}) to '{made.results_dir / table}.parquet' (format parquet)")
    connection.close()
    return made


@pytest.fixture
def evidence() -> Evidence:
    marts = [
        Column("marts", table, name, 1, "unit", "description", "source", has_years=True)
        for table in MART_TABLES
        for name in re.findall(r" as (\w+)", MART_COLUMNS)
    ]
    results = [
        Column("results", table, name, 1, "unit", "description", "source")
        for table in ESTIMATE_TABLES
        for name in re.findall(r" as (\w+)", RESULT_COLUMNS)
    ]
    check = {"check_name": "a", "kind": "dbt test", "table_name": "t", "status": "pass", "failures": 0}
    return Evidence([], [], [check], marts + results + meta_columns(), TABLES)


def published_id(path: Path) -> str | None:
    record = PublicationFile(path).record()
    return record and record["publication_id"]


def publication(number: int) -> Publication:
    return Publication(f"p{number}", f"2026-01-0{number}T00:00:00+00:00", "f", "mart", True, "0", "SYNTHETIC")


def test_publication_has_coverage_comments_and_no_writers(settings: Settings, evidence: Evidence) -> None:
    assert publish(settings, publication(1), evidence)["marts.country_years"] == 1
    assert published_id(settings.warehouse_path) == "p1"
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        (row,) = connection.execute(
            "select rows, non_null, share_missing, first_year, last_year from meta.columns"
            " where table_name = 'country_years' and column_name = 'cinc'"
        ).fetchall()
        assert row == (1, 0, 1.0, None, None)
        (comment,) = connection.execute(
            "select comment from duckdb_tables() where schema_name = 'meta' and table_name = 'checks'"
        ).fetchone()
        assert comment.startswith("SYNTHETIC")
        with pytest.raises(duckdb.Error):
            connection.execute("delete from marts.country_years")


def test_duplicate_primary_key_is_refused(settings: Settings, evidence: Evidence) -> None:
    with duckdb.connect(str(settings.build_path)) as connection:
        connection.execute(f"insert into marts.country_years select {MART_COLUMNS}")
    with pytest.raises(WarehouseError, match=r"Duplicate primary key(.|\n)*country_years"):
        publish(settings, publication(1), evidence)
    assert not settings.warehouse_path.exists()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda evidence: replace(evidence, checks=[{**evidence.checks[0], "status": "fail"}]), "A check failed"),
        (lambda evidence: replace(evidence, columns=evidence.columns[1:]), "no description"),
    ],
)
def test_failed_audit_leaves_the_current_file(settings: Settings, evidence: Evidence, spoil, problem: str) -> None:
    publish(settings, publication(1), evidence)
    before = settings.warehouse_path.read_bytes()
    with pytest.raises(WarehouseError, match=problem):
        publish(settings, publication(2), spoil(evidence))
    assert settings.warehouse_path.read_bytes() == before
    assert [p.name for p in settings.publications_dir.iterdir()] == ["p1.duckdb"]


@pytest.mark.parametrize("missing", ["marts.country_years.cinc", "results.models.effect", "meta.checks.found"])
def test_column_without_a_codebook_entry_is_refused(settings: Settings, evidence: Evidence, missing: str) -> None:
    columns = [c for c in evidence.columns if f"{c.table_schema}.{c.table_name}.{c.column_name}" != missing]
    with pytest.raises(WarehouseError, match="no description") as caught:
        publish(settings, publication(1), replace(evidence, columns=columns))
    assert caught.value.where == missing
    assert not settings.warehouse_path.exists()


def test_empty_table_is_refused(settings: Settings, evidence: Evidence) -> None:
    with duckdb.connect(str(settings.build_path)) as connection:
        connection.execute("delete from marts.coverage")
    with pytest.raises(WarehouseError, match=r"marts\.coverage"):
        publish(settings, publication(1), evidence)


def test_results_of_another_mart_are_refused(settings: Settings, evidence: Evidence) -> None:
    with pytest.raises(WarehouseError, match="another mart"):
        publish(settings, replace(publication(1), mart_fingerprint="other"), evidence)


@pytest.mark.parametrize("absent", ["choices", "models"])
def test_publication_without_estimates_is_refused(settings: Settings, evidence: Evidence, absent: str) -> None:
    tables = {name: text for name, text in TABLES.items() if name != f"results.{absent}"}
    columns = [column for column in evidence.columns if column.table_name != absent]
    with pytest.raises(WarehouseError, match="Results of this mart are missing"):
        publish(settings, publication(1), replace(evidence, tables=tables, columns=columns))


def test_only_the_newest_publications_are_kept(settings: Settings, evidence: Evidence) -> None:
    for number in (1, 2, 3):
        publish(settings, publication(number), evidence)
    assert sorted(p.name for p in settings.publications_dir.iterdir()) == ["p2.duckdb", "p3.duckdb"]
    assert published_id(settings.publications_dir / "p2.duckdb") == "p2"


def test_open_connection_keeps_its_publication(settings: Settings, evidence: Evidence) -> None:
    publish(settings, publication(1), evidence)
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as reader:
        publish(settings, publication(2), evidence)
        assert reader.execute("select publication_id from meta.publication").fetchone() == ("p1",)
    assert published_id(settings.warehouse_path) == "p2"


def test_file_of_another_schema_has_no_record(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        connection.execute("create table something as select 1 as x")
    assert published_id(tmp_path / "old.duckdb") is None
    (tmp_path / "no.duckdb").write_text("not a database")
    assert published_id(tmp_path / "no.duckdb") is None
