"""The record of a build: what it was made from, written when dbt has finished and read when it is published."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from orchestration.build.fingerprint import fingerprint_parts
from orchestration.core.files import write_atomically
from orchestration.core.settings import Settings
from orchestration.ingest.acquisition import Acquisition
from orchestration.ingest.loads import RawLoad, read_load

FILE = "build_record.json"


@dataclass(frozen=True)
class BuildRecord:
    """What a build was made from.

    Attributes
    ----------
    parts : Mapping of str to str
        Hash by part, as in `fingerprint_parts`: source records, code, dbt project, packages.
    raw : Mapping of str to RawLoad
        The raw tables that dbt read, by name.
    """

    parts: Mapping[str, str]
    raw: Mapping[str, RawLoad]


def current_inputs(acquisition: Acquisition) -> BuildRecord:
    """Describe what a build made now would be made from.

    Parameters
    ----------
    acquisition : Acquisition
        The sources of this run.

    Returns
    -------
    BuildRecord
        Records and code as they are on disk, raw tables by their own lineage columns.

    Raises
    ------
    WarehouseError
        If the lineage of a raw table cannot be read.
    """
    tables = [table.name for _, file in acquisition.files() for table in file.tables]
    raw = {table: read_load(acquisition.settings.raw_dir, table) for table in tables}
    return BuildRecord(fingerprint_parts(acquisition.hashes()), raw)


def write_build_record(settings: Settings, record: BuildRecord) -> None:
    """Write the record of a complete build beside dbt's artifacts."""
    with write_atomically(settings.dbt_target_dir / FILE) as stream:
        stream.write(json.dumps(asdict(record), indent=1).encode())


def read_build_record(settings: Settings) -> BuildRecord | None:
    """Read the record of the last build; None if that build failed, was partial, or left no readable record."""
    try:
        content = json.loads((settings.dbt_target_dir / FILE).read_text())
        return BuildRecord(content["parts"], {name: RawLoad(**load) for name, load in content["raw"].items()})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_build_record(settings: Settings) -> None:
    """Remove the record before the build changes: a build that fails or is partial has none."""
    (settings.dbt_target_dir / FILE).unlink(missing_ok=True)


def differences(built: BuildRecord, now: BuildRecord) -> list[str]:
    """List in words what changed since the build.

    Parameters
    ----------
    built, now : BuildRecord
        The record of the build, and the present inputs.

    Returns
    -------
    list of str
        One entry for each difference, raw tables first; empty if there is none.
    """
    found = [
        f"raw table {table}: built from {_named(built.raw.get(table))}, now {_named(now.raw.get(table))}"
        for table in sorted(_differing(_hashes(built), _hashes(now)))
    ]
    return found + [f"{part} changed since the build" for part in sorted(_differing(built.parts, now.parts))]


def _hashes(record: BuildRecord) -> dict[str, str]:
    return {table: f"{load.sha256} {load.version}" for table, load in record.raw.items()}


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> Iterable[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def _named(load: RawLoad | None) -> str:
    return f"version {load.version} (sha256 {load.sha256[:12]}...)" if load else "nothing"
