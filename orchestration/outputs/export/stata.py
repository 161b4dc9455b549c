"""Write Stata .dta files, version 118, with labels from the codebook and the smallest integer types."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pandas
import pyarrow

from orchestration.outputs.export.content import Column, Content, Table

LABEL_LENGTH = 80
NAME_LENGTH = 32
BOOLEAN_LABELS: dict[float, str] = {0: "false", 1: "true"}
REGIONS = ("Americas", "Europe", "Sub-Saharan Africa", "Middle East and North Africa", "Asia", "Oceania", "All")
MORTALITY_SOURCES = ("abouharb_kimball", "gapminder", "gapminder_2010", "world_bank", "clio_infra")
CODED_TEXTS = {
    "marts.countries.region": REGIONS,
    "marts.country_years.region": REGIONS,
    "marts.coverage.region": REGIONS,
    "marts.country_years.infant_mortality_source": MORTALITY_SOURCES,
    "marts.infant_mortality.source": MORTALITY_SOURCES,
}
"""Text columns written as value labels, numbered from 1 in this order so that a code means the same in every export.

Texts that are not listed get the next numbers."""

# Ranges of Stata's byte, int and long without their missing values.
WHOLE_TYPES: dict[Literal["Int8", "Int16", "Int32"], tuple[int, int]] = {
    "Int8": (-127, 100),
    "Int16": (-32_767, 32_740),
    "Int32": (-2_147_483_647, 2_147_483_620),
}


def write_stata(table: Table, content: Content, path: Path) -> None:
    """Write one table as a file for Stata 14 and later.

    Parameters
    ----------
    table : Table
        The table to write. Dates become %td; NULL becomes ``.`` or an empty text.
    content : Content
        With the publication, whose time becomes that of the file.
    path : Path
        File to write.
    """
    names = stata_names(column.name for column in table.columns)
    values: dict[str, pandas.Series[Any]] = {}
    value_labels: dict[str, dict[float, str]] = {}
    for column in table.columns:
        values[names[column.name]], labels = _values(column, table)
        if labels:
            value_labels[names[column.name]] = labels
    synthetic = "SYNTHETIC " if content.is_synthetic else ""
    pandas.DataFrame(values).to_stata(
        path,
        version=118,
        write_index=False,
        byteorder="little",
        time_stamp=content.publication["published_at"].replace(tzinfo=None),
        data_label=f"{synthetic}{content.publication['publication_id']} {table.full_name}"[:LABEL_LENGTH],
        variable_labels={names[column.name]: variable_label(column) for column in table.columns},
        value_labels=value_labels,
        convert_dates={names[column.name]: "td" for column in table.columns if column.kind == "date"},
    )


def stata_names(names: Iterable[str]) -> dict[str, str]:
    """Shorten column names to Stata's 32 characters; a number at the end distinguishes equal names.

    Parameters
    ----------
    names : iterable of str
        Column names of one table.

    Returns
    -------
    dict of str to str
        Stata name by column name.
    """
    given: dict[str, str] = {}
    for name in names:
        short, number = name[:NAME_LENGTH], 1
        while short in given.values():
            number += 1
            short = name[: NAME_LENGTH - len(str(number))] + str(number)
        given[name] = short
    return given


def variable_label(column: Column) -> str:
    """Shorten the description of a column to Stata's 80 characters, at the end of a word."""
    if len(column.description) <= LABEL_LENGTH:
        return column.description
    return column.description[: LABEL_LENGTH - 3].rsplit(" ", 1)[0] + "..."


def _values(column: Column, table: Table) -> tuple["pandas.Series[Any]", dict[float, str]]:
    """The column as `DataFrame.to_stata` needs it, and its value labels."""
    data = table.data[column.name]
    if column.kind == "boolean":
        return pandas.Series(data.to_pylist(), dtype="boolean").astype("Int8"), BOOLEAN_LABELS
    if column.kind == "integer":
        return _whole_numbers(data), {}
    if column.kind == "number":
        return pandas.Series(data.to_numpy()), {}
    if column.kind == "date":
        return pandas.Series(data.cast(pyarrow.timestamp("s")).to_numpy()), {}
    texts = pandas.Series(data.to_pylist(), dtype=object)
    known = CODED_TEXTS.get(f"{table.full_name}.{column.name}")
    if known is None:
        return texts.fillna(""), {}
    codes = {text: code for code, text in enumerate([*known, *sorted(set(texts.dropna()) - set(known))], start=1)}
    return texts.map(codes).astype("Int8"), {code: text for text, code in codes.items()}


def _whole_numbers(data: "pyarrow.ChunkedArray[Any]") -> "pandas.Series[Any]":
    numbers = pandas.Series(data.to_pylist(), dtype="Int64")
    for dtype, (low, high) in WHOLE_TYPES.items():
        if numbers.dropna().between(low, high).all():
            return numbers.astype(dtype)
    return numbers.astype("Float64")
