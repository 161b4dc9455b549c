"""One refresh of the lake at a time, whichever machine it runs on: a lock in PostgreSQL that dies with its holder's connection."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from orchestration.errors import WarehouseError
from orchestration.lake.server import server_connection, shown
from orchestration.settings import Settings

LOCK = 817_462_001
"""Of PostgreSQL's advisory locks, which are numbers, the one of this project in its database."""
PAUSE_S = 0.5


@contextmanager
def lake_lock(settings: Settings, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lake for one refresh. Raises WarehouseError naming the holder when it is not free within ``wait_seconds``."""
    since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    me = f"process {os.getpid()} since {since} on {socket.gethostname()}"
    with server_connection(settings, me) as server, server.cursor() as cursor:
        deadline = time.monotonic() + wait_seconds
        while not _taken(cursor):
            if time.monotonic() >= deadline:
                raise WarehouseError(
                    "Another refresh of this lake is under way; this one did not start.",
                    where=shown(settings),
                    found=_holder(cursor) or "its holder has just ended",
                    next_step="wait until it ends, or give --wait SECONDS; what is published can be read meanwhile",
                )
            time.sleep(PAUSE_S)
        yield


def lake_is_free(settings: Settings) -> bool:
    """Whether no machine holds the lake. False where it cannot be told."""
    try:
        with server_connection(settings) as server, server.cursor() as cursor:
            return _holder(cursor) is None
    except WarehouseError:
        return False


def _taken(cursor) -> bool:
    cursor.execute("select pg_try_advisory_lock(%s)", [LOCK])
    return cursor.fetchone()[0]


def _holder(cursor) -> str | None:
    cursor.execute(
        "select application_name, usename from pg_locks join pg_stat_activity using (pid)"
        " where locktype = 'advisory' and objid = %s and granted and pg_locks.database ="
        " (select oid from pg_database where datname = current_database())",
        [LOCK],
    )
    row = cursor.fetchone()
    if row is None:
        return None
    return f"{row[0] or 'a process that this user may not see'} holds it (PostgreSQL user {row[1]})"
