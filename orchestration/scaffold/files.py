"""Write several files: all of them, or none."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically


@dataclass(frozen=True)
class Files:
    """Files to write: `new` ones, which must not exist, and `changed` ones, which must; path to text."""

    new: Mapping[Path, str]
    changed: Mapping[Path, str] = field(default_factory=dict)

    def write(self) -> None:
        """Write all files; if one fails, remove those that were written and restore those that were changed.

        Raises
        ------
        WarehouseError
            If a new file exists already (nothing is written), or a file cannot be written.
        """
        existing = [str(path) for path in self.new if path.exists()]
        if existing:
            raise WarehouseError(
                "A file exists already; nothing was written.",
                where=", ".join(existing),
                expected="no file of this name",
                found=f"{len(existing)} of {len(self.new)} files",
                next_step="Choose another name, or remove the files first.",
            )
        before = {path: path.read_bytes() for path in self.changed}
        written: list[Path] = []
        try:
            for path, text in (*self.new.items(), *self.changed.items()):
                written.append(path)
                with write_atomically(path) as stream:
                    stream.write(text.encode())
        except BaseException:
            for path in written:
                self._undo(path, before.get(path))
            raise

    def _undo(self, path: Path, before: bytes | None) -> None:
        if before is not None:
            path.write_bytes(before)
            return
        with suppress(OSError):  # it could not be written, or its folder was there before and is not empty
            path.unlink(missing_ok=True)
            path.parent.rmdir()
