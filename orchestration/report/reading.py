"""What the report is made from: the frames and the records of one published file."""

from dataclasses import dataclass
from pathlib import Path

import pandas

from orchestration.codebook import ESTIMATE_TABLES
from orchestration.errors import WarehouseError
from orchestration.presentation import DRAWN_MARTS, published_frames
from orchestration.publication import published_tables
from orchestration.query import rows_of


@dataclass(frozen=True)
class Reading:
    """frames: results tables, country_years and coverage, by name; the rest: rows of meta as records."""

    frames: dict[str, pandas.DataFrame]
    publication: dict
    sources: list[dict]
    checks: list[dict]
    columns: list[dict]

    @property
    def is_synthetic(self) -> bool:
        return self.publication["is_synthetic"]


def read(path: Path) -> Reading:
    """WarehouseError where nothing is published, or by a version of the warehouse whose tables this one does not know."""
    (publication,) = rows_of(path, "from meta.publication")
    wanted = {f"results.{name}" for name in ESTIMATE_TABLES} | {f"marts.{name}" for name in DRAWN_MARTS}
    missing = sorted(wanted - published_tables(path))
    if missing:
        raise WarehouseError(
            "The report cannot be made of this publication.",
            where=str(path),
            expected="the tables of this version of the warehouse",
            found=f"without {', '.join(missing)}",
            next_step="warehouse run, then warehouse report",
        )
    return Reading(
        published_frames(path),
        publication,
        rows_of(path, "from meta.sources order by source, file"),
        rows_of(path, "from meta.checks order by check_name"),
        rows_of(path, "from meta.columns where table_schema = 'marts' order by table_name, position"),
    )
