"""The source record of a new source: what its file shows, and ``undecided`` where a person has to decide."""

import hashlib
import math
from pathlib import Path
from typing import Any

from orchestration.ingest.catalog import UNDECIDED
from orchestration.ingest.records import RawTable
from orchestration.ingest.sample.states import NAMED_STATES
from orchestration.scaffold.country_codes import CountryCodes, normalised
from orchestration.scaffold.findings import Column, Findings, is_cow_number
from orchestration.scaffold.reading import Contents
from orchestration.scaffold.yaml_text import OneLine, yaml_text

SCHEMA_LINE = "# yaml-language-server: $schema=schema.json\n"
HEAD = ("title", "producer", "citation", "licence", "redistribution", "homepage", "cadence_years")
SAMPLE_LABELS = 25


def raw_table(name: str, contents: Contents, findings: Findings, codes: CountryCodes) -> dict[str, Any]:
    """Make the contract of the raw table.

    Parameters
    ----------
    name : str
        Name of the raw table.
    contents : Contents
        The cells, and how they were read.
    findings : Findings
        What they show.
    codes : CountryCodes
        Labels of every coding.

    Returns
    -------
    dict
        Fields of `RawTable`; the description is undecided.
    """
    table: dict[str, Any] = {"name": name, "description": UNDECIDED, **contents.how}
    table["columns"] = {column.name: column.kind for column in findings.columns}
    if findings.year_columns:
        first, last = findings.span or (0, 0)
        numbers = [column for column in findings.year_columns if column.kind != "text"]
        low, high = min(column.low or 0 for column in numbers), max(column.high or 0 for column in numbers)
        kind = "integer" if all(column.kind == "integer" for column in numbers) else "number"
        table["year_columns"] = {"first": first, "last": last, "type": kind, "range": OneLine(_outward(low, high))}
    table["key"] = OneLine(findings.key)
    ranges = {c.name: OneLine(_range_of(c, findings)) for c in findings.columns if c.low is not None}
    if ranges:
        table["ranges"] = ranges
    groups = _missing_groups(findings)
    if groups:
        table["missing_codes"] = groups
    marks = sorted({mark for column in (*findings.columns, *findings.year_columns) for mark in column.marks})
    if marks:
        table["missing_marks"] = OneLine(marks)
    if is_cow_number(findings) and findings.is_state_years and findings.year and _all_are_members(findings):
        table["membership_key"] = OneLine(findings.key)
    elif findings.countries:
        table["sample_values"] = {findings.countries.column: OneLine(_sample_labels(contents, findings, codes))}
    return table


def record_text(name: str, path: Path, table: dict[str, Any]) -> str:
    """Write a source record.

    Parameters
    ----------
    name : str
        Name of the source.
    path : Path
        Its file.
    table : dict
        Contract of its raw table.

    Returns
    -------
    str
        YAML. Title, producer, citation, licence, redistribution, homepage, cadence, version, address and description
        are undecided.
    """
    content = path.read_bytes()
    file = {
        "file": path.name,
        "version": UNDECIDED,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "publisher_url": UNDECIDED,
        "tables": [table],
    }
    record = {"name": name, **dict.fromkeys(HEAD, UNDECIDED), "files": [file]}
    return SCHEMA_LINE + yaml_text(record)


def contract_of(table: dict[str, Any]) -> RawTable:
    """Validate the fields of a raw table.

    Parameters
    ----------
    table : dict
        As from `raw_table`.

    Returns
    -------
    RawTable
        The contract.
    """
    return RawTable.model_validate(table)


def _outward(low: float, high: float) -> tuple[float, float]:
    """Bounds with two significant digits that enclose the values; from 0 where none is negative."""
    return (0 if low >= 0 else -_rounded_up(-low), _rounded_up(high) if high > 0 else 0)


def _rounded_up(value: float) -> float:
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    rounded = round(math.ceil(value / step) * step, 10)
    return int(rounded) if rounded.is_integer() else rounded


def _range_of(column: Column, findings: Findings) -> tuple[float, float]:
    low, high = column.low or 0, column.high or 0
    is_exact = column.name in findings.key or column.name == findings.year
    return (int(low), int(high)) if is_exact else _outward(low, high)


def _missing_groups(findings: Findings) -> list[dict[str, Any]]:
    """Group the columns that have the same missing codes."""
    columns_by_codes: dict[tuple[int, ...], list[str]] = {}
    for column in (*findings.columns, *findings.year_columns):
        if column.missing:
            columns_by_codes.setdefault(tuple(code.code for code in column.missing), []).append(column.name)
    return [{"codes": OneLine(codes), "columns": OneLine(columns)} for codes, columns in columns_by_codes.items()]


def _all_are_members(findings: Findings) -> bool:
    return findings.countries is not None and findings.countries.match.rows == 1


def _sample_labels(contents: Contents, findings: Findings, codes: CountryCodes) -> list[str]:
    """Labels of states that are in the synthetic sample; without any, the first labels of the file."""
    assert findings.countries is not None
    column, match = findings.countries.column, findings.countries.match
    labels = sorted({str(text) for text in contents.cells[column].to_pylist() if text and str(text).isascii()})
    in_sample = {state.code for state in NAMED_STATES}
    known = codes.labels[match.coding]
    found = [
        label
        for label in labels
        if any(code in in_sample for code, _, _ in known.get(normalised(match.coding, label), ()))
    ]
    return (found or labels)[:SAMPLE_LABELS]
