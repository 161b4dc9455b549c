"""A small contract and the real raw tables, for the tests of ingest."""

from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import Catalog, load_catalog
from orchestration.ingest.readers import read_table
from orchestration.ingest.records import RawTable


def small_table(**changes) -> RawTable:
    """A contract like that of the capability data, with some fields changed."""
    record = {
        "name": "small",
        "description": "Iron and steel by state-year.",
        "format": "csv",
        "encoding": "utf-8",
        "columns": {"name": "text", "ccode": "integer", "year": "integer", "steel": "number"},
        "key": ["ccode", "year"],
        "ranges": {"year": [1816, 2016]},
        "missing_codes": [{"codes": [-9], "columns": ["steel"]}],
        "membership_key": ["ccode", "year"],
    }
    merged = {field: value for field, value in (record | changes).items() if value is not None}
    return RawTable.model_validate(merged)


@cache
def catalog() -> Catalog:
    return load_catalog(SOURCES_DIR)


@cache
def real_table(name: str, mirror: Path) -> pa.Table:
    entry = catalog().raw_tables[name]
    if not (mirror / entry.source.name / entry.file.file).is_file():
        pytest.skip(f"not in the mirror: {entry.source.name}/{entry.file.file}")
    return read_table(entry.table, mirror / entry.source.name / entry.file.file)
