"""Choose real or sample data for a run, and turn each source file into its raw tables."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import REAL, SAMPLE, Settings
from orchestration.ingest.catalog import Catalog, load_catalog
from orchestration.ingest.fetch import (
    MISMATCH,
    Fetched,
    SourceUnavailable,
    WrongBytes,
    expected_bytes,
    fetch,
    sha256_of,
)
from orchestration.ingest.membership import read_membership
from orchestration.ingest.raw import RawResult, build_raw_table
from orchestration.ingest.records import RawTable, SourceFile
from orchestration.store import open_store


@dataclass(frozen=True)
class Acquisition:
    """The sources of one run, and where their files are searched.

    Attributes
    ----------
    catalog : Catalog
        The real sources, or those of the synthetic sample.
    settings : Settings
        Paths and choices.
    mirror_dir : Path or None
        Folder ``<source>/<file>`` that is searched before the network.
    """

    catalog: Catalog
    settings: Settings
    mirror_dir: Path | None

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are the synthetic sample."""
        return self.settings.is_synthetic

    def files(self) -> list[tuple[str, SourceFile]]:
        """List every file, with the name of its source."""
        return [(source.name, file) for source in self.catalog.values() for file in source.files]

    def hashes(self) -> list[tuple[str, str]]:
        """Hash each source.

        Returns
        -------
        list of (str, str)
            Name of the source and SHA-256 of its record, which contains the hash of every file.
        """
        return [
            (source.name, hashlib.sha256(source.model_dump_json().encode()).hexdigest())
            for source in self.catalog.values()
        ]

    def fetch(self, source_name: str, file: SourceFile) -> Fetched:
        """Fetch one file and verify it; see `orchestration.ingest.fetch.fetch`.

        Parameters
        ----------
        source_name : str
            Name of the source.
        file : SourceFile
            Record of the file.

        Returns
        -------
        Fetched
            The verified file in the cache.

        Raises
        ------
        SourceUnavailable
            If no location has a file.
        WarehouseError
            If the mirror has a file with another sha256, even if the cached copy is valid.
        """
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
        """Read one table of a verified file, check its contract and write it; see `build_raw_table`.

        Parameters
        ----------
        source_name : str
            Name of the source.
        file : SourceFile
            Record of the file.
        table : RawTable
            Record of the table.
        fetched : Fetched
            The verified file.
        loaded_at : datetime
            Time of this load, with a time zone.

        Returns
        -------
        RawResult
            The raw table on disk.

        Raises
        ------
        WarehouseError
            If the file cannot be read or violates the contract.
        """
        raw_dir = self.settings.raw_dir
        membership = read_membership(raw_dir) if table.membership_key else None
        return build_raw_table(self.catalog[source_name], file, table, fetched.path, raw_dir, loaded_at, membership)

    def _check_mirror(self, source_name: str, file: SourceFile) -> None:
        """Refuse a mirror with other bytes even if the cached copy is valid: the user named this folder."""
        if self.mirror_dir is None:
            return
        offered = self.mirror_dir / source_name / file.file
        if not offered.is_file() or (found := sha256_of(offered)) == file.sha256:
            return
        raise WrongBytes(
            MISMATCH,
            where=f"source {source_name}, file {offered}",
            expected=expected_bytes(file),
            found=f"sha256 {found}, {offered.stat().st_size:,} bytes; {self._diagnose(file, offered)}",
            next_step="Replace the file in the mirror, or remove it so that another copy is used.",
        )

    def _diagnose(self, file: SourceFile, offered: Path) -> str:
        """Describe how the content differs: a missing column says more than a hash."""
        from orchestration.ingest.contracts import check
        from orchestration.ingest.readers import read_table

        membership = None
        try:
            for table in file.tables:
                if table.membership_key:
                    membership = read_membership(self.settings.raw_dir)
                check(table, read_table(table, offered), membership)
        except WarehouseError as error:
            return f"content: {error.problem} ({error.where}; expected {error.expected}; found {error.found})"
        except FileNotFoundError:
            return "content not checked, because the state system list is not loaded yet"
        return "the content meets its contract but differs from the recorded file"


def open_acquisition(settings: Settings) -> Acquisition:
    """Open the sources that the settings choose.

    Parameters
    ----------
    settings : Settings
        With real or sample data.

    Returns
    -------
    Acquisition
        The real sources with the user's mirror, or the sample, which is generated if it is missing or outdated.

    Raises
    ------
    WarehouseError
        If a source record is invalid.
    """
    if not settings.is_synthetic:
        return Acquisition(load_catalog(settings.catalog_dir), settings, settings.mirror_dir)
    from orchestration.ingest.sample import sample_catalog

    return Acquisition(
        sample_catalog(load_catalog(settings.catalog_dir), settings.sample_dir), settings, settings.sample_dir
    )


def fetch_all(acquisition: Acquisition) -> None:
    """Fetch every file into the cache and verify it.

    Parameters
    ----------
    acquisition : Acquisition
        Sources of the run.

    Raises
    ------
    SourceUnavailable
        At the first file that no location has.
    WrongBytes
        At the first file with another sha256.
    """
    for source_name, file in acquisition.files():
        acquisition.fetch(source_name, file)


def choose_sources(settings: Settings, wanted: str) -> tuple[Settings, str]:
    """Apply the option ``--sources``.

    With ``auto``, the sample is used only if a real file is not available and no real data are published: the sample
    must not replace them, and in a shared lake others would read it.

    Parameters
    ----------
    settings : Settings
        Settings of the process.
    wanted : str
        ``auto``, ``real``, ``sample``, or a mirror folder, which means real data.

    Returns
    -------
    settings : Settings
        With the chosen data.
    message : str
        The choice in words, for the user.

    Raises
    ------
    WarehouseError
        If the folder does not exist, or if a required file is not available.
    """
    if wanted == SAMPLE:
        return replace(settings, sources=SAMPLE), "SYNTHETIC sample, as requested"
    if wanted not in ("auto", REAL):
        mirror = Path(wanted)
        if not mirror.is_dir():
            raise WarehouseError(
                "The mirror folder does not exist.",
                where=f"--sources {wanted}",
                expected="auto, real, sample, or a folder with <source>/<file>",
                found="no such folder",
                next_step="Pass an existing folder, or omit --sources.",
            )
        settings = replace(settings, mirror_dir=mirror.resolve())
    real = replace(settings, sources=REAL)
    try:
        fetch_all(open_acquisition(real))
    except SourceUnavailable as error:
        if wanted != "auto":
            raise
        return _fall_back(settings, error)
    except WrongBytes:
        pass  # every file is available; the ingest refuses the wrong one, and shows which source it is
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
