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
    return {
        column: tuple(sorted({catalog.raw_tables[table].source.name for table in raw}))
        for column, raw in raw_columns(lineage, results).items()
    }


def raw_columns(lineage: Lineage, results: Sequence[str]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Find the raw columns from which every column of the marts and the results is made.

    Parameters
    ----------
    lineage : Lineage
        Of the dbt models, as from `orchestration.build.column_lineage.column_lineage`.
    results : sequence of str
        Results tables, without the schema.

    Returns
    -------
    dict of (str, str) to dict of str to list of str
        By ``schema.table`` and column: columns by raw table (without the schema), both sorted; empty for a column of
        constants.
    """
    upstream = {
        **lineage,
        **{f"results.{table}": results_lineage(table) for table in results},
    }
    found: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}

    def of(table: str, column: str) -> frozenset[tuple[str, str]]:
        if table.startswith("raw."):
            return frozenset({(table.removeprefix("raw."), column)})
        if (table, column) not in found:
            pairs = upstream.get(table, {}).get(column, ())
            found[table, column] = frozenset().union(*(of(*pair) for pair in pairs))
        return found[table, column]

    def by_table(pairs: frozenset[tuple[str, str]]) -> dict[str, list[str]]:
        return {table: [c for t, c in sorted(pairs) if t == table] for table in sorted({table for table, _ in pairs})}

    return {
        (table, column): by_table(of(table, column))
        for table, columns in upstream.items()
        if table.startswith(("marts.", "results."))
        for column in columns
    }
