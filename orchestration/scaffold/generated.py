"""Files that follow from the source records: the missing codes that dbt removes, and the JSON schema for editors."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.core.files import write_atomically
from orchestration.ingest.catalog import load_catalog, parse_source
from orchestration.ingest.records import RawTable, Source
from orchestration.scaffold.names import jinja_string

HEAD = """\
{# Written by `warehouse sources sync` from missing_codes in the source records; change it there. Numbers by which a
   publisher marks a missing value, by raw table and column; to_double, to_integer and to_boolean turn them into NULL.
   Codes of earlier versions are included. #}
{% macro missing_codes(raw_table, column) -%}
    {{ return({
"""
TAIL = """
    }.get(raw_table, {}).get(column, [])) }}
{%- endmacro %}
"""
YEAR_COLUMNS = "year_columns"  # stands for the columns named by year in the macro missing_codes


def generated_files(catalog_dir: Path, dbt_project: Path, new: Iterable[RawTable] = ()) -> dict[Path, str]:
    """Make the generated files.

    Parameters
    ----------
    catalog_dir : Path
        Folder of the source records; its folder ``earlier`` has records of earlier versions, which can be used again.
    dbt_project : Path
        Folder of the dbt project.
    new : iterable of RawTable
        Further tables, whose record is not valid yet.

    Returns
    -------
    dict of Path to str
        Path to text.

    Raises
    ------
    WarehouseError
        If a record is not valid.
    """
    tables = [entry.table for entry in load_catalog(catalog_dir).raw_tables.values()]
    for path in sorted((catalog_dir / "earlier").glob("*.yml")):
        tables += [
            table for file in parse_source(path.read_text(encoding="utf-8"), path).files for table in file.tables
        ]
    return {
        catalog_dir / "schema.json": record_schema(),
        dbt_project / "macros" / "missing_codes.sql": missing_codes_macro([*tables, *new]),
    }


def write_generated(catalog_dir: Path, dbt_project: Path, new: Iterable[RawTable] = ()) -> list[Path]:
    """Write the generated files that are not current.

    Parameters
    ----------
    catalog_dir : Path
        Folder of the source records.
    dbt_project : Path
        Folder of the dbt project.
    new : iterable of RawTable
        Further tables, which are not in a record yet.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    WarehouseError
        If a record is not valid, or a file cannot be written.
    """
    written = []
    for path, text in generated_files(catalog_dir, dbt_project, new).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            with write_atomically(path) as stream:
                stream.write(text.encode())
            written.append(path)
    return written


@contextmanager
def removing_codes_of(catalog_dir: Path, dbt_project: Path, tables: Iterable[RawTable]) -> Iterator[None]:
    """Let dbt also remove the missing codes of tables that may be recorded; afterwards, those of the records alone.

    Parameters
    ----------
    catalog_dir : Path
        Folder of the source records.
    dbt_project : Path
        Folder of the dbt project.
    tables : iterable of RawTable
        The tables.

    Raises
    ------
    WarehouseError
        If a record is not valid, or a file cannot be written.
    """
    write_generated(catalog_dir, dbt_project, tables)
    try:
        yield
    finally:
        load_catalog.cache_clear()  # a record may have changed
        write_generated(catalog_dir, dbt_project)


def record_schema() -> str:
    """Make the JSON schema of a source record.

    Returns
    -------
    str
        JSON, from the models in `orchestration.ingest.records`.
    """
    return json.dumps(Source.model_json_schema(), indent=2) + "\n"


def missing_codes_macro(tables: Iterable[RawTable]) -> str:
    """Write the macro that looks up the missing codes of a column.

    Parameters
    ----------
    tables : iterable of RawTable
        Contracts; of two with one name, both count, because an earlier version of a source can be used again.

    Returns
    -------
    str
        SQL with Jinja.
    """
    codes: dict[str, dict[str, set[int]]] = {}
    for table in tables:
        for group in table.missing_codes:
            for column in group.columns:
                name = column if column in table.named_columns else YEAR_COLUMNS
                codes.setdefault(table.name, {}).setdefault(name, set()).update(group.codes)
    lines = []
    for table_name, columns in sorted(codes.items()):
        lines.append(f"        {jinja_string(table_name)}: {{")
        for column, numbers in sorted(columns.items()):
            listed = ", ".join(map(str, sorted(numbers, key=abs)))
            lines.append(f"            {jinja_string(column)}: [{listed}],")
        lines.append("        },")
    return HEAD + "\n".join(lines) + TAIL
