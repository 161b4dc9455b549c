"""What a raw table on disk was read from, by its own lineage columns."""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from orchestration.core.errors import WarehouseError
from orchestration.ingest.records import RawTable

YEAR_NAME = re.compile(r"year|^yr|yr$|^end$", re.IGNORECASE)
YEARS = (1000, 2100)  # other numbers in a column of years are codes


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


def last_year_observed(raw_dir: Path, table: RawTable) -> int | None:
    """Find the last calendar year for which a raw table has a value.

    Parameters
    ----------
    raw_dir : Path
        Folder of the raw tables.
    table : RawTable
        Its contract.

    Returns
    -------
    int or None
        The largest year in a column of years, in rows that observe a number besides; of a wide table the last column
        with a number. None for a table without years.
    """
    path = str(raw_dir / f"{table.name}.parquet")
    if table.year_columns:
        years = [str(year) for year in range(table.year_columns.first, table.year_columns.last + 1)]
        found = ", ".join(f'max(case when try_cast("{year}" as double) is not null then {year} end)' for year in years)
        filled = duckdb.execute(f"select {found} from read_parquet(?)", [path]).fetchone() or ()
        return max((year for year in filled if year is not None), default=None)
    named = [name for name, kind in table.named_columns.items() if kind == "integer" and YEAR_NAME.search(name)]
    values = [name for name, kind in table.named_columns.items() if kind != "text" and name not in (*named, *table.key)]
    if not named:
        return None
    largest = ", ".join(f'try_cast("{name}" as integer)' for name in named)
    observed = " or ".join(f'"{name}" is not null' for name in values if name != "version") or "true"
    row = duckdb.execute(
        f"select max(year) from (select unnest([{largest}]) as year from read_parquet(?) where {observed})"
        f" where year between {YEARS[0]} and {YEARS[1]}",
        [path],
    ).fetchone()
    return row[0] if row else None


def _unreadable(path: Path, found: str) -> WarehouseError:
    return WarehouseError(
        "The lineage of a raw table cannot be read.",
        where=str(path),
        expected="a raw table of one load, as a refresh writes it",
        found=found,
        next_step="Remove that file, then warehouse run: it is read again from its source file.",
    )
