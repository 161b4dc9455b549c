"""Query results as text: aligned tables for reading, cut to a screen where wanted; CSV and JSON without loss."""

import json
import math
import shutil
import textwrap
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

WIDEST_CELL = 60
TABLE_DIGITS = 7

Row = tuple[Any, ...]


def distinct_names(names: Sequence[str]) -> list[str]:
    """Make column names distinct: a second ``year`` becomes ``year_2``, since formats with named fields need that.

    Parameters
    ----------
    names : sequence of str
        Column names of a query result, possibly repeated.

    Returns
    -------
    list of str
        As many names, all different.
    """
    seen: Counter[str] = Counter()
    taken = set(names)
    distinct = []
    for name in names:
        seen[name] += 1
        new = name
        while seen[name] > 1 and new in taken:
            new = f"{name}_{seen[name]}"
            seen[name] += new in taken
        taken.add(new)
        distinct.append(new)
    return distinct


def render_csv(names: Sequence[str], rows: Sequence[Row]) -> str:
    """Render CSV: NULL is empty, an empty text is quoted, numbers keep every digit."""
    lines = [[_csv_field(name) for name in names], *([_csv_field(value) for value in row] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


def render_json(names: Sequence[str], rows: Sequence[Row]) -> str:
    """Render a JSON list of objects: NULL is null, numbers keep every digit, dates are text."""
    records = [dict(zip(names, map(_json_value, row), strict=True)) for row in rows]
    return json.dumps(records, indent=1, default=_json_value, allow_nan=False, ensure_ascii=False) + "\n"


def render_table(names: Sequence[str], rows: Sequence[Row]) -> str:
    """Render aligned text: numbers to the right, long decimals rounded, NULL written out, a row count below."""
    return _aligned(names, _cells(rows), _right_aligned(rows, len(names))) + f"\n({counted(len(rows), 'row')})\n"


def render_screen(names: Sequence[str], rows: Sequence[Row], width: int | None = None) -> str:
    """Render a table cut to a screen: long cells shortened, columns that do not fit listed below, no row count.

    Parameters
    ----------
    names : sequence of str
        Column names.
    rows : sequence of tuple
        Values, one tuple for each row. A single row that is too wide is rendered with one column on each line.
    width : int, optional
        Characters in a line; by default the terminal's.

    Returns
    -------
    str
        Lines of at most ``width`` characters, without a final newline.
    """
    width = width or shutil.get_terminal_size().columns
    cells, right_aligned = _cells(rows), _right_aligned(rows, len(names))
    if len(rows) == 1 and sum(_widths(names, cells)) + 2 * (len(names) - 1) > width:
        longest = max(map(len, names))
        return "\n".join(
            f"{name.ljust(longest)}  {shortened(cell, max(20, width - longest - 2))}"
            for name, cell in zip(names, cells[0], strict=True)
        )
    cells = [[shortened(cell, WIDEST_CELL) for cell in row] for row in cells]
    fitting, used = 0, 0
    for column_width in _widths(names, cells):
        used += column_width + 2 * (fitting > 0)
        if fitting and used > width:
            break
        fitting += 1
    text = _aligned(names[:fitting], [row[:fitting] for row in cells], right_aligned[:fitting])
    if fitting == len(names):
        return text
    omitted = ", ".join(names[fitting:])
    note = f"... {counted(len(names) - fitting, 'more column')} not shown: {omitted}"
    return text + "\n" + textwrap.fill(note, max(width, 40), subsequent_indent="    ", break_on_hyphens=False)


def shortened(text: str, width: int) -> str:
    """Put a text on one line of at most ``width`` characters; an omitted end becomes three dots."""
    line = " ".join(text.split()) if "\n" in text else text
    return line if len(line) <= width else line[: width - 3] + "..."


def counted(number: int, noun: str) -> str:
    """Format a count with its noun: ``1 row``, ``2,510 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _aligned(names: Sequence[str], cells: list[list[str]], right_aligned: list[bool]) -> str:
    widths = _widths(names, cells)

    def line(values: Sequence[str]) -> str:
        aligned = (
            v.rjust(w) if right else v.ljust(w) for v, w, right in zip(values, widths, right_aligned, strict=True)
        )
        return "  ".join(aligned).rstrip()

    return "\n".join([line(names), line(["-" * w for w in widths]), *(line(row) for row in cells)])


def _widths(names: Sequence[str], cells: list[list[str]]) -> list[int]:
    return [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(names)]


def _right_aligned(rows: Sequence[Row], columns: int) -> list[bool]:
    return [all(row[i] is None or _is_number(row[i]) for row in rows) for i in range(columns)]


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    return [[_rounded(value) for value in row] for row in rows]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _rounded(value: object) -> str:
    if isinstance(value, float) and len(str(value)) > TABLE_DIGITS + 3 and math.isfinite(value):
        if 1e-4 <= abs(value) < 10**TABLE_DIGITS:
            return f"{value:.{TABLE_DIGITS}g}"
        return f"{value:.1f}" if 1 < abs(value) < 1e15 else f"{value:.4g}"
    return _text(value)


def _text(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _csv_field(value: object) -> str:
    if value is None:
        return ""
    text = _text(value)
    if text and not any(character in text for character in ',"\n\r'):
        return text
    return '"' + text.replace('"', '""') + '"'


def _json_value(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    if value is None or isinstance(value, (bool, int, float, str, list, dict)):
        return value
    return str(value)
