"""Differences between two publications: sources, schema, cells of every table, models and coefficients."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import duckdb

from analysis.core.conventions import HEADLINE_COVARIANCE, SIGNIFICANCE_LEVEL
from orchestration.core.database import memory_connection, rows_as_dicts
from orchestration.core.errors import WarehouseError
from orchestration.publication.compare import TableDifference, compare
from orchestration.publication.kept import source_changes, source_versions
from orchestration.publication.table_keys import TABLE_KEYS
from orchestration.store.protocol import StoredPublication

RECORD_COLUMNS = ("publication_id", "published_at", "is_synthetic", "software_version", "note")

T = TypeVar("T")


@dataclass(frozen=True)
class CoefficientChange:
    """One coefficient under one covariance, with another estimate or p-value.

    Attributes
    ----------
    model, term, covariance : str
        Key of results.coefficients.
    estimate_before, estimate_after : float or None
        Estimates in units of the linear index.
    p_value_before, p_value_after : float or None
        Two-sided p-values (0 to 1).
    shift : float or None
        Absolute change of the estimate in standard errors of the first publication; for a covariance without a
        standard error, in those of the headline covariance.
    """

    model: str
    term: str
    covariance: str
    estimate_before: float | None
    estimate_after: float | None
    p_value_before: float | None
    p_value_after: float | None
    shift: float | None

    @property
    def crosses(self) -> bool:
        """Whether exactly one of the two p-values is below the significance level."""
        if self.p_value_before is None or self.p_value_after is None:
            return False
        return (self.p_value_before < SIGNIFICANCE_LEVEL) != (self.p_value_after < SIGNIFICANCE_LEVEL)


@dataclass(frozen=True)
class ModelChange:
    """A model with another sample or another fit.

    Attributes
    ----------
    model : str
        Key of results.models.
    n_before, n_after : int or None
        Observations.
    events_before, events_after : int or None
        Observations with the outcome.
    log_likelihood_before, log_likelihood_after : float or None
        Maximised log-likelihoods.
    """

    model: str
    n_before: int | None
    n_after: int | None
    events_before: int | None
    events_after: int | None
    log_likelihood_before: float | None
    log_likelihood_after: float | None


@dataclass(frozen=True)
class PublicationDifference:
    """Differences between two publications.

    Attributes
    ----------
    before, after : dict of str to object
        `RECORD_COLUMNS` of meta.publication.
    sources : tuple of str
        Changed source files, see `source_changes`.
    tables_added, tables_removed : tuple of str
        Tables that only one publication has, as ``schema.table``.
    tables : dict of str to TableDifference
        By ``schema.table``, equal tables included.
    not_compared : dict of str to str
        Tables of both publications that could not be compared, with the reason.
    coefficients : tuple of CoefficientChange
        Largest shift first.
    models : tuple of ModelChange
        By name.
    """

    before: dict[str, object]
    after: dict[str, object]
    sources: tuple[str, ...]
    tables_added: tuple[str, ...]
    tables_removed: tuple[str, ...]
    tables: dict[str, TableDifference]
    not_compared: dict[str, str]
    coefficients: tuple[CoefficientChange, ...]
    models: tuple[ModelChange, ...]


def diff_publications(
    before: StoredPublication, after: StoredPublication, tolerance: float = 0.0
) -> PublicationDifference:
    """Compare two publications.

    Parameters
    ----------
    before, after : StoredPublication
        Opened read-only.
    tolerance : float
        Relative tolerance for numbers, see `compare`.

    Returns
    -------
    PublicationDifference
        A table that another version of the warehouse made with another schema is listed in ``not_compared``.

    Raises
    ------
    WarehouseError
        If a publication cannot be opened or has no table meta.publication.
    """
    connection = memory_connection()
    try:
        connection.execute("set timezone = 'UTC'")
        old = _attach(connection, before, "before")
        new = old if before == after else _attach(connection, after, "after")
        tables_old, tables_new = _tables(connection, old), _tables(connection, new)
        not_compared: dict[str, str] = {}
        tables = {}
        for name, key in TABLE_KEYS.items():
            if name in tables_old and name in tables_new:
                try:
                    tables[name] = compare(
                        connection, f"{old}.{name}", f"{new}.{name}", key.columns, year=key.year, tolerance=tolerance
                    )
                except (ValueError, duckdb.Error) as error:
                    not_compared[name] = str(error)
        return PublicationDifference(
            before=_record(connection, old, before),
            after=_record(connection, new, after),
            sources=_part(
                "meta.sources",
                lambda: source_changes(source_versions(connection, old), source_versions(connection, new)),
                not_compared,
            ),
            tables_added=tuple(sorted(tables_new - tables_old)),
            tables_removed=tuple(sorted(tables_old - tables_new)),
            tables=tables,
            not_compared=not_compared,
            coefficients=_part(
                "results.coefficients", lambda: _coefficients(connection, old, new, tolerance), not_compared
            ),
            models=_part("results.models", lambda: _models(connection, old, new, tolerance), not_compared),
        )
    finally:
        connection.close()


def _part(name: str, read: Callable[[], tuple[T, ...]], not_compared: dict[str, str]) -> tuple[T, ...]:
    """Read one part; a part with another schema is empty and listed in ``not_compared``."""
    try:
        return read()
    except duckdb.Error as error:
        not_compared[name] = str(error)
        return ()


def _attach(connection: duckdb.DuckDBPyConnection, publication: StoredPublication, name: str) -> str:
    try:
        publication.attach_to(connection, f"published_{name}")
    except duckdb.Error as error:
        raise WarehouseError(
            "The publication cannot be opened.",
            where=str(publication),
            expected="a DuckDB file written by this version of DuckDB or an earlier one",
            found=str(error).splitlines()[0],
            next_step="Choose another publication from the list of warehouse publications.",
        ) from error
    return f"published_{name}"


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    rows = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = ?", [database]
    ).fetchall()
    return {name for (name,) in rows}


def _record(connection: duckdb.DuckDBPyConnection, database: str, publication: StoredPublication) -> dict[str, object]:
    try:
        cursor = connection.execute(f"select * from {database}.meta.publication")
    except duckdb.Error as error:
        raise WarehouseError(
            "The database has no table meta.publication.",
            where=str(publication),
            expected="a publication of the warehouse",
            found=str(error).splitlines()[0],
            next_step="Choose another publication from the list of warehouse publications.",
        ) from error
    (row,) = rows_as_dicts(cursor)
    return {name: str(row[name]) if name == "published_at" else row[name] for name in RECORD_COLUMNS if name in row}


def _coefficients(
    connection: duckdb.DuckDBPyConnection, old: str, new: str, tolerance: float
) -> tuple[CoefficientChange, ...]:
    rows = connection.execute(
        "with before as (select *, coalesce(std_error, max(std_error) filter"
        f" (covariance = '{HEADLINE_COVARIANCE}') over (partition by model, term)) as scale"
        f" from {old}.results.coefficients)"
        " select model, term, covariance, b.estimate, a.estimate, b.p_value, a.p_value,"
        " abs(a.estimate - b.estimate) / nullif(b.scale, 0)"
        f" from before as b join {new}.results.coefficients as a using (model, term, covariance)"
        " where b.estimate is distinct from a.estimate or b.p_value is distinct from a.p_value"
        " order by 8 desc nulls last, model, term, covariance"
    ).fetchall()
    changes = [CoefficientChange(*row) for row in rows]
    return tuple(
        change
        for change in changes
        if not _near(change.estimate_before, change.estimate_after, tolerance)
        or not _near(change.p_value_before, change.p_value_after, tolerance)
    )


def _models(connection: duckdb.DuckDBPyConnection, old: str, new: str, tolerance: float) -> tuple[ModelChange, ...]:
    rows = connection.execute(
        "select model, b.n, a.n, b.events, a.events, b.log_likelihood, a.log_likelihood"
        f" from {old}.results.models as b join {new}.results.models as a using (model) order by model"
    ).fetchall()
    changes = [ModelChange(*row) for row in rows]
    return tuple(
        change
        for change in changes
        if (change.n_before, change.events_before) != (change.n_after, change.events_after)
        or not _near(change.log_likelihood_before, change.log_likelihood_after, tolerance)
    )


def _near(before: float | None, after: float | None, tolerance: float) -> bool:
    if before is None or after is None:
        return before is after
    return (
        before == after or math.isclose(before, after, rel_tol=tolerance) or (math.isnan(before) and math.isnan(after))
    )
