"""What a store offers: locks, the build and the publications, in local files or in a shared lake."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import duckdb

Record = Mapping[str, Any]
"""The row of meta.publication of one publication, by column."""


class StoredPublication(Protocol):
    """One publication that can be queried. ``str`` of it gives its path or address without secrets."""

    def open(self) -> duckdb.DuckDBPyConnection:
        """Open it read-only.

        Raises
        ------
        WarehouseError
            If it does not exist or cannot be read from here.
        """
        ...

    def attach_to(self, connection: duckdb.DuckDBPyConnection, alias: str) -> None:
        """Attach it read-only to an open connection under ``alias``.

        Raises
        ------
        duckdb.Error, WarehouseError
            If it cannot be opened.
        """
        ...

    def record(self) -> Record | None:
        """Row of meta.publication, or None if there is none that this version can read."""
        ...

    def size_bytes(self) -> int:
        """Size of its data in bytes."""
        ...


@dataclass(frozen=True)
class Latest:
    """The publication that a refresh has to improve on.

    Attributes
    ----------
    record : Record or None
        Its row of meta.publication; None if nothing is published.
    tables : frozenset of str
        Its tables as ``schema.table``.
    is_shared : bool
        Whether readers of the store see it; False if it is published in the data folder only and a lake is configured.
    is_local : bool
        Whether it is the publication of this data folder, not one that another machine made.
    """

    record: Record | None
    tables: frozenset[str]
    is_shared: bool = True
    is_local: bool = True


@dataclass(frozen=True)
class SharedPublication:
    """The outcome of copying the publication of the data folder into a shared store.

    Attributes
    ----------
    publication_id : str
        Its id.
    snapshot : int
        Version of the store that holds it.
    rows : dict of str to int
        Row count by ``schema.table``.
    location : str
        Where its data files are.
    """

    publication_id: str
    snapshot: int
    rows: dict[str, int]
    location: str


class Refusal(NamedTuple):
    """Why something is refused, and how to get it anyway."""

    reason: str
    fix: str


class Store(Protocol):
    """Where builds, publications and the history of runs are kept."""

    @property
    def is_shared(self) -> bool:
        """Whether other machines read this store, so that a publication has to be copied into it."""
        ...

    def hold_refresh(self, wait_seconds: float = 0) -> AbstractContextManager[None]:
        """Hold the store for one refresh; the same process may hold it again inside the block.

        Raises
        ------
        WarehouseError
            If another process holds it after ``wait_seconds``; the message names it.
        """
        ...

    def hold_daemon(self) -> AbstractContextManager[None]:
        """Hold the store for one daemon.

        Raises
        ------
        WarehouseError
            If another daemon holds it; the message names it.
        """
        ...

    def is_free(self) -> bool:
        """Whether no other process refreshes the store; False also if that is unknown."""
        ...

    def attached_build(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Connect to a database in memory with the build attached read-only as ``build``.

        Raises
        ------
        duckdb.Error
            If there is no build.
        WarehouseError
            If the store cannot be reached.
        """
        ...

    def begin_build(self) -> None:
        """Empty the build, so that nothing of an older schema or of a killed run can survive in it."""
        ...

    def build_environment(self) -> dict[str, str]:
        """Environment variables that dbt's profile reads for this store."""
        ...

    def current(self) -> StoredPublication:
        """Publication that readers query. Whether a local file exists is known when it is opened.

        Raises
        ------
        WarehouseError
            If a shared store has none or cannot be reached.
        """
        ...

    def publications(self) -> tuple[dict[str, StoredPublication], str | None]:
        """Every kept publication by id, oldest first, and the id of the current one."""
        ...

    def latest(self) -> Latest:
        """Publication that a refresh has to improve on, of this machine or another."""
        ...

    def share(self) -> SharedPublication:
        """Copy the publication of the data folder into a shared store; a store of local files cannot be shared."""
        ...

    def refusal_of_sample(self) -> Refusal | None:
        """Why the synthetic sample must not be published unless requested; None if it may be."""
        ...

    def summary(self) -> str | None:
        """One sentence on a shared store for ``warehouse status``; None for local files."""
        ...

    def history_address(self) -> str | None:
        """SQLAlchemy URL of the database for Dagster's history of runs, without a password; None for local files."""
        ...

    def history_location(self) -> str:
        """Where Dagster's history of runs is kept, for messages."""
        ...

    def has_history(self) -> bool:
        """Whether Dagster may have recorded a run."""
        ...
