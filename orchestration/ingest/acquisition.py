"""Which data a run works on, real or the synthetic sample, and how a source's file becomes its raw tables."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import REAL, SAMPLE, Settings
from orchestration.ingest.catalog import Catalog, RawTable, SourceFile, load_catalog
from orchestration.ingest.fetch import Fetched, SourceUnavailable, fetch, sha256_of
from orchestration.ingest.membership import read_membership
from orchestration.ingest.raw import RawResult, build_raw_table
from orchestration.store import open_store


@dataclass(frozen=True)
class Acquisition:
    """The catalogue of one run, and where its files are looked for."""

    catalog: Catalog
    settings: Settings
    mirror_dir: Path | None

    @property
    def is_synthetic(self) -> bool:
        return self.settings.is_synthetic

    def files(self) -> list[tuple[str, SourceFile]]:
        return [(source.name, file) for source in self.catalog.values() for file in source.files]

    def hashes(self) -> list[tuple[str, str]]:
        """Each source with the sha256 of its whole record, which has that of every file in it."""
        return [
            (source.name, hashlib.sha256(source.model_dump_json().encode()).hexdigest())
            for source in self.catalog.values()
        ]

    def fetch(self, source_name: str, file: SourceFile) -> Fetched:
        """Cache, mirror, publisher, pinned copy; the sha256 decides. Raises WarehouseError, SourceUnavailable."""
        self._check_mirror(source_name, file)
        return fetch(
            file,
            source_name,
            self.settings.cache_dir,
            self.mirror_dir,
            allow_network=not (self.settings.offline or self.is_synthetic),
        )

    def build(
        self, source_name: str, file: SourceFile, table: RawTable, fetched: Fetched, loaded_at: datetime
    ) -> RawResult:
        """Hold one table of a verified file against its contract, and write it."""
        raw_dir = self.settings.raw_dir
        membership = read_membership(raw_dir) if table.membership_key else None
        return build_raw_table(self.catalog[source_name], file, table, fetched.path, raw_dir, loaded_at, membership)

    def _check_mirror(self, source_name: str, file: SourceFile) -> None:
        """A mirror that offers other bytes is an error even where the cache is good: the user named that folder."""
        if self.mirror_dir is None:
            return
        offered = self.mirror_dir / source_name / file.file
        if not offered.is_file() or (found := sha256_of(offered)) == file.sha256:
            return
        raise WarehouseError(
            "A source file in the mirror is not the file on record; nothing was loaded from it.",
            where=f"source {source_name}, file {offered}",
            expected=f"sha256 {file.sha256}, {file.size_bytes:,} bytes",
            found=f"sha256 {found}, {offered.stat().st_size:,} bytes; {self._diagnose(source_name, file, offered)}",
            next_step="put the right file there, or leave it out of the mirror so that another copy is used",
        )

    def _diagnose(self, source_name: str, file: SourceFile, offered: Path) -> str:
        """What a reader would say of the wrong file: a missing column tells more than a hash."""
        from orchestration.ingest.contracts import check
        from orchestration.ingest.readers import read_table

        membership = None
        try:
            for table in file.tables:
                if table.membership_key:
                    membership = read_membership(self.settings.raw_dir)
                check(table, read_table(table, offered), membership)
        except WarehouseError as error:
            return f"its content: {error.problem} ({error.where}; expected {error.expected}; found {error.found})"
        except FileNotFoundError:
            return "its content was not looked at, since the state system list is not loaded yet"
        return "its content is well-formed but not what was recorded"


def open_acquisition(settings: Settings) -> Acquisition:
    """The real catalogue with the user's mirror, or the sample's own files, made if they are not there yet."""
    if not settings.is_synthetic:
        return Acquisition(load_catalog(settings.catalog_dir), settings, settings.mirror_dir)
    from orchestration.ingest.sample import sample_catalog

    return Acquisition(
        sample_catalog(load_catalog(settings.catalog_dir), settings.sample_dir), settings, settings.sample_dir
    )


def fetch_all(acquisition: Acquisition) -> None:
    """Have every file in the cache, verified. Raises at the first that cannot be had."""
    for source_name, file in acquisition.files():
        acquisition.fetch(source_name, file)


def choose_sources(settings: Settings, wanted: str) -> tuple[Settings, str]:
    """Settle ``--sources``: sample, real, auto, or a mirror folder; return the settings and what to tell the user.

    auto takes real data if every file can be had, and the sample otherwise - unless real data are published, which a
    sample must not replace, or others would read it in the lake. Raises WarehouseError for a folder that does not exist or files that cannot be had.
    """
    if wanted == SAMPLE:
        return replace(settings, sources=SAMPLE), "SYNTHETIC sample, as asked for"
    if wanted not in ("auto", REAL):
        mirror = Path(wanted)
        if not mirror.is_dir():
            raise WarehouseError(
                "The folder of source files does not exist.",
                where=f"--sources {wanted}",
                expected="auto, real, sample, or a folder with <source>/<file>",
                found="no such folder",
                next_step="name an existing folder, or leave --sources out",
            )
        settings = replace(settings, mirror_dir=mirror.resolve())
    real = replace(settings, sources=REAL)
    try:
        fetch_all(open_acquisition(real))
    except SourceUnavailable as error:
        if wanted != "auto":
            raise
        return _fall_back(settings, error)
    return real, "real data"


def _fall_back(settings: Settings, reason: SourceUnavailable) -> tuple[Settings, str]:
    """Switch to the synthetic sample, unless the store must not publish it unrequested."""
    refusal = open_store(settings).refusal_of_sample()
    if refusal:
        raise WarehouseError(
            f"A source file is not available, and {refusal.reason}.",
            where=reason.where,
            expected="every source file in the cache, the mirror or at its publisher",
            found=reason.found,
            next_step=f"Pass --sources DIR with the files, or {refusal.fix}.",
        ) from reason
    message = f"SYNTHETIC sample, because a real source file is not available ({reason.where})"
    return replace(settings, sources=SAMPLE), message
