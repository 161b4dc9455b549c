"""State system membership as a set of state-years, for the source contracts that must lie inside it."""

from pathlib import Path

import pyarrow.parquet

MEMBERSHIP_TABLE = "state_system_spells"


def read_membership(raw_dir: Path) -> frozenset[tuple[int, int]]:
    """Every (COW state code, calendar year) in which the state was a system member for at least a day.

    Source: the raw table of the COW state system list (spells with first and last date), in ``raw_dir``.
    """
    spells = pyarrow.parquet.read_table(
        raw_dir / f"{MEMBERSHIP_TABLE}.parquet", columns=["ccode", "styear", "endyear"]
    ).to_pydict()
    return frozenset(
        (int(code), year)
        for code, first, last in zip(*spells.values(), strict=True)
        for year in range(int(first), int(last) + 1)
    )
