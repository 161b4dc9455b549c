"""What a raw table on disk was read from, by its own lineage columns."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from orchestration.core.errors import WarehouseError


@dataclass(frozen=True)
class RawLoad:
    """One load of a raw table.

    Attributes
    ----------
    sha256 : str
        Hash of the source file it was read from.
    version : str
        The publisher's version of that file, ``undated`` if it has none.
    loaded_at : str
        When these bytes were first read (UTC, ISO 8601).
    rows : int
        Its rows.
    """

    sha256: str
    version: str
    loaded_at: str
    rows: int


def read_load(raw_dir: Path, table: str) -> RawLoad:
    """Read the lineage of one raw table.

    Parameters
    ----------
    raw_dir : Path
        Folder of the raw tables.
    table : str
        Name of the table.

    Returns
    -------
    RawLoad
        From the lineage columns, which hold the same value in every row.

    Raises
    ------
    WarehouseError
        If the table is missing, damaged or empty, or its rows come from more than one load.
    """
    path = raw_dir / f"{table}.parquet"
    columns = ["_source_sha256", "_source_version", "_loaded_at"]
    try:
        content = pyarrow.parquet.read_table(path, columns=columns, page_checksum_verification=True)
    except (OSError, pyarrow.ArrowException) as error:
        raise _unreadable(path, " ".join(str(error).split())[:200]) from error
    values = [pyarrow.compute.unique(content[column]).to_pylist() for column in columns]
    if any(len(found) != 1 for found in values):
        raise _unreadable(path, f"{content.num_rows} rows of {max(map(len, values))} loads")
    sha256, version, loaded_at = (str(found[0]) for found in values)
    return RawLoad(sha256, version, loaded_at, content.num_rows)


def _unreadable(path: Path, found: str) -> WarehouseError:
    return WarehouseError(
        "The lineage of a raw table cannot be read.",
        where=str(path),
        expected="a raw table of one load, as a refresh writes it",
        found=found,
        next_step="Remove that file, then warehouse run: it is read again from its source file.",
    )
