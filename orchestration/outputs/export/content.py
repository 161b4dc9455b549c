"""What is exported: tables of one publication with what the codebook says of them, read once and in a fixed order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC
from difflib import get_close_matches

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

# DuckDB type -> kind of value, in the words of the Data Package standard.
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

TOO_LARGE = 2.0**1023  # from here on Stata's doubles stand for missing values


@dataclass(frozen=True)
class Column:
    """One column as meta.columns has it; kind is a value of KINDS, years are None where the table has none."""

    name: str
    kind: str
    unit: str
    description: str
    source: str
    share_missing: float | None
    first_year: int | None
    last_year: int | None


@dataclass(frozen=True)
class Table:
    """One published table; key names its primary key, if it has one; data is in the order of its columns' values."""

    schema: str
    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    data: pyarrow.Table

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Content:
    """A publication's row of meta.publication, its rows of meta.sources, and the tables asked for."""

    publication: dict
    sources: list[dict]
    tables: tuple[Table, ...]

    @property
    def is_synthetic(self) -> bool:
        return self.publication["is_synthetic"]


def read_content(publication: StoredPublication, wanted: Sequence[str] = ()) -> Content:
    """The tables wanted (``country_years`` or ``marts.country_years``); all of marts and results if none is named, but
    for the two million dyad-years.

    Raises WarehouseError where nothing is published, a table is not there, or a column's type cannot be exported.
    """
    try:
        with open_published(publication) as connection:
            return _read(connection, wanted)
    except (duckdb.CatalogException, duckdb.BinderException, KeyError) as error:
        raise WarehouseError(
            "This publication lacks something that an export needs.",
            where=str(publication),
            expected="a publication of this version of the warehouse",
            found=f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0],
            next_step="export it with the version that made it, or publish anew with warehouse run",
        ) from error


def _read(connection: duckdb.DuckDBPyConnection, wanted: Sequence[str]) -> Content:
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
    asked = {_find(name, known) for name in wanted} or known.keys() - {f"marts.{DYADS_TABLE}"}
    return Content(
        publication,
        rows_as_dicts(connection.execute("from meta.sources order by source, file")),
        tuple(_read_table(connection, name, description) for name, description in known.items() if name in asked),
    )


def _find(name: str, known: Collection[str]) -> str:
    found = [full_name for full_name in known if name in (full_name, full_name.split(".")[1])]
    if len(found) == 1:
        return found[0]
    near = get_close_matches(name, [*known, *(full_name.split(".")[1] for full_name in known)], n=1)
    raise WarehouseError(
        "There is no such table to export." if not found else "Two tables have this name.",
        where=name,
        expected=" or ".join(found) or "one of " + ", ".join(known),
        found=f"no {name}" if not found else "no schema",
        next_step=f"did you mean {near[0]}?" if near and not found else "name one of these with --table",
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
        raise _unfit(full_name, unknown, "a type among " + ", ".join(KINDS))
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
    too_large = [n for n in numbers if compute.all(compute.less(compute.abs(data[n]), TOO_LARGE)).as_py() is False]
    if too_large:
        raise _unfit(full_name, too_large, f"finite numbers below {TOO_LARGE:g}, and NULL where there is none")
    key = TABLE_KEYS.get(full_name)
    is_keyed = key is not None and key.is_primary and set(key.columns) <= {column.name for column in columns}
    return Table(schema, name, description, key.columns if is_keyed else (), columns, data)


def _unfit(full_name: str, columns: Sequence[str], expected: str) -> WarehouseError:
    return WarehouseError(
        "A column has values that not every exported format can hold.",
        where=", ".join(f"{full_name}.{column}" for column in columns),
        expected=expected,
        next_step="name other tables with --table, or mend the model that makes the column",
    )
