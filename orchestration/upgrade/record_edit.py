"""Edit scalar fields in the text of a source record, and keep its comments, order and line breaks."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import yaml

Value = str | int | None


def edit_record(text: str, position: int, changes: Mapping[str, Value], versions: tuple[str | None, str]) -> str:
    """Change fields of one file of a record, and the version in its title and citation.

    The caller must parse the result and compare it with `edited_fields`: a record in another YAML style may come out
    wrong.

    Parameters
    ----------
    text : str
        The record as YAML.
    position : int
        Position of the file in ``files``, from 0.
    changes : Mapping of str to str, int or None
        New values by field; None removes the field.
    versions : tuple of (str or None, str)
        Old and new version: ``version OLD`` in title and citation becomes ``version NEW``.

    Returns
    -------
    str
        The edited record.
    """
    lines = text.splitlines(keepends=True)
    first, last = _entry(lines, position)
    entry = lines[first:last]
    for field, value in changes.items():
        entry = _set_field(entry, field, value)
    lines[first:last] = entry
    for field in ("title", "citation"):
        start, end = _top_level(lines, field)
        lines[start:end] = [_renamed("".join(lines[start:end]), versions)]
    return "".join(lines)


def edited_fields(
    record: dict[str, Any], position: int, changes: Mapping[str, Value], versions: tuple[str | None, str]
) -> dict[str, Any]:
    """Change a parsed record as `edit_record` changes its text.

    Parameters
    ----------
    record : dict
        The parsed record.
    position, changes, versions
        As in `edit_record`.

    Returns
    -------
    dict
        A new record.
    """
    files = [dict(file) for file in record["files"]]
    files[position] = {k: v for k, v in (files[position] | dict(changes)).items() if v is not None}
    texts = {field: _renamed(record[field], versions) for field in ("title", "citation")}
    return record | texts | {"files": files}


def _renamed(text: str, versions: tuple[str | None, str]) -> str:
    old, new = versions
    if old is None:
        return text
    return re.sub(rf"([Vv]ersion\s+){re.escape(old)}(?!\.?\w)", lambda found: found[1] + new, text)


def _top_level(lines: list[str], field: str) -> tuple[int, int]:
    """First line of a top-level field, and the line after its last; (0, 0) if the field is absent."""
    starts = [number for number, line in enumerate(lines) if re.match(r"\w+:", line)] + [len(lines)]
    for start, end in pairwise(starts):
        if lines[start].startswith(f"{field}:"):
            return start, end
    return 0, 0


def _entry(lines: list[str], position: int) -> tuple[int, int]:
    """First line of an entry of ``files``, and the line after its last."""
    start, end = _top_level(lines, "files")
    dashes = [number for number in range(start, end) if re.match(r"\s*- ", lines[number])]
    indent = min((_indent(lines[number]) for number in dashes), default=0)
    starts = [number for number in dashes if _indent(lines[number]) == indent] + [end]
    return (starts[position], starts[position + 1]) if position + 1 < len(starts) else (end, end)


def _set_field(entry: list[str], field: str, value: Value) -> list[str]:
    """Change one scalar field, remove it (None) or add it after the size."""
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
                end += 1  # a value on several lines
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
