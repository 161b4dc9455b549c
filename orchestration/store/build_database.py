"""The one way to read what dbt built: build.duckdb, or the build in the lake where the settings name one."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from orchestration.core.settings import Settings


@contextmanager
def attached_build(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory with the build attached as ``build``, to read only.

    Raises duckdb.Error where there is no build, WarehouseError where the lake cannot be reached.
    """
    if settings.lake_address:
        from orchestration.store.lake.catalogue import BUILD, attached

        with attached(settings, BUILD, "build") as connection:
            yield connection
        return
    with duckdb.connect(":memory:") as connection:
        path = str(settings.build_path).replace("'", "''")
        connection.execute(f"attach '{path}' as build (read_only)")
        yield connection


def begin_build(settings: Settings) -> None:
    """A whole build starts from nothing, so that nothing of an older schema, or of a killed run, can survive in it."""
    if settings.lake_address:
        from orchestration.store.lake import build

        build.begin_build(settings)
        return
    settings.build_path.unlink(missing_ok=True)
    settings.build_path.with_suffix(".duckdb.wal").unlink(missing_ok=True)
