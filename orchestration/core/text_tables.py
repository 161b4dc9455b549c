"""Answers written out: aligned text for reading, cut to a screen where wanted; CSV and JSON that lose nothing."""

import json
import math
import shutil
import textwrap
from collections import Counter
from decimal import Decimal

WIDEST_CELL = 60
TABLE_DIGITS = 7


def distinct_names(names: list[str]) -> list[str]:
    """The column names of an answer, the second ``year`` as ``year_2``: formats with named fields would lose one."""
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


def render_csv(names: list[str], rows: list[tuple]) -> str:
    """One line per row; NULL is left empty, an empty text is quoted; numbers have every digit."""
    lines = [[_csv_field(name) for name in names], *([_csv_field(value) for value in row] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


def render_json(names: list[str], rows: list[tuple]) -> str:
    """A list of objects; NULL is null, numbers have every digit, dates are text."""
    records = [dict(zip(names, map(_json_value, row), strict=True)) for row in rows]
    return json.dumps(records, indent=1, default=_json_value, allow_nan=False, ensure_ascii=False) + "\n"


def render_table(names: list[str], rows: list[tuple]) -> str:
    """Aligned plain text: numbers to the right, long decimals rounded, NULL written out, a count below."""
    return _aligned(names, _cells(rows), _to_right(rows, len(names))) + f"\n({counted(len(rows), 'row')})\n"


def render_screen(names: list[str], rows: list[tuple], width: int | None = None) -> str:
    """The table cut to a screen: long cells shortened, columns that do not fit named below; no count.

    A single row that is too wide stands with one column on each line.
    """
    width = width or shutil.get_terminal_size().columns
    cells, to_right = _cells(rows), _to_right(rows, len(names))
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
    text = _aligned(names[:fitting], [row[:fitting] for row in cells], to_right[:fitting])
    if fitting == len(names):
        return text
    left_out = ", ".join(names[fitting:])
    told = f"... {counted(len(names) - fitting, 'more column')} not shown: {left_out}"
    return text + "\n" + textwrap.fill(told, max(width, 40), subsequent_indent="    ", break_on_hyphens=False)


def shortened(text: str, width: int) -> str:
    """The text on one line, its end replaced by dots where it is longer than ``width``."""
    line = " ".join(text.split()) if "\n" in text else text
    return line if len(line) <= width else line[: width - 3] + "..."


def counted(number: int, noun: str) -> str:
    """``1 row``, ``2,510 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _aligned(names: list[str], cells: list[list[str]], to_right: list[bool]) -> str:
    widths = _widths(names, cells)

    def line(values: list[str]) -> str:
        aligned = (v.rjust(w) if right else v.ljust(w) for v, w, right in zip(values, widths, to_right, strict=True))
        return "  ".join(aligned).rstrip()

    return "\n".join([line(names), line(["-" * w for w in widths]), *(line(row) for row in cells)])


def _widths(names: list[str], cells: list[list[str]]) -> list[int]:
    return [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(names)]


def _to_right(rows: list[tuple], columns: int) -> list[bool]:
    return [all(row[i] is None or _is_number(row[i]) for row in rows) for i in range(columns)]


def _cells(rows: list[tuple]) -> list[list[str]]:
    return [[_shown(value) for value in row] for row in rows]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _shown(value: object) -> str:
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
