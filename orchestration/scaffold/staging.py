"""A staging model of a raw table: typed columns under the warehouse's names, with documentation and tests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

from orchestration.core.database import quote_identifier
from orchestration.ingest.records import RawTable
from orchestration.scaffold.generated import YEAR_COLUMNS
from orchestration.scaffold.names import LINE, jinja_string, snake_case, sql_comment
from orchestration.scaffold.yaml_text import OneLine, OneLineMapping, yaml_text

LONGEST_NAME = 40
LABEL = "label"


@dataclass(frozen=True)
class StagedColumn:
    """A column of a staging model.

    Attributes
    ----------
    name : str
        In the model.
    published : str
        In the file; "" for the cells of columns named by year.
    description : str
        For the documentation.
    """

    name: str
    published: str
    description: str


@dataclass(frozen=True)
class StagingModel:
    """A staging model and its raw table.

    Attributes
    ----------
    name : str
        Name of the model, also of its two files.
    short_name : str
        Start of the names of its tests.
    table : RawTable
        Contract of the raw table.
    columns : tuple of StagedColumn
        In published order; the calendar year and the cell of a table with columns named by year come last.
    """

    name: str
    short_name: str
    table: RawTable
    columns: tuple[StagedColumn, ...]

    @property
    def key(self) -> list[str]:
        """Names of the key columns."""
        key = [column.name for column in self.columns if column.published in self.table.key]
        return [*key, "year"] if self.table.year_columns else key

    @property
    def values(self) -> list[StagedColumn]:
        """Columns beside the key."""
        return [column for column in self.columns if column.name not in self.key]


def staging_model(
    name: str,
    table: RawTable,
    roles: Mapping[str, tuple[str, str]],
    labels: Mapping[str, str],
    short_name: str,
) -> StagingModel:
    """Choose names and descriptions of the columns.

    Parameters
    ----------
    name : str
        Name of the model.
    table : RawTable
        Contract of the raw table.
    roles : Mapping of str to (str, str)
        Published column to name and description, for the columns of country and year.
    labels : Mapping of str to str
        The publisher's labels of columns.
    short_name : str
        Start of the names of the tests.

    Returns
    -------
    StagingModel
        The model.
    """
    columns: list[StagedColumn] = []
    taken = {named for named, _ in roles.values()}
    for published in table.named_columns:
        if published in roles:
            columns.append(StagedColumn(roles[published][0], published, roles[published][1]))
            continue
        columns.append(StagedColumn(_free_name(published, taken), published, _described(table, published, labels)))
        taken.add(columns[-1].name)
    if table.year_columns:
        low, high = table.year_columns.range
        described = f"Cell of the year, as published: {_bounds(low, high)}."
        columns += [
            StagedColumn("year", "", "Calendar year."),
            StagedColumn(_free_name(table.name, taken), "", described),
        ]
    return StagingModel(name, short_name, table, tuple(columns))


def staging_sql(model: StagingModel) -> str:
    """Write the SQL of a staging model.

    Parameters
    ----------
    model : StagingModel
        The model.

    Returns
    -------
    str
        A SELECT; a table with columns named by year is brought into its long form.
    """
    table = model.table
    grain = f"one row per {' and '.join(name.replace('_', ' ') for name in model.key)}"
    head = sql_comment(f"Raw table {table.name}, {grain}, as published.")
    lines = ",\n".join(_selected(model, column) for column in model.columns)
    if not table.year_columns:
        return f"{head}select\n{lines}\nfrom {{{{ source('raw', '{table.name}') }}}}\n"
    return (
        f"{head}with cells as (\n    unpivot {{{{ source('raw', '{table.name}') }}}}\n"
        f"    on columns('^[0-9]{{4}}$')\n    into name year value cell\n)\n\nselect\n{lines}\nfrom cells\n"
    )


def staging_yml(model: StagingModel, column_tests: Mapping[str, list[dict[str, Any]]]) -> str:
    """Write documentation and tests of a staging model.

    Parameters
    ----------
    model : StagingModel
        The model.
    column_tests : Mapping of str to list of dict
        Tests of single columns, by name.

    Returns
    -------
    str
        YAML with a test of the key and one of the ranges.
    """
    tests: list[dict[str, Any]] = [unique_key(f"{model.short_name}_staging_key", model.key, f"A row of {model.name}")]
    ranges = {column.name: _range(model.table, column) for column in model.values if _is_number(model.table, column)}
    if ranges:
        test = {
            "name": f"{model.short_name}_staging_ranges",
            "description": "A value outside the range of its column: a missing code that survived, or a damaged file.",
            "arguments": {"ranges": ranges},
        }
        tests.append({"accepted_ranges": test})
    content = {
        "name": model.name,
        "description": f"Raw table {model.table.name} with typed columns, as published.",
        "data_tests": tests,
        "columns": [
            {"name": column.name, "description": column.description}
            | ({"data_tests": column_tests[column.name]} if column.name in column_tests else {})
            for column in model.columns
        ],
    }
    return yaml_text({"models": [content]})


def unique_key(name: str, key: list[str], what: str) -> dict[str, Any]:
    """Make the test of a key.

    Parameters
    ----------
    name : str
        Name of the test.
    key : list of str
        Columns.
    what : str
        What a row is, for the description.

    Returns
    -------
    dict
        An item of ``data_tests``.
    """
    description = f"{what} occurs twice or without its key; every join to it would multiply or lose rows."
    arguments = {"combination_of_columns": OneLine(key)}
    return {"unique_combination_of_columns": {"name": name, "description": description, "arguments": arguments}}


def _selected(model: StagingModel, column: StagedColumn) -> str:
    """One line of the SELECT; the codes of every measured number are looked up, so that the record alone decides."""
    table, name = model.table, column.name
    years = table.year_columns
    if column.published:
        source, kind, codes_of = _identifier(column.published), table.column_types[column.published], column.published
    elif name == "year" or years is None:
        source, kind, codes_of = "year", "integer", ""
    else:
        source, kind, codes_of = "cell", years.type, YEAR_COLUMNS
    if kind == "text":
        return f"    {source}" + ("" if source == name else f" as {name}")
    arguments = []
    if name not in model.key:
        arguments = [f"missing_codes({jinja_string(table.name)}, {jinja_string(codes_of)})"]
        for mark in table.missing_marks:
            source = f"nullif({source}, '{mark}')"
    arguments.insert(0, jinja_string(source))
    macro = "to_integer" if kind == "integer" else "to_double"
    expression = f"{{{{ {macro}({', '.join(arguments)}) }}}}"
    if name == LABEL:
        expression = f"cast({expression} as varchar)"
    line = f"    {expression} as {name}"
    if len(line) <= LINE:
        return line
    return "\n".join([f"    {{{{ {macro}(", ",\n".join(f"        {a}" for a in arguments), f"    ) }}}} as {name}"])


def _identifier(name: str) -> str:
    simple = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in _reserved()
    return name if simple else quote_identifier(name)


@cache
def _reserved() -> frozenset[str]:
    with duckdb.connect() as connection:
        words = connection.execute("select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'")
        return frozenset(word for (word,) in words.fetchall())


def _free_name(published: str, taken: set[str]) -> str:
    name = snake_case(published)
    if len(name) > LONGEST_NAME:
        name = name[:LONGEST_NAME].rpartition("_")[0] or name[:LONGEST_NAME]
    if name in _reserved():
        name = f"{name}_published"
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name}_{number}"
    return free


def _described(table: RawTable, published: str, labels: Mapping[str, str]) -> str:
    parts = [labels.get(published) or f"Column {published} of the file"]
    if table.column_types[published] != "text":
        parts.append(_bounds(*table.range_of(published)))
    if codes := table.missing_codes_of(published):
        parts.append(f"{', '.join(map(str, codes))} in the file is NULL")
    return "; ".join(parts) + "."


def _bounds(low: float | None, high: float | None) -> str:
    return f"{'any' if low is None else f'{low:.12g}'} to {'any' if high is None else f'{high:.12g}'}"


def _is_number(table: RawTable, column: StagedColumn) -> bool:
    if not column.published:
        return column.name != "year" and table.year_columns is not None and table.year_columns.type != "text"
    return table.column_types[column.published] != "text"


def _range(table: RawTable, column: StagedColumn) -> OneLineMapping:
    years = table.year_columns
    low, high = table.range_of(column.published) if column.published else (years.range if years else (None, None))
    bounds = {"min": low, "max": high}
    return OneLineMapping({name: _whole(bound) for name, bound in bounds.items() if bound is not None})


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else number
