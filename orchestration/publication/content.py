"""The content of a publication: its tables, its row of meta.publication, and the other tables of meta."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.publication.codebook import Column

SYNTHETIC_NOTE = "SYNTHETIC: invented data that say nothing about the world, for use without the real files"
REAL_NOTE = "Real data: every source file verified by its sha256"
MART_TABLES = (
    "country_years",
    "countries",
    "alliance_entries",
    "infant_mortality",
    "published_measures",
    "coverage",
)
DYADS_TABLE = "dyad_years"

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Publication:
    """The row of meta.publication; its columns are documented in the codebook."""

    publication_id: str
    published_at: str
    fingerprint: str
    mart_fingerprint: str
    is_synthetic: bool
    software_version: str
    note: str


@dataclass(frozen=True)
class Evidence:
    """The other tables of meta, and every table to publish.

    Attributes
    ----------
    sources, raw_tables, checks : list of dict
        Rows of the tables of these names.
    columns : list of Column
        The codebook.
    tables : Mapping of str to str
        Description of every ``schema.table`` to publish.
    added_keys : Mapping of str to tuple of str
        Columns of the primary key of every ``marts.table`` that was added to those of the project.
    """

    sources: Rows
    raw_tables: Rows
    checks: Rows
    columns: list[Column]
    tables: Mapping[str, str]
    added_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def mart_tables(self) -> list[str]:
        """Names of the tables in schema marts."""
        return self._tables_in("marts")

    @property
    def result_tables(self) -> list[str]:
        """Names of the tables in schema results."""
        return self._tables_in("results")

    def _tables_in(self, schema: str) -> list[str]:
        return [name.removeprefix(f"{schema}.") for name in self.tables if name.startswith(f"{schema}.")]


def added_marts(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Find the marts that were added to those of the project, as by ``warehouse new model``.

    Parameters
    ----------
    manifest : Mapping
        dbt's manifest.

    Returns
    -------
    dict of str to tuple of str
        Columns of the primary key by name of the mart; empty for a mart without one.
    """
    added = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] == "marts"
        and node["name"] not in (*MART_TABLES, DYADS_TABLE)
    ]
    return {
        node["name"]: tuple(
            column
            for constraint in node["constraints"]
            if constraint["type"] == "primary_key"
            for column in constraint["columns"]
        )
        for node in added
    }
