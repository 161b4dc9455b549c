"""What every test may use: the repository, the mirror of real files (skipped where there is none), and the command line."""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
WAREHOUSE = Path(sys.executable).with_name("warehouse")


def find_mirror() -> Path | None:
    """The folder of real source files: WAREHOUSE_MIRROR, or shared/sources beside the repository."""
    candidates = [os.environ.get("WAREHOUSE_MIRROR"), REPOSITORY.parent / "shared" / "sources"]
    return next((Path(c) for c in candidates if c and (Path(c) / "catalog.csv").exists()), None)


@pytest.fixture(scope="session")
def mirror() -> Path:
    found = find_mirror()
    if found is None:
        pytest.skip("no mirror of the real source files: set WAREHOUSE_MIRROR")
    return found


@dataclass(frozen=True)
class Shell:
    """The warehouse's command line on one data folder, in a process of its own."""

    data_dir: Path
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def published(self) -> Path:
        return self.data_dir / "warehouse.duckdb"

    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("WAREHOUSE_", "DAGSTER_", "DBT_"))}
        return clean | {"WAREHOUSE_DATA_DIR": str(self.data_dir)} | dict(self.variables)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(WAREHOUSE), *arguments],
            check=False,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start without waiting, in a process group of its own so that it can be killed whole."""
        return subprocess.Popen(
            [str(WAREHOUSE), *arguments],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def sql(self, statement: str) -> str:
        done = self("sql", statement, "--format", "csv")
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n", 1)[1].strip()

    def published_hash(self) -> str:
        return hashlib.sha256(self.published.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def real_warehouse(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """One refresh on the real files in an empty data folder; tests read it and change nothing."""
    shell = Shell(tmp_path_factory.mktemp("real") / "data")
    done = shell("run", "--sources", str(mirror), "--offline")
    assert done.returncode == 0, done.stderr
    return shell


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, subprocess.CompletedProcess[str]]:
    """One refresh with neither network nor mirror, and what it printed."""
    shell = Shell(tmp_path_factory.mktemp("sample") / "data", (("WAREHOUSE_OFFLINE", "1"),))
    done = shell("run")
    assert done.returncode == 0, done.stderr
    return shell, done
