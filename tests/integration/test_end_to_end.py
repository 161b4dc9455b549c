"""From the real files to the publication: it must contain figures that were computed independently."""

import shutil
from pathlib import Path

import pytest

from tests.support.shell import Done, Shell


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select count(*) from marts.country_years where year <= 2000", "12854"),
        ("select count(*) from marts.country_years where year <= 2016", "15951"),
        ("select cinc from marts.country_years where cow_code = 2 and year = 1945", "0.38386354"),
        ("select count(imr_abouharb_kimball) from marts.country_years where year <= 2000", "9768"),
        ("select count(infant_mortality_change_1y) from marts.country_years where year <= 2000", "9494"),
        ("select count(*) from marts.country_years where year <= 2000 and infant_mortality_rose", "2055"),
        ("select count(*) from marts.country_years where year <= 2000 and forms_military_alliance", "1030"),
        ("select count(*) from marts.country_years where year <= 2000 and forms_defense_alliance", "634"),
        ("select count(*) from marts.country_years where year <= 2000 and forms_any_alliance", "1333"),
        ("select bool_and(not is_synthetic) from meta.publication", "true"),
        ("select count(*) from meta.checks where status in ('fail', 'error')", "0"),
    ],
)
def test_published_figures(real_warehouse: Shell, query: str, expected: str) -> None:
    assert real_warehouse.sql(query) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("t1_m1a", "8043,672"),
        ("t1_m2a", "7962,667,0.1338,0.0664"),
        ("t1_m2b", "7295,622,0.1696,0.0671"),
        ("t2_m2a", "7962,667,0.1322,0.0671"),
        ("t1_m2a/as_published", "8966,743,0.1412,0.061"),
        ("t2_m2a/as_published", "8966,743,0.139,0.0618"),
    ],
)
def test_published_models(real_warehouse: Shell, model: str, expected: str) -> None:
    """State-years, formations, and the coefficient of the rise with its error clustered by state."""
    found = real_warehouse.sql(
        "select n, events, round(estimate, 4), round(std_error, 4) from results.models as m left join"
        " results.coefficients as c on m.model = c.model and term = 'infant_mortality_rose'"
        f" and covariance = 'cluster_state' where m.model = 'kimball_2010/{model}'"
    )
    assert found.rstrip(",") == expected


def test_statsmodels_and_the_own_estimator_agree(real_warehouse: Shell) -> None:
    """Differences in standard errors and relative to standard errors; the refresh publishes a check of each."""
    found = real_warehouse.sql(
        "select count(*), bool_and(agrees), max(greatest(coefficient_difference, robust_difference,"
        " cluster_difference)) < 1e-8 from results.estimator_agreement"
    )
    assert found == "44,true,true"
    checks = "select check_name, status from meta.checks where kind = 'estimator agreement' order by all"
    assert real_warehouse.sql(checks).splitlines() == [
        "estimator_agreement_allen_digiuseppe_2013,pass",
        "estimator_agreement_kimball_2010,pass",
    ]


def test_eight_models_for_each_rule(real_warehouse: Shell) -> None:
    counted = real_warehouse.sql("select rule, count(*) from results.models group by all order by all")
    assert counted.splitlines() == ["any,8", "defense,8", "military,16"]


def test_the_rise_is_reported_under_every_covariance(real_warehouse: Shell) -> None:
    found = real_warehouse.sql(
        "select distinct covariance from results.coefficients where term = 'infant_mortality_rose'"
        " and estimate is not null and p_value is not null order by all"
    )
    by_state = ["cluster_state", "cluster_state_jackknife", "cluster_state_year"]
    assert found.splitlines() == [*by_state, "score_bootstrap", "stata_robust"]


def test_published_models_are_replicated(real_warehouse: Shell) -> None:
    """Allen & DiGiuseppe (2013), Models 2.1, 4.1 and 5.1 as printed: n, events, log likelihood, debt, its error."""
    found = real_warehouse.sql(
        "select model, n, events, round(log_likelihood, 3), round(estimate, 6), round(std_error, 6)"
        " from results.replications where term_order = 1 and model similar to '.*/[245].1' order by model"
    )
    assert found.splitlines() == [
        "allen_digiuseppe_2013/2.1,5055,388,-1190.668,0.212333,0.075553",
        "allen_digiuseppe_2013/4.1,3772,221,-725.806,0.001175,0.000442",
        "allen_digiuseppe_2013/5.1,2550,179,-575.566,-0.006654,0.002207",
    ]
    assert (
        real_warehouse.sql("select count(distinct model) from results.replications where estimate is not null") == "12"
    )


def test_tables_and_figures_are_written(real_warehouse: Shell) -> None:
    folder = real_warehouse.data_dir / "publication"
    endings = {path.suffix for path in folder.rglob("*")}
    assert {".tex", ".html", ".md", ".csv", ".png", ".svg"} <= endings
    headline = (folder / "tables" / "kimball_2010_t1_military.md").read_text()
    assert "7,962" in headline
    assert "SYNTHETIC" not in headline


def test_results_belong_to_the_published_mart(real_warehouse: Shell) -> None:
    assert (
        real_warehouse.sql(
            "select count(*) from results.models"
            " where mart_fingerprint <> (select mart_fingerprint from meta.publication)"
        )
        == "0"
    )


def test_every_published_column_is_described(real_warehouse: Shell) -> None:
    undescribed = real_warehouse.sql(
        "select count(*) from duckdb_columns() as c left join meta.columns as m on m.table_schema = c.schema_name"
        " and m.table_name = c.table_name and m.column_name = c.column_name"
        " where c.database_name = current_database() and (m.unit is null or m.description is null or m.source is null)"
    )
    assert undescribed == "0"


def test_a_second_run_finds_nothing_to_do(real_warehouse: Shell, mirror: Path) -> None:
    before = real_warehouse.published_hash()
    done = real_warehouse("run", "--sources", str(mirror), "--offline")
    assert done.returncode == 0
    assert "nothing changed" in done.stdout
    assert real_warehouse.published_hash() == before


def test_results_status_and_sources_print_their_tables(real_warehouse: Shell) -> None:
    results, status, sources = (real_warehouse(name) for name in ("results", "status", "sources"))
    assert "infant_mortality_rose" in results.stdout
    assert "score_bootstrap" in results.stdout
    assert "what the published commands fix, what they leave open" in results.stdout
    assert "raises alliance formation is not robust" in " ".join(results.stdout.split())
    assert "not run: the multiverse of specifications" in " ".join(results.stdout.split())
    assert max(map(len, results.stdout.splitlines())) <= 80
    assert "published" in status.stdout
    assert "success" in status.stdout
    assert "atop5_1m.csv" in sources.stdout
    assert {results.returncode, status.returncode, sources.returncode} == {0}


def test_sources_verify_names_a_wrong_cached_file(real_warehouse: Shell, tmp_path: Path) -> None:
    shell = Shell(tmp_path / "data", (("WAREHOUSE_OFFLINE", "1"),))
    shutil.copytree(real_warehouse.data_dir / "sources", shell.data_dir / "sources")
    assert shell("sources", "verify").returncode == 0
    spoiled = next((shell.data_dir / "sources" / "atop").rglob("atop5_1m.csv"))
    spoiled.write_bytes(spoiled.read_bytes().replace(b"1815", b"1816", 1))
    done = shell("sources", "verify")
    assert done.returncode == 1
    assert any("atop5_1m.csv" in line and "FAILED" in line for line in done.stdout.splitlines())


def test_the_sample_is_used_without_network_and_mirror(sample_warehouse: tuple[Shell, Done]) -> None:
    shell, done = sample_warehouse
    lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    assert "SYNTHETIC" in lines[0]
    assert "SYNTHETIC" in lines[-1]
    assert "SYNTHETIC" in shell.sql("select note from meta.publication")
    assert shell.sql("select bool_and(is_synthetic) from meta.sources") == "true"
    tables = shell.sql("select table_name from duckdb_tables() where schema_name = 'results'").splitlines()
    assert len(tables) >= 5
    for table in tables:
        assert shell.sql(f"select bool_and(is_synthetic) from results.{table}") == "true", table


def test_the_sample_never_replaces_real_data(real_warehouse: Shell, tmp_path: Path) -> None:
    shell = Shell(tmp_path / "data", (("WAREHOUSE_OFFLINE", "1"),))
    shell.data_dir.mkdir()
    shutil.copy(real_warehouse.published, shell.published)
    before = shell.published_hash()
    done = shell("run")
    assert done.returncode == 1
    assert "must not replace" in done.stderr
    assert shell.published_hash() == before
