"""The sample as a mirror: every file of the catalogue, written by one seed, and the catalogue that vouches for it."""

import hashlib
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from orchestration.core.files import write_atomically
from orchestration.ingest.catalog import Catalog, SourceFile, catalog_of
from orchestration.ingest.sample import alliance_tables, conflict_tables, mortality_tables, regime_tables, system_tables
from orchestration.ingest.sample.formats import arrange, file_bytes
from orchestration.ingest.sample.world import World, build_world

STATES, SEED = 60, 1816
SYNTHETIC_VERSION = "synthetic"
RECORD = "SYNTHETIC.json"  # beside the source folders: what was written, and by which generator


def write_sample_mirror(catalog: Catalog, directory: Path, states: int = STATES, seed: int = SEED) -> dict[str, str]:
    """Write <directory>/<source>/<file> for every file of the catalogue; return {"<source>/<file>": sha256}.

    `states` counts the world's states, 20 at least; beyond the named ones they are invented, and from the 999th on
    their codes are longer than the catalogue's contracts allow. The same arguments give the same bytes on the same
    versions of the libraries. Raises ValueError for fewer states.
    """
    hashes = {}
    for source, file, content in _files(catalog, build_world(states, seed)):
        path = directory / source / file.file
        with write_atomically(path) as stream:
            stream.write(content)
        hashes[f"{source}/{file.file}"] = hashlib.sha256(content).hexdigest()
    return dict(sorted(hashes.items()))


def sample_catalog(catalog: Catalog, directory: Path) -> Catalog:
    """The catalogue of the sample in `directory`, which is written anew without its record or by another generator.

    Every file carries the hash and size of what was written, the version "synthetic" and no address on the web.
    """
    record_path, generator = directory / RECORD, _generator(catalog)
    record = _read_record(record_path)
    is_whole = all((directory / name).is_file() for name in record["files"])
    if record.get("generator") != generator or not is_whole:
        record = {"generator": generator, "files": {}}
        for name, sha256 in write_sample_mirror(catalog, directory).items():
            record["files"][name] = {"sha256": sha256, "size_bytes": (directory / name).stat().st_size}
        with write_atomically(record_path) as stream:
            stream.write(json.dumps(record, indent=1).encode())
    sources = []
    for name, source in catalog.sources.items():
        files = tuple(_vouch(file, record["files"][f"{name}/{file.file}"]) for file in source.files)
        sources.append(source.model_copy(update={"files": files}))
    return catalog_of(sources)


def _read_record(path: Path) -> dict:
    try:
        record = json.loads(path.read_bytes())
        for file in record["files"].values():
            bytes.fromhex(file["sha256"])
        return record
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # not there yet, or damaged
        return {"files": {}}


def _vouch(file: SourceFile, written: dict) -> SourceFile:
    no_address = dict.fromkeys(("publisher_url", "archive_member", "pinned_url"))
    note = "SYNTHETIC: invented by this project."
    return file.model_copy(update=written | no_address | {"version": SYNTHETIC_VERSION, "note": note})


def _files(catalog: Catalog, world: World) -> Iterator[tuple[str, SourceFile, bytes]]:
    """Each file as soon as its last table is made, so that a large world never lies in memory whole."""
    waiting = {}
    for name, columns in _tables(world):
        entry = catalog.raw_tables[name]
        waiting[name] = arrange(entry.table, columns)
        wanted = [table.name for table in entry.file.tables]
        if all(table in waiting for table in wanted):
            yield entry.source.name, entry.file, file_bytes(entry.file, {table: waiting.pop(table) for table in wanted})


def _tables(world: World) -> Iterator[tuple[str, dict]]:
    return chain(
        system_tables.tables(world),
        alliance_tables.tables(world),
        mortality_tables.tables(world),
        regime_tables.tables(world),
        conflict_tables.tables(world),
    )


def _generator(catalog: Catalog) -> str:
    """Hash what decides the bytes: the text of this package, and the catalog whose columns it follows."""
    modules = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    records = [source.model_dump_json().encode() for source in catalog.values()]
    return hashlib.sha256(b"".join(modules + records)).hexdigest()
