"""Write the sample as a mirror folder, and make the catalog with the hashes of its files."""

import hashlib
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.core.files import write_atomically
from orchestration.ingest.catalog import Catalog, catalog_of
from orchestration.ingest.records import SourceFile
from orchestration.ingest.sample import (
    alliance_tables,
    conflict_tables,
    generic_tables,
    mortality_tables,
    regime_tables,
    system_tables,
)
from orchestration.ingest.sample.formats import arrange, file_bytes
from orchestration.ingest.sample.world import Columns, World, build_world

STATES, SEED = 60, 1816
SYNTHETIC_VERSION = "synthetic"
RECORD = "SYNTHETIC.json"  # in the mirror folder: the files written, and the hash of the generator


def write_sample_mirror(catalog: Catalog, directory: Path, states: int = STATES, seed: int = SEED) -> dict[str, str]:
    """Write every file of the catalog as ``<directory>/<source>/<file>``.

    Parameters
    ----------
    catalog : Catalog
        The real sources.
    directory : Path
        The mirror folder.
    states : int
        Number of states, at least 20. From 999 states on, their codes are longer than the contracts allow.
    seed : int
        Seed of the world.

    Returns
    -------
    dict of str to str
        ``<source>/<file>`` to SHA-256. The same arguments give the same bytes with the same library versions.

    Raises
    ------
    ValueError
        If there are too few states.
    """
    hashes = {}
    for source, file, content in _files(catalog, build_world(states, seed)):
        path = directory / source / file.file
        with write_atomically(path) as stream:
            stream.write(content)
        hashes[f"{source}/{file.file}"] = hashlib.sha256(content).hexdigest()
    return dict(sorted(hashes.items()))


def sample_catalog(catalog: Catalog, directory: Path) -> Catalog:
    """Make the catalog of the sample.

    The sample is generated if it is missing, incomplete or from another version of the generator.

    Parameters
    ----------
    catalog : Catalog
        The real sources.
    directory : Path
        The mirror folder.

    Returns
    -------
    Catalog
        The same sources; every file has the hash and size of the generated file, the version "synthetic" and no
        address.
    """
    record_path, generator = directory / RECORD, _generator(catalog)
    record = _read_record(record_path)
    is_complete = all((directory / name).is_file() for name in record["files"])
    if record.get("generator") != generator or not is_complete:
        record = {"generator": generator, "files": {}}
        for name, sha256 in write_sample_mirror(catalog, directory).items():
            record["files"][name] = {"sha256": sha256, "size_bytes": (directory / name).stat().st_size}
        with write_atomically(record_path) as stream:
            stream.write(json.dumps(record, indent=1).encode())
    sources = []
    for name, source in catalog.sources.items():
        files = tuple(_as_generated(file, record["files"][f"{name}/{file.file}"]) for file in source.files)
        sources.append(source.model_copy(update={"files": files}))
    return catalog_of(sources)


def _read_record(path: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        for file in record["files"].values():
            bytes.fromhex(file["sha256"])
        return record
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # missing or damaged
        return {"files": {}}


def _as_generated(file: SourceFile, written: dict[str, Any]) -> SourceFile:
    no_address = dict.fromkeys(("publisher_url", "archive_member", "pinned_url"))
    note = "SYNTHETIC: invented by this project."
    return file.model_copy(update=written | no_address | {"version": SYNTHETIC_VERSION, "note": note})


def _files(catalog: Catalog, world: World) -> Iterator[tuple[str, SourceFile, bytes]]:
    """Yield each file as soon as its last table is made, so that a large world is never in memory as a whole."""
    waiting: dict[str, pa.Table] = {}
    for name, columns in _tables(catalog, world):
        entry = catalog.raw_tables[name]
        waiting[name] = arrange(entry.table, columns)
        wanted = [table.name for table in entry.file.tables]
        if all(table in waiting for table in wanted):
            yield entry.source.name, entry.file, file_bytes(entry.file, {table: waiting.pop(table) for table in wanted})


def _tables(catalog: Catalog, world: World) -> Iterator[tuple[str, Columns]]:
    """Yield the tables of the catalog: those with a generator of their own, then the others from their contracts."""
    others = dict(catalog.raw_tables)
    for name, columns in chain(
        system_tables.tables(world),
        alliance_tables.tables(world),
        mortality_tables.tables(world),
        regime_tables.tables(world),
        conflict_tables.tables(world),
    ):
        if others.pop(name, None):
            yield name, columns
    yield from generic_tables.tables(world, (entry.table for entry in others.values()))


def _generator(catalog: Catalog) -> str:
    """Hash what determines the bytes: the code of this package, and the catalog whose columns it follows."""
    modules = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    records = [source.model_dump_json().encode() for source in catalog.values()]
    return hashlib.sha256(b"".join(modules + records)).hexdigest()
