"""Checks of the results tables fail where a table is wrong, and name what is."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from analysis.core import tables
from orchestration.core.settings import REAL, SAMPLE, Settings
from orchestration.publication.result_checks import Finding, result_checks, run_checks
from orchestration.store.publication_file import RECORD_COLUMNS

HEADLINE = "kimball_2010/t1_m2a"
MODEL = {
    "model": HEADLINE,
    "sample": "1816-1817",
    "n": 7_962,
    "events": 667,
    "n_dropped_missing": 38,
    "converged": True,
    "problem": None,
}
COEFFICIENT = {
    "model": HEADLINE,
    "term": "infant_mortality_rose",
    "covariance": "cluster_state",
    "estimate": 0.13381,
    "std_error": 0.06641,
}
AGREEMENT = {"model": HEADLINE, "agrees": True}
AGREEMENT |= {"coefficient_difference": 0.0, "robust_difference": 0.0, "cluster_difference": 0.0}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path, sources=REAL)
    made.results_dir.mkdir()
    with duckdb.connect(str(tmp_path / "build.duckdb")) as build:
        build.execute(
            "create schema marts;"
            " create table marts.country_years as select 1816 + i // 4000 as year from range(12000) as r(i)"
        )
    return made


def findings(settings: Settings, *, model: dict | None = None, agreement: dict | None = None, **coefficient: float):
    """Write the three tables, changed as given, and run the checks."""
    rows = {
        "models": [MODEL | (model or {})],
        "coefficients": [COEFFICIENT | coefficient],
        "estimator_agreement": [AGREEMENT | (agreement or {})],
    }
    for table, content in rows.items():
        complete = [dict.fromkeys(tables.COLUMN_DOCS[table]) | row for row in content]
        tables.frame(table, complete, True).to_parquet(settings.results_dir / f"{table}.parquet")
    return {check.name: finding for check, finding in run_checks(settings)}


def test_right_tables_pass(settings: Settings) -> None:
    found = findings(settings)
    assert {name for name, finding in found.items() if not finding.passed} == set()
    assert found["converged_or_problem_named"].found == "1 of 1 converged"


@pytest.mark.parametrize(
    ("check", "changed", "named"),
    [
        ("converged_or_problem_named", {"model": {"converged": False}}, HEADLINE),
        ("converged_or_problem_named", {"model": {"converged": None}}, HEADLINE),
        ("rows_add_up_to_the_mart", {"model": {"n_dropped_missing": 37}}, f"{HEADLINE}: 7999 of 8000"),
        ("every_model_is_compared", {"agreement": {"model": "another"}}, HEADLINE),
        ("estimator_agreement", {"agreement": {"agrees": False}}, HEADLINE),
        ("known_headline", {"estimate": 0.1339}, "0.1339 (0.0664); known: n 7,962"),
        ("known_headline", {"model": {"events": 668}}, "668 formations"),
    ],
)
def test_a_wrong_table_fails_and_says_where(settings: Settings, check: str, changed: dict, named: str) -> None:
    finding = findings(settings, **changed)[check]
    assert not finding.passed
    assert named in finding.found


def test_a_named_problem_is_not_a_silent_failure(settings: Settings) -> None:
    found = findings(settings, model={"converged": False, "problem": "separation by region"})
    assert found["converged_or_problem_named"].passed


def test_a_changed_headline_is_a_warning_with_both_figures(settings: Settings) -> None:
    assert findings(settings)["headline_drift"] == Finding(True, "nothing to compare with")
    with duckdb.connect(str(settings.warehouse_path)) as publication:
        publication.execute("create schema meta; create schema results")
        columns = ", ".join(f"'{column}' as {column}" for column in RECORD_COLUMNS if column != "is_synthetic")
        publication.execute(f"create table meta.publication as select {columns}, false as is_synthetic")
        for table, row in (("models", MODEL), ("coefficients", COEFFICIENT)):
            frame = pd.DataFrame([row])
            publication.execute(f"create table results.{table} as from frame")
            del frame
    assert findings(settings)["headline_drift"].passed
    drifted = findings(settings, estimate=0.2)["headline_drift"]
    assert not drifted.passed
    assert "0.1338" in drifted.found
    assert "0.2000" in drifted.found


def test_only_the_real_data_have_known_figures() -> None:
    def names(kind: str) -> set[str]:
        return {check.name for check in result_checks(Settings(Path("data"), sources=kind))}

    assert names(REAL) - names(SAMPLE) == {"known_headline"}


def test_informative_checks_stop_nothing() -> None:
    checks = result_checks(Settings(Path("data"), sources=REAL))
    assert {check.name for check in checks if not check.blocking} == {"known_headline", "headline_drift"}
