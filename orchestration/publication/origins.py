"""The sources that every published column is computed from, by following the column lineage to the raw tables."""

from collections.abc import Mapping, Sequence

from orchestration.ingest.catalog import Catalog
from orchestration.modelling.lineage import results_lineage

Lineage = Mapping[str, Mapping[str, Sequence[Sequence[str]]]]
"""(table, column) pairs one step upstream, by ``schema.table`` and column."""


def source_records(
    lineage: Lineage, catalog: Catalog, results: Sequence[str]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Find the sources of every column of the marts and the results.

    Parameters
    ----------
    lineage : Lineage
        Of the dbt models, as from `orchestration.build.column_lineage.column_lineage`.
    catalog : Catalog
        The sources by raw table.
    results : sequence of str
        Results tables, without the schema.

    Returns
    -------
    dict of (str, str) to tuple of str
        Names of sources, sorted, by ``schema.table`` and column; empty for a column of constants.
    """
    upstream = {
        **lineage,
        **{f"results.{table}": results_lineage(table) for table in results},
    }
    found: dict[tuple[str, str], frozenset[str]] = {}

    def of(table: str, column: str) -> frozenset[str]:
        if table.startswith("raw."):
            return frozenset({catalog.raw_tables[table.removeprefix("raw.")].source.name})
        if (table, column) not in found:
            pairs = upstream.get(table, {}).get(column, ())
            found[table, column] = frozenset().union(*(of(*pair) for pair in pairs))
        return found[table, column]

    return {
        (table, column): tuple(sorted(of(table, column)))
        for table, columns in upstream.items()
        if table.startswith(("marts.", "results."))
        for column in columns
    }
