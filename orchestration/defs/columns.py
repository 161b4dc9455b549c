"""How columns are told to Dagster: name, type, meaning, and which columns upstream each one is made from."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from dagster import AssetKey, TableColumn, TableColumnDep, TableColumnLineage, TableSchema

NAMED = 4  # so many columns of one table are named in a description; of more, the first and the last

Pairs = Sequence[Sequence[str]]  # (table as <schema>.<name>, column), one step upstream, by table


def column_metadata(
    columns: Iterable[tuple[str, str, str]], lineage: Mapping[str, Pairs] | None = None
) -> dict[str, Any]:
    """The column schema, from (name, type, description), and the column lineage where it is known.

    Dagster's own web interface keeps column lineage and does not show it, so that each column's description tells it.
    """
    described = [
        TableColumn(name, kind, description=" ".join([description.strip(), *_told((lineage or {}).get(name, ()))]))
        for name, kind, description in columns
    ]
    return {"dagster/column_schema": TableSchema(described), **(lineage_metadata(lineage) if lineage else {})}


def lineage_metadata(lineage: Mapping[str, Pairs]) -> dict[str, Any]:
    deps = {
        column: [TableColumnDep(AssetKey(table.split(".")), origin) for table, origin in pairs]
        for column, pairs in lineage.items()
    }
    return {"dagster/column_lineage": TableColumnLineage(deps)}


def _told(pairs: Pairs) -> list[str]:
    """``← raw/atop: begyr, endyr.`` for every table the column is made from."""
    told = []
    for table, group in groupby(pairs, key=lambda pair: pair[0]):
        columns = [column for _, column in group]
        if len(columns) > NAMED:
            columns = [f"{columns[0]} to {columns[-1]} ({len(columns)} columns)"]
        told.append(f"←\N{NO-BREAK SPACE}{table.replace('.', '/')}: {', '.join(columns)}.")
    return told
