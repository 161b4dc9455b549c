"""One publication in a DuckDB file."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.core.database import quote_literal, rows_as_dicts
from orchestration.core.errors import WarehouseError
from orchestration.store.protocol import Record

RECORD_COLUMNS = (
    "publication_id",
    "published_at",
    "fingerprint",
    "mart_fingerprint",
    "is_synthetic",
    "software_version",
    "note",
)
"""Columns of meta.publication that this version needs."""


@dataclass(frozen=True)
class PublicationFile:
    """A publication in a file, current or kept.

    Parameters
    ----------
    path : Path
        The DuckDB file. It need not exist.
    """

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def open(self) -> duckdb.DuckDBPyConnection:
        """Open it read-only; see `StoredPublication`."""
        if not self.path.exists():
            raise WarehouseError(
                "Nothing is published yet.",
                where=str(self.path),
                expected="a publication",
                found="no file",
                next_step="warehouse run",
            )
        try:
            return duckdb.connect(str(self.path), read_only=True)
        except duckdb.Error as error:
            raise WarehouseError(
                "The publication cannot be opened.",
                where=str(self.path),
                expected="a DuckDB file that no other program has open for writing",
                found=str(error),
                next_step="Close the other program, or restore a copy from the folder publications beside it.",
            ) from error

    def attach_to(self, connection: duckdb.DuckDBPyConnection, alias: str) -> None:
        """Attach it read-only; see `StoredPublication`."""
        connection.execute(f"attach {quote_literal(self.path)} as {alias} (read_only)")

    def record(self) -> Record | None:
        """Row of meta.publication; see `StoredPublication`."""
        if not self.path.exists():
            return None
        try:
            with duckdb.connect(str(self.path), read_only=True) as connection:
                rows = rows_as_dicts(
                    connection.execute("select * replace (published_at::varchar as published_at) from meta.publication")
                )
        except duckdb.Error:
            return None
        return rows[0] if rows and rows[0].keys() >= set(RECORD_COLUMNS) else None

    def tables(self) -> frozenset[str]:
        """Every table as ``schema.table``; empty if this version cannot read the file."""
        if self.record() is None:
            return frozenset()
        with duckdb.connect(str(self.path), read_only=True) as connection:
            rows = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        return frozenset(name for (name,) in rows)

    def size_bytes(self) -> int:
        """Size of the file in bytes."""
        return self.path.stat().st_size
