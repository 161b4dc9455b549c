"""Read what is exported: tables of one publication and their codebook, in a fixed order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC
from difflib import get_close_matches
from typing import Any

import duckdb
import pyarrow
from pyarrow import compute

from orchestration.core.database import rows_as_dicts
from orchestration.core.errors import WarehouseError
from orchestration.publication.content import DYADS_TABLE
from orchestration.publication.table_keys import TABLE_KEYS
from orchestration.query.run import described_tables, open_published
from orchestration.store.protocol import StoredPublication

EXPORTED = ("marts", "results")  # schemas

KINDS = {
    "BOOLEAN": "boolean",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "VARCHAR": "string",
    "DATE": "date",
}
"""Type in the Data Package standard of each DuckDB type."""

TOO_LARGE = 2.0**1023  # Stata's doubles from this value on are missing values


@dataclass(frozen=True)
class Column:
    """One column, as described in meta.columns.

    Attributes
    ----------
    name, unit, description, source : str
        As in the codebook.
    kind : str
        A value of KINDS.
    share_missing : float or None
        Share of NULL, 0 to 1.
    first_year, last_year : int or None
        First and last year with a value; None for a table without years.
    source_records : str or None
        Sources it is computed from, as in meta.sources, separated by commas.
    """

    name: str
    kind: str
    unit: str
    description: str
    source: str
    share_missing: float | None
    first_year: int | None
    last_year: int | None
    source_records: str | None


@dataclass(frozen=True)
class Table:
    """One published table.

    Attributes
    ----------
    schema, name, description : str
        As published.
    key : tuple of str
        Columns of the primary key; empty without one.
    columns : tuple of Column
        In the order of the table.
    data : pyarrow.Table
        Rows, sorted by all columns.
    """

    schema: str
    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    data: pyarrow.Table

    @property
    def full_name(self) -> str:
        """Name with the schema."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Content:
    """What is exported.

    Attributes
    ----------
    publication : dict
        Row of meta.publication.
    sources : list of dict
        Rows of meta.sources.
    tables : tuple of Table
        The selected tables.
    """

    publication: dict[str, Any]
    sources: list[dict[str, Any]]
    tables: tuple[Table, ...]

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are the synthetic sample."""
        return bool(self.publication["is_synthetic"])


def read_content(publication: StoredPublication, table_names: Sequence[str] = ()) -> Content:
    """Read tables of a publication.

    Parameters
    ----------
    publication : StoredPublication
        The publication to export.
    table_names : sequence of str
        ``country_years`` or ``marts.country_years``; by default every table of marts and results except the two
        million dyad-years.

    Returns
    -------
    Content
        Tables in the order of their names.

    Raises
    ------
    WarehouseError
        If nothing is published, a table does not exist, a column cannot be exported, or the publication lacks what
        an export needs.
    """
    try:
        with open_published(publication) as connection:
            return _read(connection, table_names)
    except (duckdb.CatalogException, duckdb.BinderException, KeyError) as error:
        raise WarehouseError(
            "The publication's schema is incompatible with this version.",
            where=str(publication),
            expected="a publication of this version of the warehouse",
            found=f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0],
            next_step="Export it with the version that published it, or publish again with warehouse run.",
        ) from error


def _read(connection: duckdb.DuckDBPyConnection, table_names: Sequence[str]) -> Content:
    (publication,) = rows_as_dicts(connection.execute("from meta.publication"))
    publication["published_at"] = publication["published_at"].astimezone(UTC)
    known = {
        name: description.removeprefix(f"{publication['note']}. ")
        for name, description in described_tables(connection).items()
        if name.partition(".")[0] in EXPORTED
    }
    schemas = connection.execute("select schema_name from information_schema.schemata").fetchall()
    if absent := [schema for schema in EXPORTED if (schema,) not in schemas]:
        raise KeyError(f"schema {', '.join(absent)}")
    selected = {_find(name, known) for name in table_names} or known.keys() - {f"marts.{DYADS_TABLE}"}
    return Content(
        publication,
        rows_as_dicts(connection.execute("from meta.sources order by source, file")),
        tuple(_read_table(connection, name, description) for name, description in known.items() if name in selected),
    )


def _find(name: str, known: Collection[str]) -> str:
    found = [full_name for full_name in known if name in (full_name, full_name.split(".")[1])]
    if len(found) == 1:
        return found[0]
    near = get_close_matches(name, [*known, *(full_name.split(".")[1] for full_name in known)], n=1)
    raise WarehouseError(
        "Table not found." if not found else "Two tables have this name.",
        where="--table",
        expected=" or ".join(found) or "one of " + ", ".join(known),
        found=name,
        next_step=f"Did you mean {near[0]}?" if near and not found else "Pass one of these names as --table.",
    )


def _read_table(connection: duckdb.DuckDBPyConnection, full_name: str, description: str) -> Table:
    schema, name = full_name.split(".")
    rows = rows_as_dicts(
        connection.execute(
            "from meta.columns where table_schema = ? and table_name = ? order by position", [schema, name]
        )
    )
    unknown = [row["column_name"] for row in rows if row["data_type"] not in KINDS]
    if unknown:
        types = sorted({row["data_type"] for row in rows if row["column_name"] in unknown})
        raise _not_exportable(full_name, unknown, "one of the types " + ", ".join(KINDS), ", ".join(types))
    columns = tuple(
        Column(
            name=row["column_name"],
            kind=KINDS[row["data_type"]],
            **{field: row[field] for field in Column.__dataclass_fields__ if field not in ("name", "kind")},
        )
        for row in rows
    )
    listed = ", ".join(f'"{column.name}"' for column in columns)
    data = connection.execute(f"select {listed} from {full_name} order by all").to_arrow_table()
    numbers = [column.name for column in columns if column.kind == "number"]
    limit = pyarrow.scalar(TOO_LARGE)
    too_large = [n for n in numbers if compute.all(compute.less(compute.abs(data[n]), limit)).as_py() is False]
    if too_large:
        expected = f"finite numbers below {TOO_LARGE:g}, or NULL"
        raise _not_exportable(full_name, too_large, expected, "infinity, NaN or a larger number")
    key = TABLE_KEYS.get(full_name)
    names = {column.name for column in columns}
    primary_key = key.columns if key and key.is_primary and names.issuperset(key.columns) else ()
    return Table(schema, name, description, primary_key, columns, data)


def _not_exportable(full_name: str, columns: Sequence[str], expected: str, found: str) -> WarehouseError:
    return WarehouseError(
        "A column has values that not every export format supports.",
        where=", ".join(f"{full_name}.{column}" for column in columns),
        expected=expected,
        found=found,
        next_step="Pass other tables as --table, or correct the model of the column.",
    )
