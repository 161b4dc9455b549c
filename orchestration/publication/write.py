"""Write a new publication beside the current one, audit it, and replace the current file atomically."""

import os
import shutil
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.database import quote_identifier, quote_literal, single_row
from orchestration.core.errors import WarehouseError
from orchestration.core.files import sync
from orchestration.core.settings import Settings
from orchestration.publication.audit import audit, refuse
from orchestration.publication.codebook import Column
from orchestration.publication.content import SYNTHETIC_NOTE, Evidence, Publication, Rows
from orchestration.publication.table_keys import TABLE_KEYS
from orchestration.store import open_store
from orchestration.store.publication_file import PublicationFile


def publish(settings: Settings, publication: Publication, evidence: Evidence) -> dict[str, int]:
    """Publish the build and the results.

    The current file is replaced only by one that passed the audit; on any failure it is unchanged byte for byte.

    Parameters
    ----------
    settings : Settings
        Their data folder holds the results and receives the publication.
    publication : Publication
        The row of meta.publication.
    evidence : Evidence
        The other tables of meta, and every table to publish.

    Returns
    -------
    dict of str to int
        Row count by ``schema.table``, without the tables of meta.

    Raises
    ------
    WarehouseError
        If the audit fails (`AuditRefused`) or the file cannot be written.
    """
    settings.publications_dir.mkdir(parents=True, exist_ok=True)
    for leftover in settings.publications_dir.glob(".*"):
        leftover.unlink()
    scratch = settings.publications_dir / f".{publication.publication_id}.duckdb"
    kept = settings.publications_dir / f"{publication.publication_id}.duckdb"
    try:
        _assemble(settings, scratch, publication, evidence)
        row_counts = audit(scratch, publication, evidence)
        sync(scratch)
        current = settings.publications_dir / ".current.duckdb"
        shutil.copyfile(scratch, current)
        sync(current)
        os.replace(scratch, kept)
        os.replace(current, settings.warehouse_path)
        sync(settings.data_dir)
    except (OSError, duckdb.Error) as error:
        raise WarehouseError(
            "The publication could not be written; the current one is unchanged.",
            where=str(settings.publications_dir),
            expected="permission and free space for a file of some tens of megabytes",
            found=str(error),
            next_step="Free disk space or correct the permissions, then run again.",
        ) from error
    finally:
        for leftover in settings.publications_dir.glob(".*"):
            leftover.unlink(missing_ok=True)
    _remove_old(settings)
    return row_counts


def _assemble(settings: Settings, path: Path, publication: Publication, evidence: Evidence) -> None:
    with open_store(settings).attached_build() as connection:
        connection.execute("set threads = 2")
        connection.execute(f"attach {quote_literal(path)} as warehouse")
        for schema in ("marts", "results", "meta"):
            connection.execute(f"create schema warehouse.{schema}")
        for table in evidence.mart_tables:
            connection.execute(f"create table warehouse.marts.{table} as from build.marts.{table}")
        for table in evidence.result_tables:
            parquet = quote_literal(settings.results_dir / f"{table}.parquet")
            connection.execute(f"create table warehouse.results.{table} as from read_parquet({parquet})")
        _write_meta(connection, publication, evidence)
        for table, columns in _primary_keys(evidence).items():
            try:
                connection.execute(f"alter table warehouse.{table} add primary key ({columns})")
            except duckdb.ConstraintException as error:
                refuse("Duplicate primary key.", table, f"one row per {columns}", str(error))
        for table, description in evidence.tables.items():
            comment = f"{SYNTHETIC_NOTE}. {description}" if publication.is_synthetic else description
            connection.execute(f"comment on table warehouse.{table} is {quote_literal(comment)}")
        for column in evidence.columns:
            target = f"warehouse.{column.table_schema}.{column.table_name}.{quote_identifier(column.column_name)}"
            connection.execute(f"comment on column {target} is {quote_literal(column.comment)}")
        connection.execute("checkpoint warehouse")
        connection.execute("detach warehouse")


def _primary_keys(evidence: Evidence) -> dict[str, str]:
    known = {table: TABLE_KEYS[table] for table in evidence.tables.keys() & TABLE_KEYS.keys()}
    keys = {table: key.columns for table, key in known.items() if key.is_primary} | dict(evidence.added_keys)
    return {table: ", ".join(map(quote_identifier, columns)) for table, columns in keys.items() if columns}


def _write_meta(connection: duckdb.DuckDBPyConnection, publication: Publication, evidence: Evidence) -> None:
    connection.execute(
        "create table warehouse.meta.publication (publication_id varchar primary key,"
        " published_at timestamptz not null, fingerprint varchar not null, mart_fingerprint varchar not null,"
        " is_synthetic boolean not null, software_version varchar not null, note varchar not null)"
    )
    connection.execute(
        "insert into warehouse.meta.publication values (?, ?, ?, ?, ?, ?, ?)", list(vars(publication).values())
    )
    connection.execute(
        "create table warehouse.meta.sources (source varchar, file varchar, version varchar, sha256 varchar,"
        " size_bytes bigint, title varchar, producer varchar, citation varchar, licence varchar,"
        " redistribution varchar, homepage varchar, cadence_years double, released varchar, newer_version varchar,"
        " last_year integer, is_synthetic boolean, loaded_at timestamptz, primary key (source, file))"
    )
    _insert(connection, "meta.sources", evidence.sources)
    connection.execute(
        "create table warehouse.meta.raw_tables (table_name varchar primary key, source varchar not null,"
        " file varchar not null, version varchar not null, sha256 varchar not null, rows bigint not null)"
    )
    _insert(connection, "meta.raw_tables", evidence.raw_tables)
    connection.execute(
        "create table warehouse.meta.checks (check_name varchar primary key, kind varchar not null,"
        " table_name varchar, status varchar not null, failures bigint, found varchar, description varchar)"
    )
    _insert(connection, "meta.checks", evidence.checks)
    connection.execute(
        "create table warehouse.meta.columns (table_schema varchar, table_name varchar, column_name varchar,"
        " position integer, data_type varchar, unit varchar not null, description varchar not null,"
        " source varchar not null, rows bigint, non_null bigint, share_missing double, first_year integer,"
        " last_year integer, last_year_for_half integer, source_records varchar,"
        " primary key (table_schema, table_name, column_name))"
    )
    for column in evidence.columns:
        _insert(connection, "meta.columns", [_codebook_row(connection, column)])


def _codebook_row(connection: duckdb.DuckDBPyConnection, column: Column) -> dict[str, Any]:
    """Row of meta.columns: the codebook entry, and the coverage found in the data."""
    table = f"warehouse.{column.table_schema}.{column.table_name}"
    name = f'"{column.column_name}"'
    years = "min(year), max(year)" if column.has_years else "null, null"
    rows, data_type = single_row(connection.execute(f"select count(*), any_value(typeof({name})) from {table}"))
    non_null, first_year, last_year = single_row(
        connection.execute(f"select count(*), {years} from {table} where {name} is not null")
    )
    half = f"select max(year) from (select year from {table} group by year having count({name}) >= count(*) / 2)"
    (last_year_for_half,) = single_row(connection.execute(half if column.has_years else "select null"))
    return {
        "table_schema": column.table_schema,
        "table_name": column.table_name,
        "column_name": column.column_name,
        "position": column.position,
        "data_type": data_type,
        "unit": column.unit,
        "description": column.description,
        "source": column.source,
        "rows": rows,
        "non_null": non_null,
        "share_missing": 1 - non_null / rows if rows else None,
        "first_year": first_year,
        "last_year": last_year,
        "last_year_for_half": last_year_for_half,
        "source_records": ", ".join(column.source_records) or None,
    }


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> None:
    for row in rows:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"insert into warehouse.{table} ({names}) values ({marks})", list(row.values()))


def _remove_old(settings: Settings) -> None:
    """Keep the newest publications by file time; never remove the current one, even if the clock was set back."""
    record = PublicationFile(settings.warehouse_path).record()
    files = sorted(settings.publications_dir.glob("*.duckdb"), key=lambda p: (p.stat().st_mtime_ns, p.name))
    for path in files[: -settings.keep_publications]:
        if record is None or path.stem != record["publication_id"]:
            path.unlink()
