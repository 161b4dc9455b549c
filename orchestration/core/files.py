"""Writing a file or a folder whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from orchestration.core.errors import WarehouseError


@contextmanager
def write_atomically(path: Path) -> Iterator[BinaryIO]:
    """Write a new file and let it replace ``path`` in one step when the block succeeds.

    When the block fails, ``path`` is unchanged and the new file is removed.

    Parameters
    ----------
    path : Path
        File to write. Its folder is created if it does not exist.

    Yields
    ------
    BinaryIO
        Stream of the new file, in the same folder.

    Raises
    ------
    WarehouseError
        If the disk is full or the folder cannot be written.
    """
    scratch = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with open(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(scratch, 0o644)
        os.replace(scratch, path)
        sync(path.parent)
    except OSError as error:
        raise WarehouseError(
            "A file could not be written; the previous version is unchanged.",
            where=str(path),
            expected="a writable folder on a disk with free space",
            found=error.strerror or type(error).__name__,
            next_step="Free disk space or correct the folder's permissions, then run again.",
        ) from error
    finally:
        if scratch:
            with suppress(FileNotFoundError):
                os.unlink(scratch)


@contextmanager
def replace_folder(target: Path) -> Iterator[Path]:
    """Fill a new folder and let it replace ``target`` when the block succeeds.

    When the block or the replacement fails, ``target`` is unchanged. Between the two renames of the replacement the
    previous folder exists under a hidden name beside ``target``; it is restored if the second rename fails.

    Parameters
    ----------
    target : Path
        Folder to replace. Its parent is created if it does not exist.

    Yields
    ------
    Path
        An empty folder on the same file system.

    Raises
    ------
    OSError
        If the disk is full or a folder cannot be written or renamed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    new, previous = workshop / "new", workshop / "previous"
    try:
        new.mkdir()
        yield new
        try:
            if target.exists():
                target.rename(previous)
            new.rename(target)
        finally:
            if previous.exists() and not target.exists():
                previous.rename(target)
        sync(target.parent)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def sync(path: Path) -> None:
    """Flush a finished file, or the names in a folder, to disk.

    Parameters
    ----------
    path : Path
        An existing file or folder.

    Raises
    ------
    OSError
        If it cannot be opened or flushed.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
