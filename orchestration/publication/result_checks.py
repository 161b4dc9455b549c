"""Checks of the results tables, beside the mart they were fitted on and the publication before."""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from analysis.core.conventions import HEADLINE_COVARIANCE
from analysis.studies.kimball import HEADLINE_MODEL, ROSE
from orchestration.core.database import memory_connection, quote_literal
from orchestration.core.settings import Settings
from orchestration.modelling.results import agreement_checks
from orchestration.publication.changes import headline_change
from orchestration.store import open_store

TABLES = ("models", "coefficients", "estimator_agreement")
# Derived outside the warehouse from ATOP 5.1, NMC 7.0 and the mortality series of 2010; see docs/published-models.md.
KNOWN_HEADLINE = "n 7,962, 667 formations, infant_mortality_rose 0.1338 (0.0664)"


@dataclass(frozen=True)
class Finding:
    """What a check found: whether it passed, and in words."""

    passed: bool
    found: str


@dataclass(frozen=True)
class ResultCheck:
    """One check of a results table.

    Attributes
    ----------
    table, name : str
        The table without its schema, and the name of the check.
    meaning : str
        What it tests, and what a failure means for a user.
    blocking : bool
        Whether a failure ends the refresh; otherwise it is information.
    run : callable
        Takes the settings and a connection with the results tables as views.
    real_only : bool
        Whether it has no meaning on the synthetic sample.
    """

    table: str
    name: str
    meaning: str
    blocking: bool
    run: Callable[[Settings, duckdb.DuckDBPyConnection], Finding]
    real_only: bool = False


def result_checks(settings: Settings) -> list[ResultCheck]:
    """List the checks that apply to the kind of data of the settings."""
    return [check for check in CHECKS if not (check.real_only and settings.is_synthetic)]


def run_checks(settings: Settings) -> list[tuple[ResultCheck, Finding]]:
    """Run every check of the results tables on disk.

    Parameters
    ----------
    settings : Settings
        With the results, the build, and the current publication.

    Returns
    -------
    list of (ResultCheck, Finding)
        In the order of `result_checks`.

    Raises
    ------
    duckdb.Error
        If a table is missing.
    """
    connection = memory_connection()
    try:
        for table in TABLES:
            path = quote_literal(settings.results_dir / f"{table}.parquet")
            connection.execute(f"create view {table} as from {path}")
        return [(check, check.run(settings, connection)) for check in result_checks(settings)]
    finally:
        connection.close()


def _named(rows: list[tuple[str]], otherwise: str) -> Finding:
    return Finding(not rows, ", ".join(name for (name,) in rows) or otherwise)


def _converged(_: Settings, connection: duckdb.DuckDBPyConnection) -> Finding:
    silent = "select model from models where not coalesce(converged, false) and problem is null order by 1"
    counted = "select count(*) filter (converged) || ' of ' || count(*) || ' converged' from models"
    (text,) = connection.execute(counted).fetchall()[0]
    return _named(connection.execute(silent).fetchall(), text)


def _rows_of_mart(settings: Settings, connection: duckdb.DuckDBPyConnection) -> Finding:
    with open_store(settings).attached_build() as build:
        years = build.execute("select year, count(*) from build.marts.country_years group by all").fetchall()
    connection.execute("create or replace temp table panel (year integer, rows bigint)")
    connection.executemany("insert into panel values (?, ?)", years)
    other = connection.execute(
        "select model || ': ' || (n + n_dropped_missing) || ' of ' || sum(rows) from models join panel"
        " on year between split_part(sample, '-', 1)::integer and split_part(sample, '-', 2)::integer"
        " group by model, n, n_dropped_missing having n + n_dropped_missing <> sum(rows) order by 1"
    ).fetchall()
    return _named(other, "n and dropped rows of every model add up to the state-years of its sample")


def _compared(_: Settings, connection: duckdb.DuckDBPyConnection) -> Finding:
    missing = "select model from models anti join estimator_agreement using (model) order by 1"
    return _named(connection.execute(missing).fetchall(), "every model was fitted by both estimators")


def _agreement(settings: Settings, _: duckdb.DuckDBPyConnection) -> Finding:
    checks = agreement_checks(settings)
    found = "; ".join(f"{check.publication}: {check.found}" for check in checks)
    return Finding(not any(check.failures for check in checks), found)


def _known_headline(_: Settings, connection: duckdb.DuckDBPyConnection) -> Finding:
    (row,) = connection.execute(
        "select n, events, estimate, std_error from models join coefficients using (model)"
        f" where model = '{HEADLINE_MODEL}' and term = '{ROSE}' and covariance = '{HEADLINE_COVARIANCE}'"
    ).fetchall() or [(0, 0, float("nan"), float("nan"))]
    n, events, estimate, error = row
    found = f"n {n:,}, {events:,} formations, {ROSE} {estimate:.4f} ({error:.4f})"
    return Finding(found == KNOWN_HEADLINE, found if found == KNOWN_HEADLINE else f"{found}; known: {KNOWN_HEADLINE}")


def _headline_drift(settings: Settings, _: duckdb.DuckDBPyConnection) -> Finding:
    change = headline_change(settings)
    return Finding(change is None or change.is_equal, change.found if change else "nothing to compare with")


CHECKS = (
    ResultCheck(
        "models",
        "converged_or_problem_named",
        "Every model converged, or its column problem says what failed. Otherwise a figure may be no maximum.",
        True,
        _converged,
    ),
    ResultCheck(
        "models",
        "rows_add_up_to_the_mart",
        "n and the rows dropped as missing are together the state-years of the mart in the years of the sample."
        " Otherwise a model was fitted on other rows than published.",
        True,
        _rows_of_mart,
    ),
    ResultCheck(
        "estimator_agreement",
        "estimator_agreement",
        "Coefficients, robust and clustered errors of statsmodels and of the own estimator agree to 1e-8. Otherwise one"
        " of them is wrong.",
        True,
        _agreement,
    ),
    ResultCheck(
        "estimator_agreement",
        "every_model_is_compared",
        "Every published model was fitted by both estimators. Otherwise an error in one would go unnoticed.",
        True,
        _compared,
    ),
    ResultCheck(
        "coefficients",
        "known_headline",
        "The headline model gives the figures derived outside the warehouse. New versions of the sources change them;"
        " without one, a difference is an error.",
        False,
        _known_headline,
        real_only=True,
    ),
    ResultCheck(
        "coefficients",
        "headline_drift",
        "The headline estimate is that of the publication before. A warning says how it changed, and stops nothing.",
        False,
        _headline_drift,
    ),
)
