"""Writing a file whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from orchestration.core.errors import WarehouseError


@contextmanager
def write_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a new file beside ``path`` and, when the block ends well, put it in place of ``path`` once it is on disk.

    When the block fails, ``path`` stays as it was and the new file is removed.
    Raises WarehouseError where the disk is full or the folder cannot be written.
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
            "A file cannot be written; what was there before is unchanged.",
            where=str(path),
            expected="a folder that can be written, on a disk with room left",
            found=error.strerror or type(error).__name__,
            next_step="Make room or correct the folder's permissions, then run again.",
        ) from error
    finally:
        if scratch:
            with suppress(FileNotFoundError):
                os.unlink(scratch)


def sync(path: Path) -> None:
    """Have a finished file, or the names in a folder, on disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
