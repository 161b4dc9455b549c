"""The parsed and compiled dbt project, cached in the installation and renewed when the project changes.

An installation that this user may not write to has the cache in the data folder.
"""

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
from orchestration.build.run_results import read_manifest
from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import DBT_PROJECT, Settings
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.raw import columns_by_table

PARSED_DIR = Path(sys.prefix) / "var" / "alliance-formation-warehouse"
PARSE = ("manifest.json", "partial_parse.msgpack")
SEAL = "parse.sha256"


def project_fingerprint() -> str:
    """Compute the sha256 of names and bytes of every file of the dbt project, without target and logs."""
    digest = hashlib.sha256()
    for path in sorted(p for p in DBT_PROJECT.rglob("*") if p.is_file()):
        relative = path.relative_to(DBT_PROJECT)
        if relative.parts[0] in ("target", "logs"):
            continue
        digest.update(str(relative).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def parsed_project(settings: Settings) -> Path:
    """Find the cached parse of the current project, or parse and compile the project.

    Parameters
    ----------
    settings : Settings
        Settings of dbt's process.

    Returns
    -------
    Path
        Folder with manifest.json, which has the compiled SQL, and dbt's partial parse.

    Raises
    ------
    WarehouseError
        If the project does not compile, with dbt's message.
    """
    made_from = project_fingerprint() + Path(__file__).read_text()  # a change of this module renews the cache
    name = hashlib.sha256(made_from.encode()).hexdigest()[:16]
    if is_sealed(PARSED_DIR / name):
        return PARSED_DIR / name
    folder = _parses_folder(settings)
    kept = folder / name
    if is_sealed(kept):
        return kept
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        _compile_into(Path(scratch), settings)
        _remove_old_parses(folder)
        fresh = Path(scratch) / "kept"
        fresh.mkdir()
        for file in PARSE:
            (Path(scratch) / file).rename(fresh / file)
        seal(fresh)
        shutil.rmtree(kept, ignore_errors=True)
        os.replace(fresh, kept)
    return kept


def prepare_target(target: Path, settings: Settings) -> None:
    """Prepare dbt's target folder for a run: keep its own parse if the seal matches, else copy the cached one.

    Parameters
    ----------
    target : Path
        dbt's target folder, created if it does not exist.
    settings : Settings
        Settings of dbt's process.

    Raises
    ------
    WarehouseError
        If the project does not compile.
    """
    target.mkdir(parents=True, exist_ok=True)
    if not is_sealed(target):
        kept = parsed_project(settings)
        for name in PARSE:
            shutil.copyfile(kept / name, target / name)
    (target / "run_results.json").unlink(missing_ok=True)


def seal(folder: Path) -> None:
    """Write the sha256 of the parse in a folder, because dbt does not detect a damaged parse."""
    (folder / SEAL).write_text(_parse_sha256(folder))


def is_sealed(folder: Path) -> bool:
    """Whether the parse in a folder matches the seal written there."""
    try:
        return (folder / SEAL).read_text() == _parse_sha256(folder)
    except (OSError, ValueError):
        return False


def _parse_sha256(folder: Path) -> str:
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in PARSE)).hexdigest()


def project_lineage(settings: Settings) -> dict[str, dict[str, list[list[str]]]]:
    """Find the column lineage of the current project.

    Parameters
    ----------
    settings : Settings
        With the source records, which name the columns of the raw tables.

    Returns
    -------
    dict of str to dict of str to list of [str, str]
        (table, column) pairs one step upstream, by ``schema.table`` and column.

    Raises
    ------
    WarehouseError
        If the project does not compile, or the SQL of a model cannot be followed.
    """
    kept = parsed_project(settings)
    return kept_column_lineage(kept, read_manifest(kept), columns_by_table(load_catalog(settings.catalog_dir)))


def kept_column_lineage(
    kept: Path, manifest: Mapping[str, Any], raw_columns: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, list[list[str]]]]:
    """Find the column lineage cached beside a parse, or compute it.

    Parameters
    ----------
    kept : Path
        Folder of the parse, from `parsed_project`.
    manifest : Mapping
        The manifest in that folder.
    raw_columns : Mapping of str to sequence of str
        Columns of every raw table, by its name without the schema.

    Returns
    -------
    dict of str to dict of str to list of [str, str]
        As from `column_lineage`, with lists for pairs.

    Raises
    ------
    WarehouseError
        If the SQL of a model cannot be followed; the message names the model.
    """
    from orchestration.build import column_lineage

    made_from = [Path(column_lineage.__file__).read_text(), version("sqlglot"), raw_columns]
    path = kept / f"column_lineage-{hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]}.json"
    try:
        cached: dict[str, dict[str, list[list[str]]]] = json.loads(path.read_bytes())
        return cached
    except (OSError, ValueError):  # missing or damaged
        try:
            lineage = column_lineage.column_lineage(manifest, raw_columns)
        except ValueError as error:
            raise WarehouseError(
                "The column lineage of a dbt model cannot be read from its SQL.",
                where=str(DBT_PROJECT),
                expected="SQL whose columns sqlglot can follow, and the same columns in the model's yml",
                found=str(error),
                next_step="Document the column in the model's yml, or simplify its SQL.",
            ) from error
        text = json.dumps(lineage)
        with write_atomically(path) as stream:
            stream.write(text.encode())
        computed: dict[str, dict[str, list[list[str]]]] = json.loads(text)
        return computed


def _compile_into(target: Path, settings: Settings) -> None:
    """Parse the project and compile its models; dbt runs in ``target``, not in a data folder."""
    arguments = ("compile", "--target", "build", "--select", "resource_type:model")
    done = run_dbt(settings.without_lake(), *arguments, target=target, work_dir=target)
    if done.returncode:
        raise WarehouseError(
            "The dbt project does not compile.",
            where=str(DBT_PROJECT),
            found=output_of(done),
            next_step="Correct the file that dbt names.",
        )


def _parses_folder(settings: Settings) -> Path:
    """The folder of the installation if this user may write there, else one in the data folder."""
    try:
        PARSED_DIR.mkdir(parents=True, exist_ok=True)
        if os.access(PARSED_DIR, os.W_OK):
            return PARSED_DIR
    except OSError:
        pass
    folder = settings.data_dir / "dbt_parsed"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _remove_old_parses(folder: Path) -> None:
    """Keep one earlier parse beside the new one, for switching between two branches."""
    parses = sorted((p for p in folder.iterdir() if len(p.name) == 16), key=lambda p: p.stat().st_mtime)
    for path in parses[:-1]:
        shutil.rmtree(path, ignore_errors=True)
