"""Writing raw tables: a verified file becomes <table>.parquet, text as published plus where and when it came from."""

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
from orchestration.ingest import archives, contracts, readers
from orchestration.ingest.catalog import Catalog, RawTable, Source, SourceFile
from orchestration.ingest.contracts import Membership

FINGERPRINT = b"warehouse_fingerprint"
LINEAGE_COLUMNS = {
    "_source_sha256": "Hash of the file the row was read from.",
    "_source_version": "Publisher's version of that file.",
    "_loaded_at": "When these bytes were first read into the table (UTC, ISO 8601).",
}


@dataclass(frozen=True)
class RawResult:
    """One raw table on disk.

    table: its name. rows, columns: its size, lineage columns not counted. sha256: of the source file it was read from.
    version: the publisher's, as in _source_version. fingerprint: over all that decides what the table holds.
    reused: whether it was there already, made from the same bytes by the same code.
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
    """The columns of every raw table as it lies on disk, by the table's name."""
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
    """Read ``table`` from the verified file, hold it against its contract and write ``raw_dir/<table>.parquet``.

    The LINEAGE_COLUMNS come after the published ones. A table already there
    that carries the same fingerprint (source bytes, contract, membership, reading code) and is whole is left untouched.
    Raises WarehouseError naming source, file, table and place when the file cannot be read or breaks its contract.
    """
    path = raw_dir / f"{table.name}.parquet"
    fingerprint = _fingerprint(file, table, membership)
    version = file.version or "undated"
    rows = _rows_if_whole(path, fingerprint)
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
    """One hash over what is on record of a raw table (its bytes, version and contract) and the code that reads it."""
    made_of = [file.sha256, file.version, table.model_dump(mode="json"), _code_version()]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def _fingerprint(file: SourceFile, table: RawTable, membership: Membership | None) -> str:
    """One hash over all that decides what the raw table holds and whether it is accepted."""
    members = hashlib.sha256(membership.to_numpy()).hexdigest() if table.membership_key else None
    return hashlib.sha256(json.dumps([contract_fingerprint(file, table), members]).encode()).hexdigest()


@cache
def _code_version() -> str:
    """A hash of the modules that read and check raw tables: when one changes, all raw tables are made again."""
    modules = [Path(module.__file__) for module in (archives, readers, contracts)] + [Path(__file__)]
    return hashlib.sha256(b"".join(module.read_bytes() for module in modules)).hexdigest()


def _rows_if_whole(path: Path, fingerprint: str) -> int | None:
    """The number of rows of the parquet file if it carries the fingerprint and every page in it is undamaged."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            if (parquet.schema_arrow.metadata or {}).get(FINGERPRINT) != fingerprint.encode():
                return None
            return sum(batch.num_rows for batch in parquet.iter_batches(batch_size=100_000))
    except (OSError, pa.ArrowException):
        return None
