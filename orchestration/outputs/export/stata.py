"""Stata .dta, version 118: labels from the codebook, missing as Stata's missing, dates as %td, the smallest whole types."""

from collections.abc import Iterable
from pathlib import Path

import pandas
import pyarrow

from orchestration.outputs.export.content import Column, Content, Table

LABEL_LENGTH = 80
NAME_LENGTH = 32
BOOLEAN_LABELS = {0: "false", 1: "true"}
REGIONS = ("Americas", "Europe", "Sub-Saharan Africa", "Middle East and North Africa", "Asia", "Oceania", "All")
MORTALITY_SOURCES = ("abouharb_kimball", "gapminder", "gapminder_2010", "world_bank", "clio_infra")
# Texts written as numbers from 1 with value labels, in this order, so that a number means the same in every export;
# a text that is not listed gets a number after these.
CODED_TEXTS = {
    "marts.countries.region": REGIONS,
    "marts.country_years.region": REGIONS,
    "marts.coverage.region": REGIONS,
    "marts.country_years.infant_mortality_source": MORTALITY_SOURCES,
    "marts.infant_mortality.source": MORTALITY_SOURCES,
}
# The largest magnitudes of Stata's byte, int and long that leave room for its missing values.
WHOLE_TYPES = {"Int8": (-127, 100), "Int16": (-32_767, 32_740), "Int32": (-2_147_483_647, 2_147_483_620)}


def write_stata(table: Table, content: Content, path: Path) -> None:
    """One file that Stata 14 and later read; its time is that of the publication."""
    names = stata_names(column.name for column in table.columns)
    values, value_labels = {}, {}
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
    """Column name -> Stata name: its first 32 characters, the last of them a number where two would be the same."""
    given: dict[str, str] = {}
    for name in names:
        short, number = name[:NAME_LENGTH], 1
        while short in given.values():
            number += 1
            short = name[: NAME_LENGTH - len(str(number))] + str(number)
        given[name] = short
    return given


def variable_label(column: Column) -> str:
    """The description, cut at a word if it is longer than Stata's 80 characters; the codebook has all of it."""
    if len(column.description) <= LABEL_LENGTH:
        return column.description
    return column.description[: LABEL_LENGTH - 3].rsplit(" ", 1)[0] + "..."


def _values(column: Column, table: Table) -> tuple[pandas.Series, dict[int, str]]:
    """The column as to_stata needs it, and its value labels if it has any."""
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


def _whole_numbers(data: pyarrow.ChunkedArray) -> pandas.Series:
    numbers = pandas.Series(data.to_pylist(), dtype="Int64")
    for dtype, (low, high) in WHOLE_TYPES.items():
        if numbers.dropna().between(low, high).all():
            return numbers.astype(dtype)
    return numbers.astype("Float64")
