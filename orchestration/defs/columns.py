"""Metadata for Dagster: the columns of a table, the upstream columns of each, and paths in the data folder."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from dagster import (
    AssetKey,
    MetadataValue,
    PathMetadataValue,
    TableColumn,
    TableColumnDep,
    TableColumnLineage,
    TableSchema,
)

from orchestration.core.settings import Settings

LISTED = 4  # columns of one table listed in a description; of more, only the first and the last

Pairs = Sequence[Sequence[str]]
"""Pairs (table as ``<schema>.<name>``, column) one step upstream, ordered by table."""


def column_metadata(
    columns: Iterable[tuple[str, str, str]], lineage: Mapping[str, Pairs] | None = None
) -> dict[str, Any]:
    """Column schema and column lineage as asset metadata.

    Dagster's open-source UI stores column lineage but does not show it, so each description also ends with it.

    Parameters
    ----------
    columns : iterable of (name, type, description)
        In the order of the table.
    lineage : Mapping of str to Pairs, optional
        Upstream columns by column, where known.

    Returns
    -------
    dict
        Metadata entries ``dagster/column_schema`` and, with lineage, ``dagster/column_lineage``.
    """
    described = [
        TableColumn(name, kind, description=" ".join([description.strip(), *_origins((lineage or {}).get(name, ()))]))
        for name, kind, description in columns
    ]
    return {"dagster/column_schema": TableSchema(described), **(lineage_metadata(lineage) if lineage else {})}


def lineage_metadata(lineage: Mapping[str, Pairs]) -> dict[str, Any]:
    """Column lineage as asset metadata; `lineage` as in `column_metadata`."""
    deps = {
        column: [TableColumnDep(AssetKey(table.split(".")), origin) for table, origin in pairs]
        for column, pairs in lineage.items()
    }
    return {"dagster/column_lineage": TableColumnLineage(deps)}


def in_data_folder(settings: Settings, path: Path) -> PathMetadataValue:
    """Path below the data folder as metadata: an absolute one would be wrong on every other machine."""
    return MetadataValue.path(path.relative_to(settings.data_dir).as_posix())


def _origins(pairs: Pairs) -> list[str]:
    """Format ``← raw/atop: begyr, endyr.`` for every upstream table."""
    origins = []
    for table, group in groupby(pairs, key=lambda pair: pair[0]):
        columns = [column for _, column in group]
        if len(columns) > LISTED:
            columns = [f"{columns[0]} to {columns[-1]} ({len(columns)} columns)"]
        origins.append(f"←\N{NO-BREAK SPACE}{table.replace('.', '/')}: {', '.join(columns)}.")
    return origins
