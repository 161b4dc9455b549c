"""From the mart in build.duckdb to data/results/<table>.parquet: the one place where analysis meets the warehouse."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import pandas
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from orchestration.build.fingerprint import code_fingerprint
from orchestration.core.files import write_atomically
from orchestration.core.settings import Settings
from orchestration.modelling.result_tables import RESULT_TABLES
from orchestration.modelling.workers import estimation_workers
from orchestration.store import open_store

MADE_FROM = b"made_from"
JOBS = 2


@dataclass(frozen=True)
class Mart:
    """marts.country_years as a frame, and the sha256 of its content in the order of its key."""

    panel: pandas.DataFrame
    fingerprint: str


def read_mart(settings: Settings) -> Mart:
    with open_store(settings).attached_build() as connection:
        table = connection.execute("from build.marts.country_years order by cow_code, year").to_arrow_table()
    # Over the values as text: the bytes of an Arrow table depend on what lies under its nulls.
    sink = pyarrow.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink)
    return Mart(table.to_pandas(), hashlib.sha256(sink.getvalue()).hexdigest())


def estimate_models(settings: Settings, progress: Callable[[str], None]) -> dict[str, pandas.DataFrame]:
    """Fit Kimball's probits on the mart and the published models on their own file; write and return their tables."""
    from analysis.studies.allen_digiuseppe import replicate
    from analysis.studies.estimation import estimate
    from analysis.studies.kimball import KIMBALL_2010

    mart = read_mart(settings)
    frames = estimate(
        mart.panel,
        KIMBALL_2010,
        mart.fingerprint,
        settings.is_synthetic,
        progress=lambda done, total, name: progress(f"model {done} of {total}: {name}"),
    )
    published = pandas.read_parquet(settings.raw_dir / "allen_digiuseppe_2013.parquet")
    published = published.drop(columns=[name for name in published if name.startswith("_")])
    return _write(settings, frames | {"replications": replicate(published, settings.is_synthetic)}, mart)


def infer(settings: Settings, step: str) -> dict[str, pandas.DataFrame]:
    """One step of the inference that takes minutes, by its name in codebook.INFERENCE_TABLES; write and return its tables."""
    from analysis.studies.robustness import robustness
    from analysis.studies.specification_curve import specification_curve
    from analysis.studies.validation import validate

    mart = read_mart(settings)
    steps: dict[str, Callable[[], dict[str, pandas.DataFrame]]] = {
        "specification_curve": lambda: specification_curve(mart.panel, settings.is_synthetic, JOBS),
        "robustness": lambda: {"robustness": robustness(mart.panel, settings.is_synthetic)},
        "validation": lambda: validate(mart.panel, settings.is_synthetic, JOBS),
    }
    with estimation_workers(settings):
        frames = steps[step]()
    return _write(settings, frames, mart)


def tables_of_mart(settings: Settings, fingerprint: str) -> tuple[str, ...]:
    """The results tables on disk that were made from the mart with this fingerprint, by analysis as it is now."""
    wanted = _made_from(fingerprint)
    return tuple(table for table in RESULT_TABLES if _made_from_on_disk(settings, table) == wanted)


def _made_from(mart_fingerprint: str) -> bytes:
    return f"{mart_fingerprint}/{code_fingerprint('analysis')}".encode()


def _made_from_on_disk(settings: Settings, table: str) -> bytes | None:
    """What a whole file says of itself; None where it is not there or any page in it is damaged."""
    try:
        path = settings.results_dir / f"{table}.parquet"
        schema = pyarrow.parquet.read_table(path, page_checksum_verification=True).schema
    except (OSError, pyarrow.ArrowException):
        return None
    return (schema.metadata or {}).get(MADE_FROM)


def _write(settings: Settings, frames: dict[str, pandas.DataFrame], mart: Mart) -> dict[str, pandas.DataFrame]:
    """Each file is replaced whole or not at all, and says from which mart and by which code it was made."""
    made_from = _made_from(mart.fingerprint)
    for name, frame in frames.items():
        table = pyarrow.Table.from_pandas(frame, preserve_index=False)
        metadata = (table.schema.metadata or {}) | {MADE_FROM: made_from}
        with write_atomically(settings.results_dir / f"{name}.parquet") as stream:
            pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), stream, write_page_checksum=True)
    return frames
