"""Propose missing codes: well-known codes at the edge of a column that lie far from all its other values."""

from collections.abc import Mapping
from dataclasses import dataclass

LOW_CODES = frozenset({-7, -8, -9, -66, -77, -88, -98, -99, -888, -998, -999, -7777, -8888, -9999, -99999, -999999})
HIGH_CODES = frozenset({77, 88, 98, 99, 777, 888, 998, 999, 7777, 8888, 9998, 9999, 99999, 999999})


@dataclass(frozen=True)
class MissingCode:
    """A number that probably means "not observed".

    Attributes
    ----------
    code : int
        The number.
    rows : int
        Rows with it.
    reason : str
        Why it is proposed.
    """

    code: int
    rows: int
    reason: str


def propose_missing_codes(rows_by_value: Mapping[float, int]) -> tuple[MissingCode, ...]:
    """Propose the missing codes of a column of numbers.

    Parameters
    ----------
    rows_by_value : Mapping of float to int
        Every distinct value with its number of rows.

    Returns
    -------
    tuple of MissingCode
        Codes at the lower or upper edge. One is proposed if it is further from the nearest other value than the other
        values are apart, or if it is the only kind of negative value; a high code also has to occur more than once.
    """
    values = sorted(rows_by_value)
    low = _at_edge(values, LOW_CODES)
    high = [code for code in _at_edge(values[::-1], HIGH_CODES) if rows_by_value[code] > 1]
    rest = [value for value in values if value not in {*low, *high}]
    if len(rest) < 2:
        return ()
    span = rest[-1] - rest[0]
    proposed = []
    for code in low:
        if rest[0] >= 0:
            proposed.append((code, f"the other values are not negative: {rest[0]:g} to {rest[-1]:g}"))
        elif rest[0] - code > span:
            proposed.append((code, f"far below the other values: {rest[0]:g} to {rest[-1]:g}"))
    proposed += [
        (code, f"far above the other values: {rest[0]:g} to {rest[-1]:g}") for code in high if code - rest[-1] > span
    ]
    return tuple(MissingCode(int(code), rows_by_value[code], reason) for code, reason in proposed)


def _at_edge(values: list[float], codes: frozenset[int]) -> list[float]:
    """List the values from the start up to the first that is no well-known code."""
    found = []
    for value in values:
        if value not in codes:
            break
        found.append(value)
    return found
