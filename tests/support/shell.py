"""The warehouse's command line as a process of its own, and the real source files."""

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from orchestration.core.settings import from_environment
from orchestration.publication.kept import find
from orchestration.query.run import write_result

REPOSITORY = Path(__file__).resolve().parents[2]
WAREHOUSE = Path(sys.executable).with_name("warehouse")

Done = subprocess.CompletedProcess[str]


def find_mirror() -> Path | None:
    """Folder of the real source files: WAREHOUSE_MIRROR, or shared/sources beside the repository."""
    candidates = [os.environ.get("WAREHOUSE_MIRROR"), REPOSITORY.parent / "shared" / "sources"]
    return next((Path(c) for c in candidates if c and (Path(c) / "catalog.csv").exists()), None)


@dataclass(frozen=True)
class Shell:
    """The warehouse's command line on one data folder."""

    data_dir: Path
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def published(self) -> Path:
        return self.data_dir / "warehouse.duckdb"

    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("WAREHOUSE_", "DAGSTER_", "DBT_"))}
        return clean | {"WAREHOUSE_DATA_DIR": str(self.data_dir)} | dict(self.variables)

    def __call__(self, *arguments: str) -> Done:
        return subprocess.run(
            [str(WAREHOUSE), *arguments],
            check=False,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=900,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in its own process group, so that all its processes can be killed together."""
        return subprocess.Popen(
            [str(WAREHOUSE), *arguments],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def sql(self, statement: str) -> str:
        """Query the publication and return the rows as CSV; in this process, since starting one takes a second."""
        settings = from_environment(self.environment())
        if settings.lake_address:  # libpq takes the password from the environment of the process
            done = self("sql", statement, "--format", "csv")
            assert done.returncode == 0, done.stderr
            text = done.stdout
        else:
            out = io.BytesIO()
            write_result(find(settings), statement, "csv", out)
            text = out.getvalue().decode()
        return text.split("\n", 1)[1].strip()

    def published_hash(self) -> str:
        return hashlib.sha256(self.published.read_bytes()).hexdigest()
