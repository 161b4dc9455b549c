"""Write raw tables: <table>.parquet with the text of a verified file as published, and its lineage."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.ingest import archives, contracts, readers, rules
from orchestration.ingest.catalog import Catalog
from orchestration.ingest.contracts import Membership
from orchestration.ingest.records import RawTable, Source, SourceFile

FINGERPRINT = b"warehouse_fingerprint"
LINEAGE_COLUMNS = {
    "_source_sha256": "Hash of the file the row was read from.",
    "_source_version": "Publisher's version of that file.",
    "_loaded_at": "When these bytes were first read into the table (UTC, ISO 8601).",
}


@dataclass(frozen=True)
class RawResult:
    """One raw table on disk.

    Attributes
    ----------
    table : str
        Its name.
    path : Path
        Its Parquet file.
    rows, columns : int
        Its size, without the lineage columns.
    sha256 : str
        Hash of the source file it was read from.
    version : str
        The publisher's version, as in ``_source_version``.
    fingerprint : str
        Hash of everything that determines the content: source bytes, contract, membership and reading code.
    reused : bool
        Whether an existing table with the same fingerprint was kept.
    """

    table: str
    path: Path
    rows: int
    columns: int
    sha256: str
    version: str
    fingerprint: str
    reused: bool


def columns_by_table(catalog: Catalog) -> dict[str, list[str]]:
    """List the columns of every raw table on disk, lineage columns included.

    Parameters
    ----------
    catalog : Catalog
        The sources.

    Returns
    -------
    dict of str to list of str
        Table name to column names.
    """
    return {name: [*entry.table.columns, *LINEAGE_COLUMNS] for name, entry in catalog.raw_tables.items()}


def build_raw_table(
    source: Source,
    file: SourceFile,
    table: RawTable,
    fetched_path: Path,
    raw_dir: Path,
    loaded_at: datetime,
    membership: Membership | None = None,
) -> RawResult:
    """Read one raw table from a verified file, check its contract and write ``<table>.parquet``.

    An undamaged table with the same fingerprint is kept as it is.

    Parameters
    ----------
    source : Source
        Source of the file.
    file : SourceFile
        Record of the file.
    table : RawTable
        Record of the table, with its contract.
    fetched_path : Path
        The verified file.
    raw_dir : Path
        Folder of the raw tables.
    loaded_at : datetime
        Time of this load, with a time zone.
    membership : Membership, optional
        State-years of the state system; required if the table has a ``membership_key``.

    Returns
    -------
    RawResult
        The table on disk. ``LINEAGE_COLUMNS`` follow the published columns.

    Raises
    ------
    WarehouseError
        If the file cannot be read or violates the contract; the message names source, file, table and line.
    """
    path = raw_dir / f"{table.name}.parquet"
    fingerprint = _fingerprint(file, table, membership)
    version = file.version or "undated"
    rows = _rows_if_current(path, fingerprint)
    if rows is not None:
        return RawResult(table.name, path, rows, len(table.columns), file.sha256, version, fingerprint, reused=True)
    try:
        content = readers.read_table(table, fetched_path)
        contracts.check(table, content, membership)
    except WarehouseError as error:
        where = f"source {source.name}, file {file.file}, {error.where}"
        raise WarehouseError(
            error.problem, where=where, expected=error.expected, found=error.found, next_step=error.next_step
        ) from error
    lineage = (file.sha256, version, loaded_at.astimezone(UTC).isoformat(timespec="seconds"))
    for name, value in zip(LINEAGE_COLUMNS, lineage, strict=True):
        content = content.append_column(name, pa.repeat(pa.scalar(value, pa.string()), content.num_rows))
    content = content.replace_schema_metadata({FINGERPRINT: fingerprint})
    with write_atomically(path) as stream:
        pq.write_table(content, stream, compression="zstd", write_page_checksum=True)
    rows = content.num_rows
    return RawResult(table.name, path, rows, len(table.columns), file.sha256, version, fingerprint, reused=False)


def contract_fingerprint(file: SourceFile, table: RawTable) -> str:
    """Hash the record of a raw table (source bytes, version and contract) and the code that reads it.

    Parameters
    ----------
    file : SourceFile
        Record of the file.
    table : RawTable
        Record of the table.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    parts = [file.sha256, file.version, table.model_dump(mode="json"), _code_version()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _fingerprint(file: SourceFile, table: RawTable, membership: Membership | None) -> str:
    """Hash everything that determines the content of a raw table and whether it is accepted."""
    members = None
    if table.membership_key and membership is not None:
        members = hashlib.sha256(membership.to_numpy().tobytes()).hexdigest()
    return hashlib.sha256(json.dumps([contract_fingerprint(file, table), members]).encode()).hexdigest()


@cache
def _code_version() -> str:
    """Hash the modules that read and check raw tables: after a change all raw tables are read again."""
    modules = [Path(str(module.__file__)) for module in (archives, readers, contracts, rules)] + [Path(__file__)]
    return hashlib.sha256(b"".join(module.read_bytes() for module in modules)).hexdigest()


def _rows_if_current(path: Path, fingerprint: str) -> int | None:
    """Count the rows of a Parquet file, or return None if its fingerprint differs or a page is damaged."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            if (parquet.schema_arrow.metadata or {}).get(FINGERPRINT) != fingerprint.encode():
                return None
            return sum(batch.num_rows for batch in parquet.iter_batches(batch_size=100_000))
    except (OSError, pa.ArrowException):
        return None
