"""Differences as text for ``warehouse diff`` and ``warehouse sources upgrade``."""

from collections.abc import Mapping, Sequence

from analysis.core.conventions import SIGNIFICANCE_LEVEL
from orchestration.core.text_tables import Row, render_table
from orchestration.publication.compare import TableDifference
from orchestration.publication.diff import PublicationDifference

NOISE = 1e-9
"""Relative differences below this come from the order of floating-point sums."""

SHOWN_BY_DECADE = 6
"""Columns in the table of decades."""


def publication_diff_text(difference: PublicationDifference, limit: int) -> str:
    """Render the differences between two publications.

    Parameters
    ----------
    difference : PublicationDifference
        The differences.
    limit : int
        Rows of each list; the summary counts all.

    Returns
    -------
    str
        A summary, columns and decades of each changed mart, then models and coefficients.
    """
    parts = [_heading(difference), _sources_and_schema(difference), summary_text(difference.tables)]
    parts += [f"{name} could not be compared: {reason}" for name, reason in difference.not_compared.items()]
    for name, table in difference.tables.items():
        if name.startswith("marts."):
            parts.append(table_text(name, table, limit))
    parts += [_models(difference, limit), _coefficients(difference, limit), _hint(difference)]
    return "\n\n".join(part for part in parts if part)


def summary_text(tables: Mapping[str, TableDifference]) -> str:
    """Render one row for each table that differs, and the names of equal tables.

    Parameters
    ----------
    tables : Mapping of str to TableDifference
        By ``schema.table``.

    Returns
    -------
    str
        Without a final newline.
    """
    changed = {name: table for name, table in tables.items() if not table.is_equal}
    equal = [name for name, table in tables.items() if table.is_equal]
    names = ["table", "rows before", "rows after", "added", "removed", "changed", "cells", "became NULL", "got a value"]
    rows = [
        (
            name,
            *_counts(table.rows_before, table.rows_after, table.rows_added, table.rows_removed, table.rows_changed),
            *_counts(
                *(sum(getattr(c, kind) for c in table.columns) for kind in ("changed", "became_null", "got_value"))
            ),
        )
        for name, table in changed.items()
    ]
    rendered = [_plain_table(names, rows)] if rows else []
    return "\n".join(rendered + ([f"equal: {', '.join(equal)}"] if equal else []))


def table_text(name: str, table: TableDifference, limit: int) -> str:
    """Render the changed columns of one table, and its differences by decade.

    Parameters
    ----------
    name : str
        ``schema.table``.
    table : TableDifference
        Its differences.
    limit : int
        Columns that are listed.

    Returns
    -------
    str
        Empty if the tables are equal.
    """
    parts = []
    if table.columns:
        heads = ["column", "changed", "became NULL", "got a value", "largest change", "largest relative change"]
        rows = [
            (
                c.column,
                *_counts(c.changed, c.became_null, c.got_value),
                _number(c.largest_change),
                None if c.largest_relative_change is None else f"{100 * c.largest_relative_change:.3g}%",
            )
            for c in table.columns[:limit]
        ]
        parts.append(f"{name}: cells changed, by column\n{_plain_table(heads, rows)}{_more(table.columns, limit)}")
    shown = table.columns[: min(limit, SHOWN_BY_DECADE)]
    by_decade = (table.added, table.removed, *(column.by_decade for column in table.columns))
    decades = sorted({decade for counts in by_decade for decade in counts if decade is not None})
    if decades:
        heads = ["decade", "rows added", "rows removed", *(c.column for c in shown)]
        rows = [
            (
                f"{decade}s",
                *_counts(table.added.get(decade, 0), table.removed.get(decade, 0)),
                *_counts(*(c.by_decade.get(decade, 0) for c in shown)),
            )
            for decade in decades
        ]
        most = " (cells of the columns that changed most)" if len(table.columns) > len(shown) else ""
        parts.append(f"{name}: by decade{most}\n{_plain_table(heads, rows)}")
    return "\n\n".join(parts)


def _heading(difference: PublicationDifference) -> str:
    return "\n".join(
        f"{label:<8}{record['publication_id']}  ({str(record.get('published_at', '?'))[:16]} UTC)"
        f"  {record.get('note', '')}"
        for label, record in (("before", difference.before), ("after", difference.after))
    )


def _sources_and_schema(difference: PublicationDifference) -> str:
    lines = [f"source  {change}" for change in difference.sources]
    lines += [f"schema  {name} added" for name in difference.tables_added]
    lines += [f"schema  {name} removed" for name in difference.tables_removed]
    for name, table in difference.tables.items():
        lines += [f"schema  {name}: column {column} added" for column in table.columns_added]
        lines += [f"schema  {name}: column {column} removed" for column in table.columns_removed]
        lines += [f"schema  {name}: column {column} {old} -> {new}" for column, old, new in table.types_changed]
    return "\n".join(lines or ["sources and schema are the same"])


def _models(difference: PublicationDifference, limit: int) -> str:
    if not difference.models:
        return ""
    rows = [
        (
            m.model,
            *_arrows((m.n_before, m.n_after), (m.events_before, m.events_after)),
            f"{_number(m.log_likelihood_before, 8)} -> {_number(m.log_likelihood_after, 8)}",
        )
        for m in difference.models[:limit]
    ]
    table = _plain_table(["model", "n", "events", "log-likelihood"], rows)
    return f"models: {len(difference.models)} changed\n{table}{_more(difference.models, limit)}"


def _coefficients(difference: PublicationDifference, limit: int) -> str:
    changes = difference.coefficients
    if not changes:
        return ""
    crossing = sum(change.crosses for change in changes)
    rows = [
        (
            c.model,
            c.term,
            c.covariance,
            f"{_number(c.estimate_before)} -> {_number(c.estimate_after)}",
            _number(c.shift),
            f"{_number(c.p_value_before, 3)} -> {_number(c.p_value_after, 3)}",
            "crosses" if c.crosses else "",
        )
        for c in changes[:limit]
    ]
    level = f"{SIGNIFICANCE_LEVEL:g}"
    names = ["model", "term", "covariance", "estimate", "in standard errors", "p-value", level]
    title = f"coefficients: {len(changes):,} changed, of which {crossing:,} cross p = {level}; largest first"
    return f"{title}\n{_plain_table(names, rows)}{_more(changes, limit)}"


def _hint(difference: PublicationDifference) -> str:
    """Suggest a tolerance if some differences are in the last digits only."""
    columns = [column for table in difference.tables.values() for column in table.columns]
    changes = [c.largest_relative_change for c in columns if c.changed and c.largest_relative_change is not None]
    if any(change < NOISE for change in changes):
        return f"Relative differences below {NOISE:g} come from the order of sums; --tolerance {NOISE:g} ignores them."
    return ""


def _more(items: Sequence[object], limit: int) -> str:
    return f"\n... and {len(items) - limit:,} more (--limit)" if len(items) > limit else ""


def _plain_table(names: list[str], rows: Sequence[Row]) -> str:
    """Render a table without a row count, with empty cells for NULL."""
    cells = [tuple("" if value is None else value for value in row) for row in rows]
    return render_table(names, cells).rstrip("\n").rpartition("\n")[0]


def _counts(*numbers: int) -> tuple[str, ...]:
    return tuple(f"{number:,}" if number else "" for number in numbers)


def _arrows(*pairs: tuple[int | None, int | None]) -> tuple[str, ...]:
    texts = [["none" if number is None else f"{number:,}" for number in pair] for pair in pairs]
    return tuple(old if old == new else f"{old} -> {new}" for old, new in texts)


def _number(value: float | None, digits: int = 4) -> str | None:
    return None if value is None else f"{value:.{digits}g}"
