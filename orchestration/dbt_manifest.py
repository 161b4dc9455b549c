"""The parsed dbt project, kept with the installation so that it is parsed once per change and not once per run."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from orchestration.errors import WarehouseError
from orchestration.settings import DBT_PROJECT, Settings

PARSED_DIR = Path(sys.prefix) / "var" / "alliance-formation-warehouse"
KEPT_FILES = ("manifest.json", "partial_parse.msgpack")


def dbt_executable() -> str:
    """The command of dbt_process.py beside this interpreter, whatever the PATH says."""
    return str(Path(sys.executable).with_name("warehouse-dbt"))


def project_fingerprint() -> str:
    """sha256 over names and bytes of every file of the dbt project."""
    digest = hashlib.sha256()
    for path in sorted(p for p in DBT_PROJECT.rglob("*") if p.is_file()):
        relative = path.relative_to(DBT_PROJECT)
        if relative.parts[0] in ("target", "logs"):
            continue
        digest.update(str(relative).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def parsed_project(settings: Settings) -> Path:
    """The folder with manifest.json and dbt's own parse of the project as it is now; parses it if there is none.

    Raises WarehouseError with dbt's message if the project does not parse.
    """
    kept = PARSED_DIR / project_fingerprint()[:16]
    if all((kept / name).exists() for name in KEPT_FILES):
        return kept
    PARSED_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PARSED_DIR) as scratch:
        _parse_into(Path(scratch), settings)
        _forget_other_parses()
        fresh = Path(scratch) / "kept"
        fresh.mkdir()
        for name in KEPT_FILES:
            (Path(scratch) / name).rename(fresh / name)
        shutil.rmtree(kept, ignore_errors=True)
        os.replace(fresh, kept)
    return kept


def _parse_into(target: Path, settings: Settings) -> None:
    command = [dbt_executable(), "--quiet", "parse", "--target-path", str(target), "--log-path", str(target)]
    command += ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    environment = {**os.environ, **settings.environment()}
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WarehouseError(
            "The dbt project does not parse.",
            where=str(DBT_PROJECT),
            found=(done.stdout + done.stderr).strip()[-2000:],
            next_step="mend the file that dbt names",
        )


def _forget_other_parses() -> None:
    """Keep the two newest parses: a branch switched to and fro need not be parsed each time."""
    parses = sorted((p for p in PARSED_DIR.iterdir() if len(p.name) == 16), key=lambda p: p.stat().st_mtime)
    for path in parses[:-1]:
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    from orchestration.settings import from_environment

    parsed_project(from_environment())
