"""The codebook: unit, description and source of every published column, read from where the column is defined."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.core.errors import WarehouseError
from orchestration.modelling.result_tables import RESULT_TABLES

if TYPE_CHECKING:
    from analysis.core.column_docs import ColumnDoc

INCOMPLETE = "A codebook entry is incomplete."


@dataclass(frozen=True)
class Column:
    """One published column.

    Attributes
    ----------
    table_schema, table_name, column_name : str
        Its name.
    position : int
        Position in the table, from 1.
    unit, description, source : str
        Unit of the values, their meaning, and where they come from.
    has_years : bool
        Whether its table has a column ``year``, from which its first and last year are computed.
    source_records : tuple of str
        Sources that it is computed from.

    Raises
    ------
    WarehouseError
        If unit, description or source is empty.
    """

    table_schema: str
    table_name: str
    column_name: str
    position: int
    unit: str
    description: str
    source: str
    has_years: bool = False
    source_records: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        missing = [name for name in ("unit", "description", "source") if not getattr(self, name).strip()]
        if missing:
            raise WarehouseError(
                INCOMPLETE,
                where=f"{self.table_schema}.{self.table_name}.{self.column_name}",
                expected="unit, description and source",
                found=f"no {', no '.join(missing)}",
                next_step="Complete its entry in dbt_project/models/marts, analysis/core/tables.py or codebook.py.",
            )

    @property
    def table(self) -> str:
        """Its table as ``schema.table``."""
        return f"{self.table_schema}.{self.table_name}"

    @property
    def comment(self) -> str:
        """Comment on the column in the database, which SQL clients display."""
        return f"{self.description} [unit: {self.unit}; source: {self.source}]"


META_TABLES = {
    "publication": "One row that identifies this publication and what it depends on.",
    "sources": "One row per source file, with its hash, version and citation.",
    "raw_tables": "One row per raw table, with the file it was read from and its row count.",
    "checks": "One row per check that ran before this publication, with its outcome.",
    "columns": "The codebook: one row per published column, with unit, description, source and coverage.",
}

META_DOCS = {
    "publication": {
        "publication_id": (
            "text",
            "Id of this publication: start of its refresh and first 8 characters of its fingerprint",
        ),
        "published_at": ("timestamp", "Start of the refresh that made it (UTC)"),
        "fingerprint": (
            "sha256",
            "Hash of the source records, the code, the dbt project and the packages; equal if nothing changed",
        ),
        "mart_fingerprint": (
            "sha256",
            "Hash of the content of marts.country_years and marts.published_measures; results.models has the hash of"
            " the data it was fitted on",
        ),
        "is_synthetic": (
            "true or false",
            "True if the data are the synthetic sample, which says nothing about the world",
        ),
        "software_version": ("text", "Version of the warehouse that made it"),
        "note": ("text", "Whether the data are real or SYNTHETIC"),
    },
    "sources": {
        "source": ("text", "Short name of the source, which is the name of its record"),
        "file": ("text", "File name at the publisher"),
        "version": ("text", "Publisher's version"),
        "sha256": ("sha256", "Hash of the file that was read"),
        "size_bytes": ("bytes", "Size of the file that was read"),
        "title": ("text", "Title of the data set"),
        "producer": ("text", "Authors of the data set"),
        "citation": ("text", "Citation that the producers ask for"),
        "licence": ("text", "Licence or terms of use, as far as known; see the homepage"),
        "redistribution": (
            "text",
            "Whether the data may be passed on: allowed, with_citation (of the producer), or unclear (no terms on it)",
        ),
        "homepage": ("URL", "Publisher's page"),
        "cadence_years": ("years", "Expected time between two versions"),
        "released": (
            "text",
            "Year, or year and month, in which the publisher released this version; NULL if not known",
        ),
        "newer_version": (
            "text",
            "A newer version that is known to be out and not used, with the reason; NULL if none",
        ),
        "last_year": ("calendar year", "Last year for which the file has a value; NULL if it has no years"),
        "is_synthetic": ("true or false", "True if the file belongs to the synthetic sample"),
        "loaded_at": ("timestamp", "When this version of the file was first read into a raw table (UTC)"),
    },
    "raw_tables": {
        "table_name": ("text", "Raw table"),
        "source": ("text", "Short name of the source"),
        "file": ("text", "File that the table was read from"),
        "version": ("text", "Publisher's version of the file"),
        "sha256": ("sha256", "Hash of the file that was read"),
        "rows": ("rows", "Row count of the table"),
    },
    "checks": {
        "check_name": ("text", "Name of the check"),
        "kind": (
            "text",
            "source contract, row count, published values, changes since the last publication, estimator agreement,"
            " dbt test or dbt unit test",
        ),
        "table_name": ("text", "Checked table"),
        "status": ("text", "pass, warn, fail, error or skipped"),
        "failures": ("rows", "Rows that violate the check; NULL if the check does not count rows"),
        "found": ("text", "Message of the check"),
        "description": ("text", "What the check requires"),
    },
    "columns": {
        "table_schema": ("text", "Schema of the table"),
        "table_name": ("text", "Table"),
        "column_name": ("text", "Column"),
        "position": ("count", "Position of the column in its table, from 1"),
        "data_type": ("text", "DuckDB type"),
        "unit": ("text", "Unit of the values"),
        "description": ("text", "Meaning of the values"),
        "source": ("text", "Origin of the values"),
        "rows": ("rows", "Rows of the table"),
        "non_null": ("rows", "Rows in which the column is not NULL"),
        "share_missing": ("share", "Share of rows in which the column is NULL (0 to 1)"),
        "first_year": ("calendar year", "First year with a value; NULL if the table has no years"),
        "last_year": ("calendar year", "Last year with a value; NULL if the table has no years"),
        "last_year_for_half": (
            "calendar year",
            "Last year in which at least half of the table's rows of that year have a value; NULL if there is none",
        ),
        "source_records": (
            "text",
            "Sources (as in meta.sources) whose files the column is computed from, by the column lineage",
        ),
    },
}


def table_descriptions(
    manifest_path: Path, mart_tables: tuple[str, ...], result_tables: tuple[str, ...]
) -> dict[str, str]:
    """Describe every published table in one sentence.

    Parameters
    ----------
    manifest_path : Path
        dbt's manifest.json, which has the descriptions of the marts.
    mart_tables, result_tables : tuple of str
        Published tables, without the schema.

    Returns
    -------
    dict of str to str
        Description by ``schema.table``, tables of meta included.
    """
    return (
        {f"marts.{n['name']}": " ".join(n["description"].split()) for n in _mart_nodes(manifest_path, mart_tables)}
        | {f"results.{name}": RESULT_TABLES[name] for name in result_tables}
        | {f"meta.{name}": text for name, text in META_TABLES.items()}
    )


def meta_columns() -> list[Column]:
    """List the columns of the tables of meta."""
    return [
        Column("meta", table, name, position, unit, description, "this warehouse")
        for table, columns in META_DOCS.items()
        for position, (name, (unit, description)) in enumerate(columns.items(), start=1)
    ]


def result_columns(docs: "Mapping[str, Mapping[str, ColumnDoc]]") -> list[Column]:
    """List the columns of results tables.

    Parameters
    ----------
    docs : Mapping of str to Mapping of str to ColumnDoc
        The part of ``analysis.core.tables.COLUMN_DOCS`` to publish, by table and column.

    Returns
    -------
    list of Column
        A column without a unit has the unit ``none``.
    """
    return [
        Column("results", table, name, position, doc.unit or "none", doc.description, doc.source)
        for table, columns in docs.items()
        for position, (name, doc) in enumerate(columns.items(), start=1)
    ]


def mart_columns(manifest_path: Path, tables: tuple[str, ...]) -> list[Column]:
    """List the columns of the marts.

    Parameters
    ----------
    manifest_path : Path
        dbt's manifest.json, in which each column has a description, and a unit and a source in its meta.
    tables : tuple of str
        Published marts, without the schema.

    Returns
    -------
    list of Column
        In the order of ``tables`` and of their yml.

    Raises
    ------
    WarehouseError
        If a column lacks description, unit or source; the message names every such column.
    """
    documented: dict[str, Any] = {node["name"]: node["columns"] for node in _mart_nodes(manifest_path, tables)}
    columns: list[Column] = []
    incomplete: list[str] = []
    for table in tables:
        for position, (name, node) in enumerate(documented[table].items(), start=1):
            meta = node.get("config", {}).get("meta") or node.get("meta") or {}
            unit, description, source = meta.get("unit"), node.get("description"), meta.get("source")
            if unit and description and source:
                has_years = "year" in documented[table]
                records = tuple(meta.get("records", ()))  # where a filter decides, which the lineage does not follow
                columns.append(Column("marts", table, name, position, unit, description, source, has_years, records))
            else:
                incomplete.append(f"marts.{table}.{name}")
    if incomplete:
        raise WarehouseError(
            INCOMPLETE,
            where=", ".join(incomplete),
            expected="a description, and meta with unit and source, in the model's yml",
            found="one of them is missing",
            next_step="Complete the entry in dbt_project/models/marts.",
        )
    return columns


def _mart_nodes(manifest_path: Path, tables: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    nodes = json.loads(manifest_path.read_text())["nodes"].values()
    return (node for node in nodes if node["resource_type"] == "model" and node["name"] in tables)
