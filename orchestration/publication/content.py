"""The content of a publication: its tables, its row of meta.publication, and the other tables of meta."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    """

    sources: Rows
    raw_tables: Rows
    checks: Rows
    columns: list[Column]
    tables: Mapping[str, str]

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
