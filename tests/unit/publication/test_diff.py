"""Comparison of two publications: sources, schema, estimates that cross 0.05, and parts that only one of them has."""

from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.publication.diff import diff_publications
from orchestration.publication.diff_text import publication_diff_text
from orchestration.store.publication_file import PublicationFile

COEFFICIENTS = {
    ("rose", "cluster_state"): (0.134, 0.067, 0.044),
    ("rose", "score_bootstrap"): (0.134, None, 0.050),
    ("level", "cluster_state"): (0.5, 0.5, None),
}


def publish(
    path: Path, coefficients: dict, *, version: str = "5.0", cinc: str = "0.5", n: int = 100
) -> PublicationFile:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema meta; create schema marts; create schema results")
        connection.execute(
            f"create table meta.publication as select '{path.stem}' as publication_id,"
            " timestamptz '2026-01-01 12:00:00+00' as published_at, true as is_synthetic, 'SYNTHETIC: x' as note"
        )
        connection.execute(
            f"create table meta.sources as select 'nmc' as source, 'nmc-{version}.csv' as file,"
            f" '{version}' as version, '{version}' as sha256"
        )
        connection.execute(
            f"create table marts.country_years as select 2 as cow_code, 1816 as year, {cinc}::double as cinc"
        )
        connection.execute(
            f"create table results.models as select 'm' as model, {n} as n, 9 as events, -1.5 as log_likelihood"
        )
        connection.execute(
            "create table results.coefficients (model varchar, term varchar, covariance varchar, estimate double,"
            " std_error double, p_value double)"
        )
        for (term, covariance), values in coefficients.items():
            connection.execute(
                "insert into results.coefficients values ('m', ?, ?, ?, ?, ?)", [term, covariance, *values]
            )
    return PublicationFile(path)


@pytest.fixture
def before(tmp_path: Path) -> PublicationFile:
    return publish(tmp_path / "one.duckdb", COEFFICIENTS)


def test_changed_estimates_and_sources(before: PublicationFile, tmp_path: Path) -> None:
    changed = COEFFICIENTS | {
        ("rose", "cluster_state"): (0.067, 0.067, 0.06),
        ("rose", "score_bootstrap"): (0.067, None, 0.06),
    }
    after = publish(tmp_path / "two.duckdb", changed, version="6.0", cinc="null", n=110)
    found = diff_publications(before, after)
    assert found.sources == ("nmc/nmc-5.0.csv 5.0 -> nmc-6.0.csv 6.0",)
    assert found.not_compared == {}
    (cinc,) = found.tables["marts.country_years"].columns
    assert (cinc.became_null, cinc.changed) == (1, 0)
    first, second = found.coefficients
    assert (first.covariance, first.crosses) == ("cluster_state", True)
    assert (second.covariance, second.crosses) == ("score_bootstrap", False)  # 0.05 is not below 0.05
    assert (
        first.shift == second.shift == pytest.approx(1.0)
    )  # the bootstrap has no standard error: that of cluster_state is used
    (model,) = found.models
    assert (model.n_before, model.n_after, model.events_before) == (100, 110, 9)

    text = publication_diff_text(found, limit=1)
    assert "coefficients: 2 changed, of which 1 cross p = 0.05; largest first" in text
    for shown in ("0.134 -> 0.067", "... and 1 more (--limit)", "100 -> 110", "SYNTHETIC", "1810s"):
        assert shown in text
    assert "decade  rows added  rows removed  cinc" in text


def test_equal_publications(before: PublicationFile, tmp_path: Path) -> None:
    found = diff_publications(before, publish(tmp_path / "two.duckdb", COEFFICIENTS))
    text = publication_diff_text(found, limit=5)
    assert "sources and schema are the same" in text
    assert "equal: marts.country_years, results.models, results.coefficients" in text
    assert not found.coefficients
    assert not found.models
    assert publication_diff_text(diff_publications(before, before), limit=5).count("one  (2026-01-01 12:00 UTC)") == 2


def test_tolerance_ignores_the_last_digits(before: PublicationFile, tmp_path: Path) -> None:
    nearly = {key: (values[0] * (1 + 1e-12), *values[1:]) for key, values in COEFFICIENTS.items()}
    after = publish(tmp_path / "two.duckdb", nearly, cinc="0.5000000000001")
    exact = diff_publications(before, after)
    assert len(exact.coefficients) == 3
    assert not exact.tables["marts.country_years"].is_equal
    assert "--tolerance 1e-09" in publication_diff_text(exact, limit=5)
    near = diff_publications(before, after, tolerance=1e-9)
    assert near.coefficients == ()
    assert all(table.is_equal for table in near.tables.values())


def test_parts_of_another_schema_are_not_compared(before: PublicationFile, tmp_path: Path) -> None:
    after = publish(tmp_path / "two.duckdb", COEFFICIENTS, cinc="0.6")
    with duckdb.connect(str(after.path)) as connection:
        connection.execute("alter table results.coefficients drop column covariance; drop table meta.sources")
        connection.execute("create table marts.countries as select 2 as cow_code")
    found = diff_publications(before, after)
    assert set(found.not_compared) == {"results.coefficients", "meta.sources"}
    assert (found.tables_added, found.tables_removed) == (("marts.countries",), ("meta.sources",))
    text = publication_diff_text(found, limit=5)
    assert "schema  marts.countries added" in text
    assert "results.coefficients could not be compared" in text
    assert "marts.country_years: cells changed" in text


def test_file_without_a_publication_is_an_error(before: PublicationFile, tmp_path: Path) -> None:
    (tmp_path / "damaged.duckdb").write_text("damaged")
    with pytest.raises(WarehouseError, match="cannot be opened") as error:
        diff_publications(before, PublicationFile(tmp_path / "damaged.duckdb"))
    assert "damaged.duckdb" in error.value.where
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute("create table something as select 1 as x")
    with pytest.raises(WarehouseError, match=r"no table meta\.publication"):
        diff_publications(before, PublicationFile(tmp_path / "other.duckdb"))
