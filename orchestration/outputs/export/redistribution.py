"""Leave out of an export what its producers' terms do not clearly allow to pass on."""

from dataclasses import replace

from orchestration.outputs.export.content import Column, Content, Table

UNCLEAR = "unclear"
COUNTS_ONLY = ("marts.coverage",)
"""Marts whose cells are counts over other columns and hold no producer's value."""


def redistributable(content: Content) -> tuple[Content, list[str]]:
    """Leave out the columns of the marts that are computed from a source with unclear terms.

    The results are the warehouse's own estimates and stay. A mart whose key depends on such a source is left out whole.

    Parameters
    ----------
    content : Content
        What would be exported.

    Returns
    -------
    Content
        What may be passed on, if its producers are cited.
    list of str
        What was left out: tables and columns, each with the source whose terms are unclear.
    """
    unclear = {source["source"] for source in content.sources if source["redistribution"] == UNCLEAR}
    kept, left_out = [], []
    for table in content.tables:
        if table.schema != "marts" or table.full_name in COUNTS_ONLY:
            kept.append(table)
            continue
        reasons = {column.name: found for column in table.columns if (found := _records(column) & unclear)}
        if of_key := set().union(*(reasons.get(name, set()) for name in table.key)):
            left_out.append(f"{table.full_name} ({', '.join(sorted(of_key))})")
            continue
        left_out += [f"{table.full_name}.{name} ({', '.join(sorted(found))})" for name, found in reasons.items()]
        kept.append(_without(table, set(reasons)))
    return replace(content, tables=tuple(kept)), left_out


def _records(column: Column) -> set[str]:
    return set(column.source_records.split(", ")) if column.source_records else set()


def _without(table: Table, names: set[str]) -> Table:
    columns = tuple(column for column in table.columns if column.name not in names)
    return replace(table, columns=columns, data=table.data.select([column.name for column in columns]))
