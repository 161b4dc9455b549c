"""From the mart in build.duckdb to data/results/<table>.parquet: the one place where analysis meets the warehouse."""

import hashlib
import os
from collections.abc import Callable

import duckdb
import pandas
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from orchestration.settings import Settings


def mart_fingerprint(settings: Settings) -> str:
    """sha256 of the content of marts.country_years in the order of its key: equal means the same mart."""
    return _fingerprint(_read_mart(settings))


def fit_and_write(settings: Settings, progress: Callable[[str], None]) -> dict[str, pandas.DataFrame]:
    """Fit every registered model on the mart and write the results tables; each file is replaced whole or not at all."""
    from analysis.estimation import estimate
    from analysis.kimball import KIMBALL_2010

    mart = _read_mart(settings)
    frames = estimate(
        mart.to_pandas(),
        KIMBALL_2010,
        _fingerprint(mart),
        settings.is_synthetic,
        progress=lambda done, total, name: progress(f"model {done} of {total}: {name}"),
    )
    settings.results_dir.mkdir(parents=True, exist_ok=True)
    for table, frame in frames.items():
        path = settings.results_dir / f"{table}.parquet"
        scratch = path.with_suffix(".partial")
        pyarrow.parquet.write_table(pyarrow.Table.from_pandas(frame, preserve_index=False), scratch)
        os.replace(scratch, path)
    return frames


def _read_mart(settings: Settings) -> pyarrow.Table:
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"attach '{settings.build_path}' as build (read_only)")
        return connection.execute("from build.marts.country_years order by cow_code, year").to_arrow_table()
    finally:
        connection.close()


def _fingerprint(mart: pyarrow.Table) -> str:
    """Over the values as text: the bytes of an Arrow table depend on what lies under its nulls."""
    sink = pyarrow.BufferOutputStream()
    pyarrow.csv.write_csv(mart, sink)
    return hashlib.sha256(sink.getvalue()).hexdigest()
