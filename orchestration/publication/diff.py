"""What changed from one publication to another: sources, schema, cells of the marts, estimates."""

import math
from dataclasses import dataclass

import duckdb

from orchestration.core.database import memory_connection, rows_as_dicts
from orchestration.core.errors import WarehouseError
from orchestration.publication.compare import TableDifference, compare
from orchestration.publication.kept import source_changes, source_versions
from orchestration.publication.table_keys import TABLE_KEYS
from orchestration.store.protocol import StoredPublication

SIGNIFICANT = 0.05
RECORD = ("publication_id", "published_at", "is_synthetic", "software_version", "note")


@dataclass(frozen=True)
class CoefficientChange:
    """One coefficient under one covariance, whose estimate or p-value changed.

    shift: the change of the estimate in standard errors of the one before (for a covariance without any, in those
    clustered by state). crosses: whether the p-value is below 0.05 in one of the two and not in the other.
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
        before, after = self.p_value_before, self.p_value_after
        return before is not None and after is not None and (before < SIGNIFICANT) != (after < SIGNIFICANT)


@dataclass(frozen=True)
class ModelChange:
    """A model whose sample or fit changed."""

    model: str
    n_before: int | None
    n_after: int | None
    events_before: int | None
    events_after: int | None
    log_likelihood_before: float | None
    log_likelihood_after: float | None


@dataclass(frozen=True)
class PublicationDifference:
    """How a publication differs from the one before.

    before, after: what meta.publication says of each. tables: by ``schema.table``, the equal ones too.
    not_compared: tables both have and that could not be compared, with the reason. coefficients: largest shift first.
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
    """Compare two publications, opened read-only; see comparison.compare for the tolerance.

    A part that one of them lacks, since another version made it, is named in not_compared.
    Raises WarehouseError where one cannot be opened or is no publication.
    """
    connection = memory_connection()
    try:
        connection.execute("set timezone = 'UTC'")
        old = _attach(connection, before, "before")
        new = old if before == after else _attach(connection, after, "after")
        tables_old, tables_new = _tables(connection, old), _tables(connection, new)
        tables, not_compared = {}, {}
        for name, key in TABLE_KEYS.items():
            if name in tables_old and name in tables_new:
                try:
                    tables[name] = compare(
                        connection, f"{old}.{name}", f"{new}.{name}", key.columns, year=key.year, tolerance=tolerance
                    )
                except (ValueError, duckdb.Error) as error:
                    not_compared[name] = str(error)
        parts = {
            "meta.sources": lambda: source_changes(source_versions(connection, old), source_versions(connection, new)),
            "results.coefficients": lambda: _coefficients(connection, old, new, tolerance),
            "results.models": lambda: _models(connection, old, new, tolerance),
        }
        found = {}
        for name, part in parts.items():
            try:
                found[name] = part()
            except duckdb.Error as error:
                found[name], not_compared[name] = (), str(error)
        return PublicationDifference(
            before=_record(connection, old),
            after=_record(connection, new),
            sources=found["meta.sources"],
            tables_added=tuple(sorted(tables_new - tables_old)),
            tables_removed=tuple(sorted(tables_old - tables_new)),
            tables=tables,
            not_compared=not_compared,
            coefficients=found["results.coefficients"],
            models=found["results.models"],
        )
    finally:
        connection.close()


def _attach(connection: duckdb.DuckDBPyConnection, publication: StoredPublication, name: str) -> str:
    try:
        publication.attach_to(connection, f"published_{name}")
    except duckdb.Error as error:
        raise WarehouseError(
            "A publication cannot be opened.",
            where=str(publication),
            expected="a DuckDB file written by this version of DuckDB or an earlier one",
            found=str(error).splitlines()[0],
            next_step="Compare two others: warehouse publications lists them.",
        ) from error
    return f"published_{name}"


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    rows = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = ?", [database]
    ).fetchall()
    return {name for (name,) in rows}


def _record(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, object]:
    try:
        cursor = connection.execute(f"select * from {database}.meta.publication")
    except duckdb.Error as error:
        raise WarehouseError(
            "A file is no publication.",
            where="before" if database.endswith("before") else "after",
            expected="a table meta.publication",
            found=str(error).splitlines()[0],
            next_step="compare two others: warehouse publications lists them",
        ) from error
    (row,) = rows_as_dicts(cursor)
    return {name: str(row[name]) if name == "published_at" else row[name] for name in RECORD if name in row}


def _coefficients(
    connection: duckdb.DuckDBPyConnection, old: str, new: str, tolerance: float
) -> tuple[CoefficientChange, ...]:
    rows = connection.execute(
        "with before as (select *, coalesce(std_error, max(std_error) filter (covariance = 'cluster_state')"
        f" over (partition by model, term)) as scale from {old}.results.coefficients)"
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
