"""Editing a few scalar lines of a source's record, so that its comments, order and wrapping stay as they are."""

import re
from collections.abc import Mapping
from itertools import pairwise

import yaml

Value = str | int | None


def edit_record(text: str, place: int, changes: Mapping[str, Value], versions: tuple[str | None, str]) -> str:
    """The text of a record with ``changes`` made to its file number ``place``, counted from 0; None removes a field.

    versions: the old and the new one; ``version OLD`` in title and citation becomes ``version NEW``.
    The result must be parsed and compared with ``edited_fields``: a record written in another style may not take it.
    """
    lines = text.splitlines(keepends=True)
    first, last = _entry(lines, place)
    entry = lines[first:last]
    for field, value in changes.items():
        entry = _set_field(entry, field, value)
    lines[first:last] = entry
    for field in ("title", "citation"):
        start, end = _top_level(lines, field)
        lines[start:end] = [_renamed("".join(lines[start:end]), versions)]
    return "".join(lines)


def edited_fields(record: dict, place: int, changes: Mapping[str, Value], versions: tuple[str | None, str]) -> dict:
    """The parsed record as ``edit_record`` should leave it."""
    files = [dict(file) for file in record["files"]]
    files[place] = {k: v for k, v in (files[place] | dict(changes)).items() if v is not None}
    texts = {field: _renamed(record[field], versions) for field in ("title", "citation")}
    return record | texts | {"files": files}


def _renamed(text: str, versions: tuple[str | None, str]) -> str:
    old, new = versions
    if old is None:
        return text
    return re.sub(rf"([Vv]ersion\s+){re.escape(old)}(?!\.?\w)", lambda found: found[1] + new, text)


def _top_level(lines: list[str], field: str) -> tuple[int, int]:
    """First line of a top-level field, and the line after its last; (0, 0) where it has none."""
    starts = [number for number, line in enumerate(lines) if re.match(r"\w+:", line)] + [len(lines)]
    for start, end in pairwise(starts):
        if lines[start].startswith(f"{field}:"):
            return start, end
    return 0, 0


def _entry(lines: list[str], place: int) -> tuple[int, int]:
    """First line of an entry of ``files``, and the line after its last."""
    start, end = _top_level(lines, "files")
    dashes = [number for number in range(start, end) if re.match(r"\s*- ", lines[number])]
    indent = min((_indent(lines[number]) for number in dashes), default=0)
    starts = [number for number in dashes if _indent(lines[number]) == indent] + [end]
    return (starts[place], starts[place + 1]) if place + 1 < len(starts) else (end, end)


def _set_field(entry: list[str], field: str, value: Value) -> list[str]:
    """The entry's lines with one scalar field changed, removed (None) or added after its size."""
    if not entry:
        return entry
    indent = _indent(entry[0]) + 2
    key = re.compile(rf" {{{indent}}}(\w+):")
    fields = {}
    for number, line in enumerate(entry):
        found = key.match(line.replace("- ", "  ", 1) if number == 0 else line)
        if found:
            end = number + 1
            while end < len(entry) and _indent(entry[end]) > indent and not entry[end].lstrip().startswith("#"):
                end += 1  # a text that runs over several lines
            fields[found[1]] = (number, end)
    text = "" if value is None else yaml.safe_dump(value, width=10**6).splitlines()[0]
    if field not in fields:
        after = fields.get("size_bytes", (0, 1))[1]
        return entry if value is None else [*entry[:after], f"{' ' * indent}{field}: {text}\n", *entry[after:]]
    start, end = fields[field]
    if value is None:
        return entry[:start] + entry[end:]
    head = entry[start][: entry[start].index(":") + 1]
    comment = re.search(r"\s+#.*$", entry[start]) if end == start + 1 else None
    return [*entry[:start], f"{head} {text}{comment[0].rstrip() if comment else ''}\n", *entry[end:]]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
