"""What the parts of the benchmark share: folders, sources, rounds and sizes."""

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.alone import BIN, process

NOT_BUILT = ["tag:dyads"]  # by a refresh that is not asked for them


@dataclass(frozen=True)
class Place:
    """folder: for whatever a part writes. mirror: the real files, or None for the sample. rounds: of what is taken side by side.
    sizes: of the grown worlds, ascending, the first of them 1."""

    folder: Path
    mirror: Path | None
    rounds: int
    sizes: list[int]

    @property
    def data(self) -> Path:
        """The data folder of one refresh, made by prepare()."""
        return self.folder / "data"

    @property
    def left_out(self) -> list[str]:
        """What dbt is not to build: the dyad-years, and for the sample the tests on golden figures."""
        return NOT_BUILT + ([] if self.mirror else ["tag:real_data"])

    def refresh(self, data: Path):
        """One ``warehouse run`` into a data folder."""
        sources = [str(self.mirror), "--offline"] if self.mirror else ["sample"]
        return process([BIN / "warehouse", "run", "--sources", *sources], WAREHOUSE_DATA_DIR=str(data))

    def prepare(self) -> None:
        if not self.data.exists():
            self.refresh(self.data)

    def part(self, name: str) -> Path:
        """A new folder for a part."""
        folder = self.folder / name
        folder.mkdir()
        return folder
