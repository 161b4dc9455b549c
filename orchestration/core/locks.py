"""One refresh and one daemon at a time: locks that the operating system drops when their holder dies, and a note of who holds them."""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings


class Claim(NamedTuple):
    """What one process at a time may do: its number among PostgreSQL's advisory locks, what another one is told of a data
    folder and of a lake, and what that one can do."""

    number: int
    of_folder: str
    of_lake: str
    next_step: str


REFRESH = Claim(
    817_462_001,
    "Another refresh of this data folder is under way; this one did not start.",
    "Another refresh of this lake is under way; this one did not start.",
    "wait until it ends, or give --wait SECONDS; what is published can be read meanwhile",
)
DAEMON = Claim(
    817_462_002,
    "Another warehouse ui works on this data folder; a second daemon would start the same runs again.",
    "Another warehouse ui works on this lake; a second daemon would start the same runs again.",
    "use the web interface that runs, or end it first",
)


@contextmanager
def only_refresh(settings: Settings, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the data folder, and the lake if there is one, for one refresh; the same process may take them again inside.

    Raises WarehouseError naming the holder when one of them is not free within ``wait_seconds``.
    """
    with refresh_lock(settings.lock_path, wait_seconds) as is_outermost:
        if settings.lake_address and is_outermost:
            from orchestration.store.lake.locks import lake_lock

            with lake_lock(settings, REFRESH, wait_seconds):
                yield
        else:
            yield


@contextmanager
def only_daemon(settings: Settings) -> Iterator[None]:
    """Hold the data folder, and the lake if there is one, for one daemon. Raises WarehouseError naming the holder when it has one."""
    with _held(settings.data_dir / "daemon.lock", DAEMON):
        if settings.lake_address:
            from orchestration.store.lake.locks import lake_lock

            with lake_lock(settings, DAEMON):
                yield
        else:
            yield


def refresh_lock(lock_path: Path, wait_seconds: float = 0) -> AbstractContextManager[bool]:
    """Hold the data folder for one refresh; the same process may take it again inside. Gives whether it had not yet.

    Raises WarehouseError naming the holder when it is not free within ``wait_seconds``.
    """
    return _held(lock_path, REFRESH, wait_seconds)


@contextmanager
def _held(lock_path: Path, claim: Claim, wait_seconds: float = 0) -> Iterator[bool]:
    lock = FileLock(lock_path, is_singleton=True, thread_local=False)
    holder_path = lock_path.with_suffix(".holder.json")
    try:
        lock_path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise WarehouseError(
            claim.of_folder,
            where=str(lock_path),
            found=_describe_holder(holder_path),
            next_step=claim.next_step,
        ) from None
    except OSError as error:
        raise WarehouseError(
            "The data folder cannot be written to.",
            where=str(lock_path),
            expected="a folder in which files may be made",
            found=error.strerror or str(error),
            next_step="free space or mend the permissions, or set WAREHOUSE_DATA_DIR to another folder",
        ) from error
    try:
        is_outermost = lock.lock_counter == 1
        if is_outermost:
            _note_holder(holder_path)
        yield is_outermost
    finally:
        lock.release()


def nobody_refreshes(settings: Settings) -> bool:
    """Whether no other process holds the data folder, nor any machine the lake. False where it cannot be told."""
    if not is_free(settings.lock_path):
        return False
    if settings.lake_address is None:
        return True
    from orchestration.store.lake.locks import lake_is_free

    return lake_is_free(settings)


def is_free(lock_path: Path) -> bool:
    """Whether no other process holds the data folder; looking leaves no note. False where it cannot be told."""
    if not lock_path.exists():
        return True
    try:
        FileLock(lock_path, is_singleton=True, thread_local=False).acquire(timeout=0).lock.release()
    except (Timeout, OSError):
        return False
    return True


def _note_holder(path: Path) -> None:
    holder = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        path.write_text(json.dumps(holder))
    except OSError as error:
        raise WarehouseError(
            "The data folder cannot be written to.",
            where=str(path),
            found=error.strerror or str(error),
            next_step="free space or mend the permissions, or set WAREHOUSE_DATA_DIR to another folder",
        ) from error


def _describe_holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
        return f"process {holder['pid']} has held it since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "the holder left no note"
