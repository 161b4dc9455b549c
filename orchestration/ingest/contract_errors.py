"""The errors of a broken contract: which table, which lines, what was expected and found."""

from collections.abc import Iterable
from typing import NoReturn

from orchestration.core.errors import WarehouseError
from orchestration.ingest.records import RawTable

LISTED = 5  # how many columns or lines a message lists


def lines_of(contract: RawTable, rows: Iterable[int]) -> str:
    """Name rows (from 0) as a user finds them: lines of a CSV file or sheet, observations of a Stata or R file."""
    first, unit = (2 + contract.skip_lines, "line") if contract.format in ("csv", "excel") else (1, "observation")
    numbers = [row + first for row in rows]
    return f"{unit}{'s' if len(numbers) > 1 else ''} {listing(numbers)}"


def listing(items: Iterable[object]) -> str:
    """List the first few items, and how many more there are."""
    items = list(items)
    more = f" and {len(items) - LISTED} more" if len(items) > LISTED else ""
    return ", ".join(map(str, items[:LISTED])) + more


def fail(contract: RawTable, problem: str, position: str, expected: str, found: str) -> NoReturn:
    """Raise the error of a broken contract."""
    raise WarehouseError(
        problem,
        where=f"table {contract.name}" + (f", {position}" if position else ""),
        expected=expected,
        found=found,
        next_step="Compare the file with the publisher's; if the source has changed, record its version and contract.",
    )
