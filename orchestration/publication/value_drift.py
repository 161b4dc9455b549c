"""Value drift: each column of a raw table beside its last published load, joined on the contract's key."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.database import memory_connection, quote_identifier, quote_literal, rows_as_dicts, single_row
from orchestration.ingest.records import RawTable
from orchestration.ingest.typed import typed_select

# Named choices. Publishers revise a few cells of the past with a new version; these bounds are for what no revision
# does unannounced: a unit changed, entities swapped, years shifted, signs turned, digits cut off.
MAX_SHARE_CHANGED = 0.01
MIN_CELLS_CHANGED = 10
MAX_RATIO = 3.0
MIN_MAGNITUDE = 1e-9
MAX_SHARE_MISSING = 0.01


@dataclass(frozen=True)
class ColumnDrift:
    """How one column differs from its last published load, over keys that both loads have.

    Attributes
    ----------
    column : str
        Its name; ``cell`` for the values of a wide table, whose calendar years are columns.
    cells : int
        Cells that were not missing in the last published load.
    changed : int
        Of these, cells with another value that is not missing.
    newly_missing : int
        Of these, cells that are missing now.
    sign_changes : int
        Changed numbers of the opposite sign.
    large_changes : int
        Changed numbers more than `MAX_RATIO` times or less than 1 / `MAX_RATIO` of the value before.
    median_ratio : float or None
        Median of new over old value of the changed numbers; None without any.
    rank_correlation : float or None
        Spearman's rank correlation of new and old numbers; None if it is not defined.
    example : str
        The key and both values of the largest change, empty without any.
    """

    column: str
    cells: int
    changed: int
    newly_missing: int
    sign_changes: int
    large_changes: int
    median_ratio: float | None
    rank_correlation: float | None
    example: str

    @property
    def is_mass_revision(self) -> bool:
        """Whether the record of the source must acknowledge it before it is published."""
        most_changed = max(MIN_CELLS_CHANGED, MAX_SHARE_CHANGED * self.cells)
        most_missing = max(MIN_CELLS_CHANGED, MAX_SHARE_MISSING * self.cells)
        return (
            self.changed > most_changed
            or self.newly_missing > most_missing
            or self.sign_changes > 0
            or self.large_changes > 0
        )

    def __str__(self) -> str:
        parts = [f"{self.changed:,} of {self.cells:,} cells changed"]
        if self.newly_missing:
            parts.append(f"{self.newly_missing:,} newly missing")
        if self.sign_changes:
            parts.append(f"{self.sign_changes:,} with the opposite sign")
        if self.large_changes:
            parts.append(f"{self.large_changes:,} by more than a factor {MAX_RATIO:g}")
        if self.median_ratio is not None:
            parts.append(f"median ratio {self.median_ratio:.4g}")
        if self.rank_correlation is not None:
            parts.append(f"rank correlation {self.rank_correlation:.4f}")
        text = f"{self.column}: {', '.join(parts)}"
        return f"{text}; {self.example}" if self.example else text


@dataclass(frozen=True)
class TableDrift:
    """How a raw table differs from its last published load.

    Attributes
    ----------
    keys_before : int
        Rows of the last published load.
    keys_removed, keys_added : int
        Rows whose key only the last published load has, or only this one.
    columns : tuple of ColumnDrift
        Columns with a difference, most changed cells first.
    """

    keys_before: int
    keys_removed: int
    keys_added: int
    columns: tuple[ColumnDrift, ...]

    def revisions(self) -> list[str]:
        """Describe every difference of published keys and values; empty if there is none."""
        keys = [f"{self.keys_removed:,} of {self.keys_before:,} keys removed"] if self.keys_removed else []
        return keys + [str(column) for column in self.columns]

    def mass_revisions(self) -> list[str]:
        """Describe the differences that no revision makes unannounced; empty if there is none."""
        found = [str(column) for column in self.columns if column.is_mass_revision]
        if self.keys_removed > max(MIN_CELLS_CHANGED, MAX_SHARE_CHANGED * self.keys_before):
            found.insert(0, f"{self.keys_removed:,} of {self.keys_before:,} keys removed")
        return found


NO_NUMBERS: dict[str, Any] = {
    "sign_changes": 0,
    "large_changes": 0,
    "median_ratio": None,
    "rank_correlation": None,
    "example": "",
}


def value_drift(before: Path, now: Path, contract: RawTable) -> TableDrift:
    """Compare two loads of a raw table.

    Parameters
    ----------
    before, now : Path
        The Parquet files of the last published load and of this one.
    contract : RawTable
        The contract of this load; its key identifies a row.

    Returns
    -------
    TableDrift
        Rows that repeat a key are paired in the order of their values.

    Raises
    ------
    duckdb.Error
        If a file cannot be read, or the last load lacks a column of the key.
    """
    with closing(memory_connection()) as connection:
        connection.execute("set threads = 2")
        columns = _columns(connection, before) & _columns(connection, now)
        for side, path in (("before", before), ("now", now)):
            typed = typed_select(contract, f"read_parquet({quote_literal(path)})", columns)
            connection.execute(f"create view {side}_typed as {typed}")
        key = [name for name in contract.key if name in columns]
        if contract.year_columns:
            key.append("calendar_year")
        described = connection.execute("describe from now_typed").fetchall()
        types = {name: kind for name, kind, *_ in described if name not in key}
        for side in ("before", "now"):
            _number_rows(connection, side, key, sorted(types))
        same = " and ".join(f'b."{name}" is not distinct from n."{name}"' for name in [*key, "_nth"])
        connection.execute(f"create table pairs as select b, n from before_rows b full join now_rows n on {same}")
        rows, removed, added = single_row(
            connection.execute("select count(b), count(*) filter (n is null), count(*) filter (b is null) from pairs")
        )
        found = [_column_drift(connection, name, kind in ("BIGINT", "DOUBLE"), key) for name, kind in types.items()]
    drifted = [column for column in found if column.changed or column.newly_missing]
    return TableDrift(rows, removed, added, tuple(sorted(drifted, key=lambda column: -column.changed)))


def _columns(connection: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    described = connection.execute(f"describe from read_parquet({quote_literal(path)})").fetchall()
    return {name for name, *_ in described if not name.startswith("_")}


def _number_rows(connection: duckdb.DuckDBPyConnection, side: str, key: list[str], values: list[str]) -> None:
    names = ", ".join(map(quote_identifier, [*key, *values]))
    keys = ", ".join(map(quote_identifier, key))
    connection.execute(
        f"create table {side}_rows as select *, row_number() over (partition by {keys} order by {names}) as _nth"
        f" from {side}_typed"
    )


def _column_drift(connection: duckdb.DuckDBPyConnection, name: str, is_number: bool, key: list[str]) -> ColumnDrift:
    label = " || ', ' || ".join(f"'{part} ' || coalesce(b.\"{part}\"::varchar, 'NULL')" for part in key)
    old, new = (f'{side}."{name}"::double' if is_number else f'{side}."{name}"' for side in "bn")
    connection.execute(
        f"create or replace temp table cells as select {old} as old, {new} as new, {label} as label"
        f' from pairs where b is not null and n is not null and b."{name}" is not null'
    )
    (counts,) = rows_as_dicts(
        connection.execute(
            "select count(*) as cells, count(*) filter (new is not null and new <> old) as changed,"
            " count(*) filter (new is null) as newly_missing from cells"
        )
    )
    if not counts["changed"]:
        return ColumnDrift(name, **counts, **NO_NUMBERS)
    if not is_number:
        (example,) = single_row(
            connection.execute(
                "select label || ': ' || old || ' -> ' || new from cells where new <> old order by label limit 1"
            )
        )
        return ColumnDrift(name, **counts, **NO_NUMBERS | {"example": example})
    large = f"(abs(new) > {MAX_RATIO} * abs(old) or abs(new) * {MAX_RATIO} < abs(old))"
    (numbers,) = rows_as_dicts(
        connection.execute(
            f"""
            select
                count(*) filter (old * new < 0) as sign_changes,
                count(*) filter (abs(old) > {MIN_MAGNITUDE} and {large}) as large_changes,
                median(new / old) filter (new <> old and abs(old) > {MIN_MAGNITUDE}) as median_ratio,
                corr(old_rank, new_rank) as rank_correlation,
                arg_max(label || ': ' || old || ' -> ' || new, abs(ln(abs(new) + 1) - ln(abs(old) + 1)))
                    filter (new <> old) as example
            from (
                select *, rank() over (order by old) as old_rank, rank() over (order by new) as new_rank
                from cells where new is not null
            )
            """
        )
    )
    return ColumnDrift(name, **counts, **numbers | {"example": numbers["example"] or ""})
