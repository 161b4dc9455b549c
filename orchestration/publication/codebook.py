"""The codebook: every published column with its unit, meaning and source, from the place where the column is defined."""

import json
from dataclasses import dataclass
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.modelling.result_tables import RESULT_TABLES


@dataclass(frozen=True)
class Column:
    """One published column. has_years: its table has a column ``year``, so that its coverage can be told.

    WarehouseError where unit, description or source is empty: such a column is not published.
    """

    table_schema: str
    table_name: str
    column_name: str
    position: int
    unit: str
    description: str
    source: str
    has_years: bool = False

    def __post_init__(self) -> None:
        lacking = [name for name in ("unit", "description", "source") if not getattr(self, name).strip()]
        if lacking:
            raise WarehouseError(
                "A published column is not described.",
                where=f"{self.table_schema}.{self.table_name}.{self.column_name}",
                expected="unit, description and source",
                found=f"no {', no '.join(lacking)}",
                next_step="complete its entry: marts in dbt_project/models/marts, results in analysis, meta in codebook.py",
            )

    @property
    def comment(self) -> str:
        """What an SQL client shows beside the column."""
        return f"{self.description} [unit: {self.unit}; source: {self.source}]"


META_TABLES = {
    "publication": "One row: which publication this is and what it depends on.",
    "sources": "One row per source file that was read, with its hash, version and citation.",
    "raw_tables": "One row per raw table, with the file it was read from and its rows.",
    "checks": "Every check that ran before this publication, and what it found.",
    "columns": "The codebook: every published column with unit, meaning, source and coverage.",
}

META_DOCS = {
    "publication": {
        "publication_id": ("text", "Name of this publication: time of the refresh and start of its fingerprint"),
        "published_at": ("timestamp", "When the refresh that made it started (UTC)"),
        "fingerprint": ("sha256", "Of all sources' bytes, the code and the choices: equal means nothing changed"),
        "mart_fingerprint": (
            "sha256",
            "Of the content of marts.country_years; results carry the one they were fitted on",
        ),
        "is_synthetic": ("true or false", "True if the data are the invented sample and say nothing of the world"),
        "software_version": ("text", "Version of the warehouse that made it"),
        "note": ("text", "What a reader must know first; on synthetic data it says SYNTHETIC"),
    },
    "sources": {
        "source": ("text", "Short name of the source, the name of its provenance file"),
        "file": ("text", "File as the publisher names it"),
        "version": ("text", "Publisher's version"),
        "sha256": ("sha256", "Hash of the bytes that were read"),
        "size_bytes": ("bytes", "Size of the file that was read"),
        "title": ("text", "Title of the data set"),
        "producer": ("text", "Who made the data set"),
        "citation": ("text", "How the producers ask to be cited"),
        "licence": ("text", "Licence or terms of use, as known; see the homepage"),
        "homepage": ("URL", "Publisher's page"),
        "cadence_years": ("years", "How often the publisher is expected to bring out a new version"),
        "is_synthetic": ("true or false", "True if the file is of the invented sample"),
        "loaded_at": ("timestamp", "When the file's bytes were first read into a raw table (UTC)"),
    },
    "raw_tables": {
        "table_name": ("text", "Raw table"),
        "source": ("text", "Short name of the source"),
        "file": ("text", "File the table was read from"),
        "version": ("text", "Publisher's version of that file"),
        "sha256": ("sha256", "Hash of the bytes that were read"),
        "rows": ("rows", "Rows of the table"),
    },
    "checks": {
        "check_name": ("text", "Name of the check"),
        "kind": ("text", "source contract, row count, dbt test or dbt unit test"),
        "table_name": ("text", "Table that is checked"),
        "status": ("text", "pass, warn, fail, error or skipped"),
        "failures": ("rows", "How many rows broke the rule; NULL where the check counts none"),
        "found": ("text", "What the check said beyond its status"),
        "description": ("text", "What a failure of the check would mean"),
    },
    "columns": {
        "table_schema": ("text", "Schema of the table"),
        "table_name": ("text", "Table"),
        "column_name": ("text", "Column"),
        "position": ("count", "Place of the column in its table, from 1"),
        "data_type": ("text", "DuckDB type"),
        "unit": ("text", "Unit of the values"),
        "description": ("text", "What the column says"),
        "source": ("text", "Where the values come from"),
        "rows": ("rows", "Rows of the table"),
        "non_null": ("rows", "Rows in which the column is observed"),
        "share_missing": ("share", "Share of rows in which it is not observed"),
        "first_year": ("calendar year", "First year with a value, where the table has years"),
        "last_year": ("calendar year", "Last year with a value, where the table has years"),
    },
}


def table_descriptions(
    manifest_path: Path, mart_tables: tuple[str, ...], result_tables: tuple[str, ...]
) -> dict[str, str]:
    """``schema.table`` -> one sentence for every published table, marts from the dbt docs."""
    nodes = json.loads(manifest_path.read_text())["nodes"].values()
    marts = {n["name"]: n["description"] for n in nodes if n["resource_type"] == "model" and n["name"] in mart_tables}
    return (
        {f"marts.{name}": " ".join(text.split()) for name, text in marts.items()}
        | {f"results.{name}": RESULT_TABLES[name] for name in result_tables}
        | {f"meta.{name}": text for name, text in META_TABLES.items()}
    )


def meta_columns() -> list[Column]:
    return [
        Column("meta", table, name, position, unit, description, "this warehouse")
        for table, columns in META_DOCS.items()
        for position, (name, (unit, description)) in enumerate(columns.items(), start=1)
    ]


def result_columns(docs: dict[str, dict[str, tuple[str, str | None, str, str]]]) -> list[Column]:
    """From analysis' COLUMN_DOCS: table -> column -> (type, unit, description, source); no unit is told as "none"."""
    return [
        Column("results", table, name, position, unit or "none", description, source)
        for table, columns in docs.items()
        for position, (name, (_, unit, description, source)) in enumerate(columns.items(), start=1)
    ]


def mart_columns(manifest_path: Path, tables: tuple[str, ...]) -> list[Column]:
    """From the dbt docs; WarehouseError names every column that lacks description, unit or source."""
    nodes = json.loads(manifest_path.read_text())["nodes"].values()
    marts = {n["name"]: n["columns"] for n in nodes if n["resource_type"] == "model" and n["name"] in tables}
    columns, incomplete = [], []
    for table in tables:
        for position, (name, node) in enumerate(marts[table].items(), start=1):
            meta = node.get("config", {}).get("meta") or node.get("meta") or {}
            entry = (meta.get("unit"), node.get("description"), meta.get("source"))
            if not all(entry):
                incomplete.append(f"marts.{table}.{name}")
                continue
            columns.append(Column("marts", table, name, position, *entry, has_years="year" in marts[table]))
    if incomplete:
        raise WarehouseError(
            "A published column is not described.",
            where=", ".join(incomplete),
            expected="a description, and meta with unit and source, in the model's yml",
            found="one of them missing",
            next_step="complete the entry in dbt_project/models/marts",
        )
    return columns
