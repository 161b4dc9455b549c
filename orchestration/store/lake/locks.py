"""One refresh and one daemon of the lake at a time, on any machine: PostgreSQL advisory locks."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestration.core.errors import WarehouseError
from orchestration.core.locks import REFRESH, Claim
from orchestration.core.settings import Settings
from orchestration.store.lake.server import public_address, server_connection

if TYPE_CHECKING:
    import psycopg2.extensions

PAUSE_S = 0.5


@contextmanager
def hold_lake(settings: Settings, claim: Claim, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lake for one refresh or daemon.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address``.
    claim : Claim
        What the lock protects.
    wait_seconds : float
        How long to wait for another holder, in seconds.

    Raises
    ------
    WarehouseError
        If another process holds the lake after ``wait_seconds`` (the message names it), this user may only read, or the
        server cannot be reached.
    """
    since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    holder = f"process {os.getpid()} since {since} on {socket.gethostname()}"
    with server_connection(settings, holder) as server, server.cursor() as cursor:
        _refuse_reader(settings, cursor)
        deadline = time.monotonic() + wait_seconds
        while not _taken(cursor, claim):
            if time.monotonic() >= deadline:
                raise WarehouseError(
                    claim.lake_message,
                    where=public_address(settings),
                    found=_holder(cursor, claim) or "its holder has just ended",
                    next_step=claim.next_step,
                )
            time.sleep(PAUSE_S)
        yield


def lake_is_free(settings: Settings) -> bool:
    """Whether no machine refreshes the lake; False also if the server cannot be reached."""
    try:
        with server_connection(settings) as server, server.cursor() as cursor:
            return _holder(cursor, REFRESH) is None
    except WarehouseError:
        return False


def _refuse_reader(settings: Settings, cursor: "psycopg2.extensions.cursor") -> None:
    cursor.execute("select has_database_privilege(current_database(), 'create')")
    if cursor.fetchone() != (True,):
        raise WarehouseError(
            "This user may only read the lake.",
            where=public_address(settings),
            expected="the role that refreshes it, with the privilege CREATE on the database",
            found="a role without this privilege",
            next_step="Refresh on the machine that is set up for it (docs/lake.md); here warehouse sql, results and"
            " status read what it publishes.",
        )


def _taken(cursor: "psycopg2.extensions.cursor", claim: Claim) -> bool:
    cursor.execute("select pg_try_advisory_lock(%s)", [claim.number])
    return cursor.fetchone() == (True,)


def _holder(cursor: "psycopg2.extensions.cursor", claim: Claim) -> str | None:
    cursor.execute(
        "select application_name, usename from pg_locks join pg_stat_activity using (pid)"
        " where locktype = 'advisory' and objid = %s and granted and pg_locks.database ="
        " (select oid from pg_database where datname = current_database())",
        [claim.number],
    )
    row = cursor.fetchone()
    if row is None:
        return None
    return f"{row[0] or 'a process that this user may not see'} holds it (PostgreSQL user {row[1]})"
