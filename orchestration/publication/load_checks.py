"""The check of a raw table against its last published load, for Dagster and for meta.checks."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.ingest.loads import RawLoad, read_load
from orchestration.ingest.records import RawTable, SourceFile
from orchestration.ingest.sample.mirror import SYNTHETIC_VERSION
from orchestration.publication.value_drift import TableDrift, value_drift

PASS, WARN, FAIL = "pass", "warn", "fail"
LISTED = 5


@dataclass(frozen=True)
class LoadCheck:
    """The outcome for one raw table: status pass, warn or fail, and the evidence in words."""

    status: str
    found: str


def check_values(settings: Settings, source: str, file: SourceFile, table: RawTable) -> LoadCheck:
    """Compare the values of a raw table with its last published load.

    Parameters
    ----------
    settings : Settings
        With the raw tables of this run and of the current publication.
    source : str
        Name of the source, for the message.
    file : SourceFile
        The record of the file; its ``acknowledged_revision_of`` permits a mass revision of that earlier file.
    table : RawTable
        The contract of the table.

    Returns
    -------
    LoadCheck
        Fails if published values changed under the same version, or if a new version is a mass revision of them,
        unless the record acknowledges it. Smaller revisions of a new version are reported (warn).
    """
    before_path = settings.published_raw_dir / f"{table.name}.parquet"
    try:
        before = read_load(settings.published_raw_dir, table.name)
    except WarehouseError:  # nothing published yet, or by an earlier version of the warehouse
        return LoadCheck(PASS, "no published load to compare with")
    now = read_load(settings.raw_dir, table.name)
    if _is_sample(before) != _is_sample(now):
        return LoadCheck(PASS, "the published load is of the other kind of data")
    if before.sha256 == now.sha256:
        return LoadCheck(PASS, "the published bytes")
    try:
        drift = value_drift(before_path, settings.raw_dir / f"{table.name}.parquet", table)
    except duckdb.Error as error:
        return LoadCheck(WARN, f"not comparable with the published load: {str(error).splitlines()[0]}")
    return _judge(source, file, table, before, now, drift)


def keep_published_loads(settings: Settings) -> None:
    """Keep the raw tables of a new publication as links: a later load replaces files, not their content.

    A raw table that is not published any more is removed.
    """
    settings.published_raw_dir.mkdir(parents=True, exist_ok=True)
    tables = {path.name: path for path in settings.raw_dir.glob("*.parquet")}
    for name, path in tables.items():
        scratch = settings.published_raw_dir / f".{name}"
        scratch.unlink(missing_ok=True)
        _link(path, scratch)
        os.replace(scratch, settings.published_raw_dir / name)
    for path in settings.published_raw_dir.glob("*.parquet"):
        if path.name not in tables:
            path.unlink()


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(path, target)


def _is_sample(load: RawLoad) -> bool:
    return load.version == SYNTHETIC_VERSION


def _judge(
    source: str, file: SourceFile, table: RawTable, before: RawLoad, now: RawLoad, drift: TableDrift
) -> LoadCheck:
    is_same_version = before.version == now.version
    versions = (
        f"other bytes of the same version {now.version}" if is_same_version else f"{before.version} to {now.version}"
    )
    rows = f"{drift.keys_added:,} keys added, {drift.keys_removed:,} removed"
    where = f"source {source}, file {file.file}, table {table.name}"
    # A publisher who changes values changes the version. The sample has no publisher: its generator changes all of it.
    revisions = [] if _is_sample(now) else drift.revisions() if is_same_version else drift.mass_revisions()
    if revisions and file.acknowledged_revision_of != before.sha256:
        listed = "; ".join(revisions[:LISTED])
        return LoadCheck(
            FAIL,
            f"{where}: {versions}; {rows}; unacknowledged revision of published values: {listed}. If the publisher"
            f" means it, record it with warehouse sources upgrade {source}, or add acknowledged_revision_of:"
            f" {before.sha256} to the file's record.",
        )
    changed = "; ".join(drift.revisions()[:LISTED]) or "no published value changed"
    acknowledged = "acknowledged revision: " if revisions else ""
    status = WARN if is_same_version or drift.revisions() else PASS
    return LoadCheck(status, f"{where}: {versions}; {rows}; {acknowledged}{changed}")
