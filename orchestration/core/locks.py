"""One refresh and one daemon at a time: file locks that end with their process, and a record of who holds them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from orchestration.core.errors import WarehouseError


class Claim(NamedTuple):
    """Work that only one process may do at a time.

    Attributes
    ----------
    number : int
        Key of PostgreSQL's advisory lock, for claims on a lake.
    folder_message, lake_message : str
        What a second process reports when the data folder or the lake is already claimed.
    next_step : str
        How its user can proceed.
    """

    number: int
    folder_message: str
    lake_message: str
    next_step: str


REFRESH = Claim(
    817_462_001,
    "Another refresh of this data folder is running; this one did not start.",
    "Another refresh of this lake is running; this one did not start.",
    "Wait until it ends, or pass --wait SECONDS. The current publication can be queried meanwhile.",
)
DAEMON = Claim(
    817_462_002,
    "Another warehouse ui uses this data folder; a second daemon would start the same runs twice.",
    "Another warehouse ui uses this lake; a second daemon would start the same runs twice.",
    "Use the web interface that is running, or stop it first.",
)


@contextmanager
def hold(lock_path: Path, claim: Claim, wait_seconds: float = 0) -> Iterator[bool]:
    """Hold a file lock; the same process may take it again inside the block.

    Parameters
    ----------
    lock_path : Path
        The lock file. Its folder is created if it does not exist.
    claim : Claim
        What the lock protects.
    wait_seconds : float
        How long to wait for another holder, in seconds.

    Yields
    ------
    bool
        True for the outermost block of this process.

    Raises
    ------
    WarehouseError
        If another process holds the lock after ``wait_seconds`` (the message names it), or the folder is not writable.
    """
    lock = FileLock(lock_path, is_singleton=True, thread_local=False)
    holder_path = lock_path.with_suffix(".holder.json")
    try:
        lock_path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise WarehouseError(
            claim.folder_message,
            where=str(lock_path),
            found=_describe_holder(holder_path),
            next_step=claim.next_step,
        ) from None
    except OSError as error:
        raise _not_writable(lock_path, error) from error
    try:
        is_outermost = lock.lock_counter == 1
        if is_outermost:
            _record_holder(holder_path)
        yield is_outermost
    finally:
        lock.release()


def is_free(lock_path: Path) -> bool:
    """Whether no other process holds a file lock.

    Parameters
    ----------
    lock_path : Path
        The lock file; no holder is recorded by looking at it.

    Returns
    -------
    bool
        False also if the lock cannot be examined.
    """
    if not lock_path.exists():
        return True
    try:
        FileLock(lock_path, is_singleton=True, thread_local=False).acquire(timeout=0).lock.release()
    except (Timeout, OSError):
        return False
    return True


def _record_holder(path: Path) -> None:
    holder = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        path.write_text(json.dumps(holder))
    except OSError as error:
        raise _not_writable(path, error) from error


def _describe_holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
        return f"process {holder['pid']} has held it since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "the holder left no record"


def _not_writable(path: Path, error: OSError) -> WarehouseError:
    return WarehouseError(
        "The data folder is not writable.",
        where=str(path),
        expected="a writable folder on a disk with free space",
        found=error.strerror or str(error),
        next_step="Free disk space or correct the permissions, or set WAREHOUSE_DATA_DIR to another folder.",
    )
