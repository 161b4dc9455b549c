"""State system membership by state-year, for the source contracts that must lie inside it."""

from pathlib import Path

import pyarrow
import pyarrow.parquet

from orchestration.core.errors import WarehouseError
from orchestration.ingest.contracts import Membership, membership_of

MEMBERSHIP_TABLE = "state_system_spells"


def read_membership(raw_dir: Path) -> Membership:
    """Read every state-year in which the state was a system member for at least one day.

    Parameters
    ----------
    raw_dir : Path
        Folder of the raw tables, with the COW state system list (spells with first and last date).

    Returns
    -------
    Membership
        Sorted and distinct state-years.

    Raises
    ------
    FileNotFoundError
        If the raw table has not been written yet.
    WarehouseError
        If the raw table is damaged.
    """
    path = raw_dir / f"{MEMBERSHIP_TABLE}.parquet"
    try:
        spells = pyarrow.parquet.read_table(
            path, columns=["ccode", "styear", "endyear"], page_checksum_verification=True
        ).to_pydict()
    except FileNotFoundError:
        raise
    except (OSError, pyarrow.ArrowException) as error:
        raise WarehouseError(
            "The raw table of the state system list is damaged.",
            where=str(path),
            expected="a complete Parquet file",
            found=" ".join(str(error).split())[:200],
            next_step="Remove this file, then run again: the table is read again from its source file.",
        ) from error
    return membership_of(
        (int(code), year)
        for code, first, last in zip(*spells.values(), strict=True)
        for year in range(int(first), int(last) + 1)
    )
