"""Folders, sources, rounds and sizes that the parts of the benchmark share."""

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.alone import BIN, process

NOT_BUILT = ["tag:dyads"]  # built on request only


@dataclass(frozen=True)
class Workspace:
    """Where and on what a benchmark works.

    folder: everything is written below it. mirror: the real files, or None for the sample. rounds: of each comparison.
    sizes: of the larger worlds, ascending from 1.
    """

    folder: Path
    mirror: Path | None
    rounds: int
    sizes: list[int]

    @property
    def data(self) -> Path:
        """Data folder of the refresh by prepare()."""
        return self.folder / "data"

    @property
    def excluded(self) -> list[str]:
        """Nodes that dbt excludes: the dyad-years, and for the sample the tests against golden figures."""
        return NOT_BUILT + ([] if self.mirror else ["tag:real_data"])

    def refresh(self, data: Path):
        """Run ``warehouse run`` on a data folder."""
        sources = [str(self.mirror), "--offline"] if self.mirror else ["sample"]
        return process([BIN / "warehouse", "run", "--sources", *sources], WAREHOUSE_DATA_DIR=str(data))

    def prepare(self) -> None:
        if not self.data.exists():
            self.refresh(self.data)

    def part(self, name: str) -> Path:
        """Make a folder for a part."""
        folder = self.folder / name
        folder.mkdir()
        return folder
