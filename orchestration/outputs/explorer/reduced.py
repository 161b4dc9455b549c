"""Write the reduced copy of a publication that the page embeds, with a record of what is left out."""

from pathlib import Path

import duckdb

from orchestration.core.database import memory_connection, quote_literal
from orchestration.core.errors import WarehouseError
from orchestration.store.protocol import StoredPublication

LEFT_OUT = {
    "marts.dyad_years": "1.9 million rows are too many for one page",
    "results.separation": "each observation of the separation plot",
}
FACTS, LEFT_OUT_TABLE = "explorer_facts", "explorer_left_out"


def write_reduced(publication: StoredPublication, path: Path, facts: dict[str, str]) -> dict[str, int]:
    """Write a new DuckDB file with every table of a publication except those of LEFT_OUT.

    Rows keep their order, so that a query without ORDER BY gives what it gives on the publication. The copy has no
    keys, since their indexes would double its size.

    Parameters
    ----------
    publication : StoredPublication
        The publication.
    path : Path
        File to write; must not exist.
    facts : dict of str to str
        What the page says about the publication beside its tables, written to ``meta.explorer_facts``.

    Returns
    -------
    dict of str to int
        Rows of each table that is left out, also in ``meta.explorer_left_out`` of the copy.

    Raises
    ------
    WarehouseError
        If the publication does not exist or cannot be copied.
    """
    publication.open().close()  # its error names what is missing
    try:
        with memory_connection() as connection:
            publication.attach_to(connection, "published")
            connection.execute(f"attach {quote_literal(path)} as page")
            return _copy(connection, facts)
    except duckdb.Error as error:
        raise WarehouseError(
            "The publication could not be copied into the page.",
            where=str(publication),
            expected="a publication of this version, and a writable folder for temporary files",
            found=str(error).splitlines()[0],
            next_step="Free disk space, or publish a new one with warehouse run.",
        ) from error


def _copy(connection: duckdb.DuckDBPyConnection, facts: dict[str, str]) -> dict[str, int]:
    left_out = {}
    tables = connection.execute(
        "select table_schema, table_name, table_comment from information_schema.tables"
        " where table_catalog = 'published' and table_schema in ('marts', 'results', 'meta') order by all"
    ).fetchall()
    for schema in ("marts", "results", "meta"):
        connection.execute(f"create schema page.{schema}")
    for schema, table, comment in tables:
        name = f"{schema}.{table}"
        if name in LEFT_OUT:
            (left_out[name],) = connection.execute(f"select count(*) from published.{name}").fetchone() or (0,)
            continue
        connection.execute(f"create table page.{name} as from published.{name}")
        if comment:
            connection.execute(f"comment on table page.{name} is {quote_literal(comment)}")
    _write_records(connection, FACTS, "name varchar, value varchar", [*facts.items()])
    _write_records(
        connection,
        LEFT_OUT_TABLE,
        "table_name varchar, rows integer, reason varchar",
        [(name, rows, LEFT_OUT[name]) for name, rows in left_out.items()],
    )
    return left_out


def _write_records(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, records: list[tuple[object, ...]]
) -> None:
    connection.execute(f"create table page.meta.{table} ({columns})")
    for record in records:
        places = ", ".join("?" * len(record))
        connection.execute(f"insert into page.meta.{table} values ({places})", record)
