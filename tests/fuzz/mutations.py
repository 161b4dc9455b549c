"""Mutations of a file: bytes, lines, cells, columns, encodings, archives, numbers, structure.

Each takes the file, two numbers that choose a position, and a text to insert, and returns the changed file.
"""

import bz2
import io
import zipfile
from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.fuzz.samples import Small, archived, written

Mutation = Callable[[Small, bytes, int, int, str], bytes]

TEXTS = [
    "", " ", "0", "-0", "1", "2", "-9", "-99", "-66.0", "1816", "1815", "9999", "1e5", "1e400", "nan", "NA", "NULL",
    "inf", ".", "-", "1,5", '"', '""', 'a"b', '"a', "'", ";", "\t", "\0", "\x1a", "\x0b", "\x85", "\u2028", "\ufeff",
    "\xa0", "é", "１", "\r", "\n", "\r\n", "=1+1", "0x10", "1_000", "+1", "01", "1.0", "99999999999999999999", "true",
    "<html>", "x" * 300, "2020-01-01",
]  # fmt: skip
NUMBERS = [0.0, -0.0, 1.0, -9.0, -9.5, 0.1 + 0.2, 1e15, 2.0**53 + 2, 1e16, 1e300, 5e-324, np.nan, 1815.0, 1816.5, 3e5]


# ---------------------------------------------------------------- bytes


def flipped(_: Small, content: bytes, a: int, b: int, __: str) -> bytes:
    position = a % len(content)
    return content[:position] + bytes([content[position] ^ (b % 255 + 1)]) + content[position + 1 :]


def cut_short(_: Small, content: bytes, a: int, b: int, __: str) -> bytes:
    return content[: a % len(content)]


def cut_out(_: Small, content: bytes, a: int, b: int, __: str) -> bytes:
    position = a % len(content)
    return content[:position] + content[position + 1 + b % 40 :]


def zeroed(_: Small, content: bytes, a: int, b: int, __: str) -> bytes:
    position, length = a % len(content), b % 64 + 1
    return content[:position] + bytes(min(length, len(content) - position)) + content[position + length :]


def put_in(_: Small, content: bytes, a: int, b: int, text: str) -> bytes:
    position = a % (len(content) + 1)
    return content[:position] + (text or "\xff").encode("latin-1", "replace") + content[position:]


def put_behind(_: Small, content: bytes, a: int, b: int, text: str) -> bytes:
    return content + (text or "x").encode()


BYTES = [flipped, cut_short, cut_out, zeroed, put_in, put_behind]


# ---------------------------------------------------------------- text


def _in_text(change: Callable[[list[bytes], int, int, str], list[bytes]]) -> Mutation:
    """Change the lines of a CSV text, inside its archive if it has one; line ends stay with their lines."""

    def mutate(small: Small, content: bytes, a: int, b: int, text: str) -> bytes:
        member = small.table.archive_member
        plain = zipfile.ZipFile(io.BytesIO(content)).read(member) if member else content
        lines = plain.splitlines(keepends=True)
        return archived(small.table, b"".join(change(lines, a % len(lines), b, text)))

    mutate.__name__ = change.__name__
    return mutate


def line_repeated(lines, a, b, text):
    return [*lines[:a], lines[a], *lines[a:]]


def line_lost(lines, a, b, text):
    return lines[:a] + lines[a + 1 :]


def lines_swapped(lines, a, b, text):
    b %= len(lines)
    changed = list(lines)
    changed[a], changed[b] = lines[b], lines[a]
    return changed


def line_end_lost(lines, a, b, text):
    return [*lines[:a], lines[a].rstrip(b"\r\n"), *lines[a + 1 :]]


def line_blank(lines, a, b, text):
    return [*lines[:a], lines[a][len(lines[a].rstrip(b"\r\n")) :], *lines[a:]]


def line_ends_changed(lines, a, b, text):
    end = [b"\r", b"\n", b"\r\n", b"\n\r"][b % 4]
    return [line.rstrip(b"\r\n") + (end if number >= a else line[len(line.rstrip(b"\r\n")) :])
            for number, line in enumerate(lines)]  # fmt: skip


def _cells(line: bytes) -> tuple[list[bytes], bytes]:
    body = line.rstrip(b"\r\n")
    return body.split(b","), line[len(body) :]


def cell_changed(lines, a, b, text):
    cells, end = _cells(lines[a])
    cells[b % len(cells)] = text.encode()
    return [*lines[:a], b",".join(cells) + end, *lines[a + 1 :]]


def cell_lost(lines, a, b, text):
    cells, end = _cells(lines[a])
    del cells[b % len(cells)]
    return [*lines[:a], b",".join(cells) + end, *lines[a + 1 :]]


def cell_added(lines, a, b, text):
    cells, end = _cells(lines[a])
    cells.insert(b % (len(cells) + 1), text.encode())
    return [*lines[:a], b",".join(cells) + end, *lines[a + 1 :]]


def cell_quoted(lines, a, b, text):
    cells, end = _cells(lines[a])
    cells[b % len(cells)] = b'"' + cells[b % len(cells)] + text.encode() + b'"'
    return [*lines[:a], b",".join(cells) + end, *lines[a + 1 :]]


def columns_swapped(lines, a, b, text):
    changed = []
    for number, line in enumerate(lines):
        cells, end = _cells(line)
        if number >= a % 6 and len(cells) > 2:
            position = b % (len(cells) - 1)
            cells[position], cells[position + 1] = cells[position + 1], cells[position]
        changed.append(b",".join(cells) + end)
    return changed


def column_lost(lines, a, b, text):
    changed = []
    for line in lines:
        cells, end = _cells(line)
        changed.append(b",".join([*cells[: b % len(cells)], *cells[b % len(cells) + 1 :]]) + end)
    return changed


def separator_changed(lines, a, b, text):
    return [line.replace(b",", [b";", b"\t", b", ", b",,"][b % 4]) for line in lines]


def encoding_changed(lines, a, b, text):
    whole = b"".join(lines).decode("utf-8", "replace") + text
    return [whole.encode(["utf-16", "utf-8-sig", "latin-1", "cp1252", "utf-32-le"][b % 5], "replace")]


TEXT = [
    _in_text(change)
    for change in (
        line_repeated, line_lost, lines_swapped, line_end_lost, line_blank, line_ends_changed, cell_changed,
        cell_changed, cell_changed, cell_lost, cell_added, cell_quoted, columns_swapped, column_lost, separator_changed,
        encoding_changed,
    )
]  # fmt: skip


# ---------------------------------------------------------------- frames


def _in_frame(change: Callable[[pd.DataFrame, int, int, str], pd.DataFrame]) -> Mutation:
    """Change the rows before they are written in the table's format; earlier changes of the bytes are lost."""

    def mutate(small: Small, _: bytes, a: int, b: int, text: str) -> bytes:
        frame = change(small.frame.copy(), a, b % small.frame.shape[1], text)
        return archived(small.table, written(small.table, frame))

    mutate.__name__ = change.__name__
    return mutate


def value_changed(frame, a, b, text):
    name = frame.columns[b]
    is_number = pd.api.types.is_numeric_dtype(frame[name])
    clean = text.replace("\0", "").replace("\x0b", "").replace("\x1a", "")
    frame.loc[a % len(frame), name] = NUMBERS[a % len(NUMBERS)] if is_number else clean
    return frame


def row_repeated(frame, a, b, text):
    return pd.concat([frame, frame.iloc[[a % len(frame)]]], ignore_index=True)


def row_lost(frame, a, b, text):
    return frame.drop(index=a % len(frame)).reset_index(drop=True)


def row_emptied(frame, a, b, text):
    frame.loc[a % len(frame)] = [np.nan if pd.api.types.is_numeric_dtype(kind) else None for kind in frame.dtypes]
    return frame


def field_lost(frame, a, b, text):
    return frame.drop(columns=frame.columns[b])


def field_renamed(frame, a, b, text):
    return frame.rename(columns={frame.columns[b]: f"renamed{a % 7}"})


def fields_reordered(frame, a, b, text):
    return frame[[*frame.columns[b:], *frame.columns[:b]]]


def number_as_text(frame, a, b, text):
    return frame.astype({frame.columns[b]: str}).astype({frame.columns[b]: object})


FRAME = [
    _in_frame(change)
    for change in (
        value_changed, value_changed, value_changed, row_repeated, row_lost, row_emptied, field_lost, field_renamed,
        fields_reordered, number_as_text,
    )
]  # fmt: skip


# ---------------------------------------------------------------- structure


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zipped(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def inside_flipped(_: Small, content: bytes, a: int, b: int, text: str) -> bytes:
    """Change a byte of one part, with a matching checksum: only the part itself is wrong."""
    members = _members(content)
    name = sorted(members)[b % len(members)]
    part = members[name]
    if not part:
        return content
    position = a % len(part)
    return _zipped(
        list((members | {name: part[:position] + bytes([part[position] ^ (b % 7 + 1)]) + part[position + 1 :]}).items())
    )


def error_cell(_: Small, content: bytes, a: int, b: int, text: str) -> bytes:
    """Replace a number of the sheet with #N/A."""
    members = _members(content)
    name = "xl/worksheets/sheet1.xml"
    positions = [position for position in range(len(members[name])) if members[name].startswith(b't="n"><v>', position)]
    if not positions:
        return content
    position = positions[a % len(positions)]
    after = members[name].index(b"</v>", position)
    part = members[name][:position] + b't="e"><v>#N/A' + members[name][after:]
    return _zipped(list((members | {name: part}).items()))


def member_renamed(_: Small, content: bytes, a: int, b: int, text: str) -> bytes:
    members = list(_members(content).items())
    name, part = members[a % len(members)]
    members[a % len(members)] = (["../" + name, "/" + name, name.upper(), name + " ", "x/" + name][b % 5], part)
    return _zipped(members)


def member_lost(_: Small, content: bytes, a: int, b: int, text: str) -> bytes:
    members = list(_members(content).items())
    del members[a % len(members)]
    return _zipped(members)


def member_emptied(_: Small, content: bytes, a: int, b: int, text: str) -> bytes:
    members = list(_members(content).items())
    name, part = members[a % len(members)]
    members[a % len(members)] = (name, part[: b % (len(part) + 1)])
    return _zipped(members)


def unpacked_flipped(_: Small, content: bytes, a: int, b: int, text: str) -> bytes:
    """Change a byte of the uncompressed R data, with a matching checksum."""
    plain = bz2.decompress(content) if content.startswith(b"BZh") else content
    position = a % len(plain)
    return bz2.compress(plain[:position] + bytes([plain[position] ^ (b % 255 + 1)]) + plain[position + 1 :])


def mutations_of(small: Small) -> tuple[list[Mutation], list[Mutation]]:
    """(first, later): mutations that need a valid file, and those that also apply to a damaged one."""
    table = small.table
    packed = [inside_flipped, member_renamed, member_lost, member_emptied]
    if table.format == "csv":
        return (TEXT + (packed if table.archive_member else [])), BYTES
    by_format = {
        "stata": packed if table.archive_member else [flipped, flipped, zeroed],
        "excel": [*packed, error_cell],
        "rdata": [unpacked_flipped, unpacked_flipped],
    }
    return FRAME + by_format[table.format], BYTES
