"""What changes with a publication: the marts and the headline, compared with the publication that it replaces."""

from dataclasses import dataclass

import duckdb

from analysis.core.conventions import HEADLINE_COVARIANCE
from analysis.studies.kimball import HEADLINE_MODEL, ROSE
from orchestration.core.database import memory_connection, quote_literal
from orchestration.core.settings import Settings
from orchestration.publication.compare import TableDifference, compare
from orchestration.publication.content import MART_TABLES
from orchestration.publication.table_keys import TABLE_KEYS
from orchestration.store import open_store
from orchestration.store.publication_file import PublicationFile

KIND = "changes since the last publication"
LISTED = 4
HEADLINE = f"""
    select
        any_value(m.n) as n,
        any_value(m.events) as events,
        any_value(c.estimate) as estimate,
        any_value(c.std_error) as std_error
    from {{models}} as m
    left join {{coefficients}} as c
        on m.model = c.model and c.term = '{ROSE}' and c.covariance = '{HEADLINE_COVARIANCE}'
    where m.model = '{HEADLINE_MODEL}'
"""


@dataclass(frozen=True)
class Change:
    """What changed in one table, or in the headline model, in words; and whether nothing did."""

    table: str
    found: str
    is_equal: bool = False


def changes_since_last(settings: Settings) -> list[Change]:
    """Compare the build and its results with the current publication, before it is replaced.

    Parameters
    ----------
    settings : Settings
        With the build, the results and the current publication.

    Returns
    -------
    list of Change
        One for each mart and one for the headline model; empty if nothing is published yet, or the publication is of
        the other kind of data (real or synthetic).
    """
    published = PublicationFile(settings.warehouse_path)
    record = published.record()
    if record is None or record["is_synthetic"] != settings.is_synthetic:
        return []
    with open_store(settings).attached_build() as connection:
        published.attach_to(connection, "published")
        changes = [Change(table, _mart_change(connection, table)) for table in MART_TABLES]
        return [*changes, _headline_change(connection, settings)]


def headline_change(settings: Settings) -> Change | None:
    """Compare the headline model with that of the current publication; None without one of the same kind of data."""
    published = PublicationFile(settings.warehouse_path)
    record = published.record()
    if record is None or record["is_synthetic"] != settings.is_synthetic:
        return None
    connection = memory_connection()
    try:
        published.attach_to(connection, "published")
        return _headline_change(connection, settings)
    finally:
        connection.close()


def _mart_change(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    name = f"marts.{table}"
    key = TABLE_KEYS[name]
    try:
        found = compare(connection, f"published.{name}", f"build.{name}", key.columns, year=key.year)
    except (ValueError, duckdb.Error) as error:  # published by a version with another table
        return f"not comparable: {' '.join(str(error).split())[:200]}"
    return _in_words(found)


def _in_words(found: TableDifference) -> str:
    if found.is_equal:
        return "equal"
    parts = []
    if found.rows_added or found.rows_removed:
        parts.append(f"{found.rows_added:,} rows added, {found.rows_removed:,} removed")
    parts += [f"column {column} added" for column in found.columns_added]
    parts += [f"column {column} removed" for column in found.columns_removed]
    parts += [f"column {column} {before} -> {after}" for column, before, after in found.types_changed]
    if found.columns:
        listed = ", ".join(f"{column.column} {column.cells:,}" for column in found.columns[:LISTED])
        more = f" and {len(found.columns) - LISTED} more columns" if len(found.columns) > LISTED else ""
        parts.append(f"cells changed: {listed}{more}")
    return "; ".join(parts)


def _headline_change(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Change:
    files = {name: quote_literal(settings.results_dir / f"{name}.parquet") for name in ("models", "coefficients")}
    try:
        before = connection.execute(
            HEADLINE.format(models="published.results.models", coefficients="published.results.coefficients")
        ).fetchone()
        after = connection.execute(HEADLINE.format(**files)).fetchone()
    except duckdb.Error as error:
        return Change("headline", f"not comparable: {' '.join(str(error).split())[:200]}")
    if before == after:
        return Change("headline", f"equal: {_estimate(after)}", is_equal=True)
    return Change("headline", f"{_estimate(before)} -> {_estimate(after)}")


def _estimate(row: tuple[int | None, int | None, float | None, float | None] | None) -> str:
    n, events, estimate, error = row or (None, None, None, None)
    if n is None or estimate is None or error is None:
        return "no estimate"
    return f"{ROSE} {estimate:.4f} ({error:.4f}), n {n:,}, {events:,} formations"
