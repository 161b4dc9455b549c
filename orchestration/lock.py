"""One refresh at a time: a lock that the operating system drops when its holder dies, and a note of who holds it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from orchestration.errors import WarehouseError
from orchestration.settings import Settings


@contextmanager
def only_refresh(settings: Settings, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the data folder, and the lake if there is one, for one refresh; the same process may take them again inside.

    Raises WarehouseError naming the holder when one of them is not free within ``wait_seconds``.
    """
    with refresh_lock(settings.lock_path, wait_seconds) as is_outermost:
        if settings.lake_address and is_outermost:
            from orchestration.lake.refreshers import lake_lock

            with lake_lock(settings, wait_seconds):
                yield
        else:
            yield


@contextmanager
def refresh_lock(lock_path: Path, wait_seconds: float = 0) -> Iterator[bool]:
    """Hold the data folder for one refresh; the same process may take it again inside. Yields whether it had not yet.

    Raises WarehouseError naming the holder when it is not free within ``wait_seconds``.
    """
    lock = FileLock(lock_path, is_singleton=True, thread_local=False)
    holder_path = lock_path.with_suffix(".holder.json")
    try:
        lock_path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise WarehouseError(
            "Another refresh of this data folder is under way; this one did not start.",
            where=str(lock_path),
            found=_describe_holder(holder_path),
            next_step="wait until it ends, or give --wait SECONDS; what is published can be read meanwhile",
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
    from orchestration.lake.refreshers import lake_is_free

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
