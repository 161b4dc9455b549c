"""Write, audit, publish: assemble warehouse.duckdb beside itself, check it, and put it in place in one step."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.files import sync
from orchestration.core.settings import Settings
from orchestration.publication.codebook import ESTIMATE_TABLES, Column
from orchestration.publication.drift import Load
from orchestration.publication.table_keys import TABLE_KEYS
from orchestration.store.build_database import attached_build

SYNTHETIC_NOTE = "SYNTHETIC: invented data that say nothing of the world; made where the real files could not be had"
REAL_NOTE = "Real data: every source file verified by its sha256"
MART_TABLES = ("country_years", "countries", "alliance_entries", "infant_mortality", "coverage")
DYADS_TABLE = "dyad_years"


class AuditRefused(WarehouseError):
    """The finished file did not pass the audit, so that it was not put in place."""


@dataclass(frozen=True)
class Publication:
    """What meta.publication says of one publication: a row, and the evidence of its checks."""

    publication_id: str
    published_at: str
    fingerprint: str
    mart_fingerprint: str
    is_synthetic: bool
    software_version: str
    note: str


@dataclass(frozen=True)
class Evidence:
    """The rows of meta: sources, raw tables, checks, columns (the codebook); and every table to publish with its
    description."""

    sources: list[dict]
    raw_tables: list[dict]
    checks: list[dict]
    columns: list[Column]
    tables: Mapping[str, str]

    @property
    def mart_tables(self) -> list[str]:
        return self._tables_in("marts")

    @property
    def result_tables(self) -> list[str]:
        return self._tables_in("results")

    def _tables_in(self, schema: str) -> list[str]:
        return [name.removeprefix(f"{schema}.") for name in self.tables if name.startswith(f"{schema}.")]


def publish(settings: Settings, publication: Publication, evidence: Evidence) -> dict[str, int]:
    """Make the publication from build.duckdb and the results; return its row counts by table.

    The file in place is replaced only by one that passed the audit; on any failure it stays byte for byte.
    Raises WarehouseError if the audit fails or the disk does not take the file.
    """
    settings.publications_dir.mkdir(parents=True, exist_ok=True)
    for leftover in settings.publications_dir.glob(".*"):
        leftover.unlink()
    scratch = settings.publications_dir / f".{publication.publication_id}.duckdb"
    kept = settings.publications_dir / f"{publication.publication_id}.duckdb"
    try:
        _assemble(settings, scratch, publication, evidence)
        row_counts = _audit(scratch, publication, evidence)
        sync(scratch)
        in_place = settings.publications_dir / ".in_place.duckdb"
        shutil.copyfile(scratch, in_place)
        sync(in_place)
        os.replace(scratch, kept)
        os.replace(in_place, settings.warehouse_path)
        sync(settings.data_dir)
    except (OSError, duckdb.Error) as error:
        raise WarehouseError(
            "The publication could not be written; the one before it stands.",
            where=str(settings.publications_dir),
            expected="room and permission for a file of some tens of megabytes",
            found=str(error),
            next_step="free space or mend the permissions, then run again",
        ) from error
    finally:
        for leftover in settings.publications_dir.glob(".*"):
            leftover.unlink(missing_ok=True)
    _forget_old(settings)
    return row_counts


def _assemble(settings: Settings, path: Path, publication: Publication, evidence: Evidence) -> None:
    with attached_build(settings) as connection:
        connection.execute("set threads = 2")
        connection.execute(f"attach {_quoted(path)} as warehouse")
        for schema in ("marts", "results", "meta"):
            connection.execute(f"create schema warehouse.{schema}")
        for table in evidence.mart_tables:
            connection.execute(f"create table warehouse.marts.{table} as from build.marts.{table}")
        for table in evidence.result_tables:
            parquet = _quoted(settings.results_dir / f"{table}.parquet")
            connection.execute(f"create table warehouse.results.{table} as from read_parquet({parquet})")
        _write_meta(connection, publication, evidence)
        for table, columns in _primary_keys(evidence).items():
            try:
                connection.execute(f"alter table warehouse.{table} add primary key ({columns})")
            except duckdb.ConstraintException as error:
                _refuse("A key stands twice.", table, f"one row per {columns}", str(error))
        for table, description in evidence.tables.items():
            told = f"{SYNTHETIC_NOTE}. {description}" if publication.is_synthetic else description
            connection.execute(f"comment on table warehouse.{table} is {_quoted(told)}")
        for column in evidence.columns:
            target = f'warehouse.{column.table_schema}.{column.table_name}."{column.column_name}"'
            connection.execute(f"comment on column {target} is {_quoted(column.comment)}")
        connection.execute("checkpoint warehouse")
        connection.execute("detach warehouse")


def _primary_keys(evidence: Evidence) -> dict[str, str]:
    keys = {table: TABLE_KEYS[table] for table in evidence.tables if not table.startswith("meta.")}
    return {table: ", ".join(key.columns) for table, key in keys.items() if key.is_primary}


def _write_meta(connection: duckdb.DuckDBPyConnection, publication: Publication, evidence: Evidence) -> None:
    connection.execute(
        "create table warehouse.meta.publication (publication_id varchar primary key, published_at timestamptz not null,"
        " fingerprint varchar not null, mart_fingerprint varchar not null, is_synthetic boolean not null,"
        " software_version varchar not null, note varchar not null)"
    )
    connection.execute(
        "insert into warehouse.meta.publication values (?, ?, ?, ?, ?, ?, ?)", list(vars(publication).values())
    )
    connection.execute(
        "create table warehouse.meta.sources (source varchar, file varchar, version varchar, sha256 varchar,"
        " size_bytes bigint, title varchar, producer varchar, citation varchar, licence varchar, homepage varchar,"
        " cadence_years double, is_synthetic boolean, loaded_at timestamptz, primary key (source, file))"
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
        " last_year integer, primary key (table_schema, table_name, column_name))"
    )
    for column in evidence.columns:
        _insert(connection, "meta.columns", [_codebook_row(connection, column)])


def _codebook_row(connection: duckdb.DuckDBPyConnection, column: Column) -> dict:
    """The column's documented meaning, and what the data themselves say of its coverage."""
    table = f"warehouse.{column.table_schema}.{column.table_name}"
    name = f'"{column.column_name}"'
    years = "min(year), max(year)" if column.has_years else "null, null"
    rows, data_type = connection.execute(f"select count(*), any_value(typeof({name})) from {table}").fetchone()
    non_null, first_year, last_year = connection.execute(
        f"select count(*), {years} from {table} where {name} is not null"
    ).fetchone()
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
    }


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict]) -> None:
    for row in rows:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"insert into warehouse.{table} ({names}) values ({marks})", list(row.values()))


def _audit(path: Path, publication: Publication, evidence: Evidence) -> dict[str, int]:
    """Open the finished file as a reader would, and refuse it if a part is missing, empty or of another mart."""
    absent = [table for table in ESTIMATE_TABLES if table not in evidence.result_tables]
    if absent:
        _refuse("Results of this mart are not there.", ", ".join(absent), "estimates of this very mart", "none")
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"attach {_quoted(path)} as warehouse (read_only)")
        tables = [name for name in evidence.tables if not name.startswith("meta.")]
        counts = {t: connection.execute(f"select count(*) from warehouse.{t}").fetchone()[0] for t in tables}
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
        _refuse("A published table is empty.", ", ".join(empty), "at least one row", "no rows")
    if undocumented:
        names = ", ".join(name for (name,) in undocumented)
        _refuse("A published column has no description.", names, "description, unit and source", "none")
    if marts_seen != [(publication.mart_fingerprint,)]:
        _refuse("The results belong to another mart.", "results.models", publication.mart_fingerprint, str(marts_seen))
    if failed:
        _refuse("A check failed.", ", ".join(failed), "every check passes", f"{len(failed)} failed")
    return counts


def _refuse(problem: str, where: str, expected: str, found: str) -> NoReturn:
    raise AuditRefused(
        problem + " Nothing was published; the last publication stands.",
        where=where,
        expected=expected,
        found=found,
        next_step="mend the model or the source that this names, then run again",
    )


def _forget_old(settings: Settings) -> None:
    """Keep the newest publications by the time of their files; never remove the one in place, even if the clock was set
    back since an older one."""
    published = current(settings.warehouse_path)
    files = sorted(settings.publications_dir.glob("*.duckdb"), key=lambda p: (p.stat().st_mtime_ns, p.name))
    for path in files[: -settings.keep_publications]:
        if published is None or path.stem != published["publication_id"]:
            path.unlink()


def current(warehouse_path: Path) -> Mapping[str, object] | None:
    """The row of meta.publication in a published file, or None where there is none that this version can read."""
    if not warehouse_path.exists():
        return None
    try:
        connection = duckdb.connect(str(warehouse_path), read_only=True)
    except duckdb.Error:
        return None
    try:
        cursor = connection.execute("select * replace (published_at::varchar as published_at) from meta.publication")
        record = dict(zip([d[0] for d in cursor.description], cursor.fetchone() or (), strict=False))
        return record if record.keys() >= Publication.__dataclass_fields__.keys() else None
    except duckdb.Error:
        return None
    finally:
        connection.close()


def published_loads(warehouse_path: Path, is_synthetic: bool) -> dict[str, Load]:
    """Every raw table of the publication in place; nothing where there is none, or one of the other kind of data."""
    if not warehouse_path.exists():
        return {}
    try:
        with duckdb.connect(str(warehouse_path), read_only=True) as connection:
            rows = connection.execute(
                "select table_name, rows, sha256, version from meta.raw_tables"
                " where (select is_synthetic from meta.publication) = ?",
                [is_synthetic],
            ).fetchall()
    except duckdb.Error:  # of a version of ours before meta.raw_tables, or damaged: then there is nothing to go by
        return {}
    return {name: Load(*load) for name, *load in rows}


def published_tables(warehouse_path: Path) -> set[str]:
    """``schema.table`` of everything in a published file; nothing where there is none that this version can read."""
    if current(warehouse_path) is None:
        return set()
    with duckdb.connect(str(warehouse_path), read_only=True) as connection:
        return {
            f"{schema}.{table}"
            for schema, table in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        }


def checks_from_dbt(target_dir: Path) -> list[dict]:
    """Every dbt test that ran in the last build, with what it found, as rows of meta.checks."""
    run_results = json.loads((target_dir / "run_results.json").read_text())
    nodes = json.loads((target_dir / "manifest.json").read_text())
    checks = []
    for result in run_results["results"]:
        unique_id = result["unique_id"]
        kind = unique_id.split(".")[0]
        if kind not in ("test", "unit_test"):
            continue
        node = nodes["nodes"].get(unique_id) or nodes["unit_tests"][unique_id]
        checks.append(
            {
                "check_name": node["name"],
                "kind": "dbt test" if kind == "test" else "dbt unit test",
                "table_name": _tested_table(node),
                "status": result["status"],
                "failures": result["failures"],
                "found": result["message"],
                "description": node.get("description") or None,
            }
        )
    return checks


def _tested_table(node: dict) -> str | None:
    tested = node.get("attached_node") or node.get("tested_node_unique_id")
    if not tested:
        parents = [p for p in node["depends_on"]["nodes"] if p.startswith(("model.", "seed.", "source."))]
        tested = parents[0] if parents else None
    return tested.split(".")[-1] if tested else None


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
