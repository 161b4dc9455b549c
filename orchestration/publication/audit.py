"""The audit of a new publication file before it replaces the current one."""

from pathlib import Path
from typing import NoReturn

from orchestration.core.database import memory_connection, quote_literal, single_row
from orchestration.core.errors import WarehouseError
from orchestration.modelling.result_tables import ESTIMATE_TABLES
from orchestration.publication.content import Evidence, Publication


class AuditRefused(WarehouseError):
    """The new file failed the audit and was not published."""


def audit(path: Path, publication: Publication, evidence: Evidence) -> dict[str, int]:
    """Audit a new publication file.

    Parameters
    ----------
    path : Path
        The file, closed by its writer.
    publication : Publication
        The expected row of meta.publication.
    evidence : Evidence
        The expected tables, and the checks of this build.

    Returns
    -------
    dict of str to int
        Row count by ``schema.table``, without the tables of meta.

    Raises
    ------
    AuditRefused
        If a table is missing or empty, a column has no description, the results belong to another mart, or a check
        failed.
    """
    absent = [table for table in ESTIMATE_TABLES if table not in evidence.result_tables]
    if absent:
        refuse("Results of this mart are missing.", ", ".join(absent), "estimates of this mart", "none")
    connection = memory_connection()
    try:
        connection.execute(f"attach {quote_literal(path)} as warehouse (read_only)")
        tables = [name for name in evidence.tables if not name.startswith("meta.")]
        counts: dict[str, int] = {
            t: single_row(connection.execute(f"select count(*) from warehouse.{t}"))[0] for t in tables
        }
        undocumented = connection.execute(
            "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()"
            " where database_name = 'warehouse' and comment is null order by 1"
        ).fetchall()
        marts_seen = connection.execute("select distinct mart_fingerprint from warehouse.results.models").fetchall()
    finally:
        connection.close()
    empty = [table for table, rows in counts.items() if not rows]
    failed = [check["check_name"] for check in evidence.checks if check["status"] in ("fail", "error")]
    if empty:
        refuse("A published table is empty.", ", ".join(empty), "at least one row", "no rows")
    if undocumented:
        names = ", ".join(name for (name,) in undocumented)
        refuse("A published column has no description.", names, "description, unit and source", "none")
    if marts_seen != [(publication.mart_fingerprint,)]:
        refuse("The results belong to another mart.", "results.models", publication.mart_fingerprint, str(marts_seen))
    if failed:
        refuse("A check failed.", ", ".join(failed), "every check passes", f"{len(failed)} failed")
    return counts


def refuse(
    problem: str,
    where: str,
    expected: str,
    found: str,
    next_step: str = "Correct the named model or source, then run again.",
) -> NoReturn:
    """Refuse the new file.

    Parameters
    ----------
    problem : str
        One sentence that says what failed.
    where, expected, found, next_step : str
        As in `WarehouseError`.

    Raises
    ------
    AuditRefused
        Always.
    """
    raise AuditRefused(
        problem + " Nothing was published; the current publication is unchanged.",
        where=where,
        expected=expected,
        found=found,
        next_step=next_step,
    )
