"""The parsed and compiled dbt project, kept with the installation so that it is made once per change and not once per run."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.build.process import output_of, run_dbt
from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import DBT_PROJECT, Settings

PARSED_DIR = Path(sys.prefix) / "var" / "alliance-formation-warehouse"
PARSE = ("manifest.json", "partial_parse.msgpack")
SEAL = "parse.sha256"


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
    """The folder with manifest.json, compiled SQL in it, and dbt's own parse of the project as it is now; made if there
    is none.

    Raises WarehouseError with dbt's message if the project does not compile.
    """
    made_from = project_fingerprint() + Path(__file__).read_text()  # another way of making it makes another
    kept = PARSED_DIR / hashlib.sha256(made_from.encode()).hexdigest()[:16]
    if is_sealed(kept):
        return kept
    PARSED_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PARSED_DIR) as scratch:
        _compile_into(Path(scratch), settings)
        _forget_other_parses()
        fresh = Path(scratch) / "kept"
        fresh.mkdir()
        for name in PARSE:
            (Path(scratch) / name).rename(fresh / name)
        seal(fresh)
        shutil.rmtree(kept, ignore_errors=True)
        os.replace(fresh, kept)
    return kept


def prepare_target(target: Path, settings: Settings) -> None:
    """Make dbt's target folder ready for a run: with its parse of the run before, if that is sealed, else the kept one."""
    target.mkdir(parents=True, exist_ok=True)
    if not is_sealed(target):
        kept = parsed_project(settings)
        for name in PARSE:
            shutil.copyfile(kept / name, target / name)
    (target / "run_results.json").unlink(missing_ok=True)


def seal(folder: Path) -> None:
    """Note the sha256 of the parse in a folder: dbt would take a damaged one for what it says."""
    (folder / SEAL).write_text(_parse_sha256(folder))


def is_sealed(folder: Path) -> bool:
    """Whether the parse in a folder is the one that was sealed there."""
    try:
        return (folder / SEAL).read_text() == _parse_sha256(folder)
    except (OSError, ValueError):
        return False


def _parse_sha256(folder: Path) -> str:
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in PARSE)).hexdigest()


def kept_column_lineage(
    kept: Path, manifest: Mapping[str, Any], raw_columns: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, list[list[str]]]]:
    """Column lineage of every model (column_lineage.py), kept beside the parse it was read from; made if there is none.

    Raises WarehouseError naming the model whose SQL cannot be followed.
    """
    from orchestration.build import column_lineage

    made_from = [Path(column_lineage.__file__).read_text(), version("sqlglot"), raw_columns]
    path = kept / f"column_lineage-{hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]}.json"
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):  # not there yet, or damaged
        try:
            lineage = column_lineage.column_lineage(manifest, raw_columns)
        except ValueError as error:
            raise WarehouseError(
                "The column lineage of a dbt model cannot be read from its SQL.",
                where=str(DBT_PROJECT),
                expected="SQL whose columns sqlglot can follow, and the same columns in the model's yml",
                found=str(error),
                next_step="name the column in the yml, or write the SQL more plainly",
            ) from error
        text = json.dumps(lineage)
        with write_atomically(path) as stream:
            stream.write(text.encode())
        return json.loads(text)


def _compile_into(target: Path, settings: Settings) -> None:
    """Compile the models, which parses the project first; dbt works in ``target``, away from any data folder."""
    arguments = ("compile", "--target", "build", "--select", "resource_type:model")
    done = run_dbt(settings.without_lake(), *arguments, target=target, work_dir=target)
    if done.returncode:
        raise WarehouseError(
            "The dbt project does not compile.",
            where=str(DBT_PROJECT),
            found=output_of(done),
            next_step="Correct the file that dbt names.",
        )


def _forget_other_parses() -> None:
    """Keep the two newest parses: a branch switched to and fro need not be parsed each time."""
    parses = sorted((p for p in PARSED_DIR.iterdir() if len(p.name) == 16), key=lambda p: p.stat().st_mtime)
    for path in parses[:-1]:
        shutil.rmtree(path, ignore_errors=True)
