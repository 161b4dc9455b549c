"""What the report is made from: the frames and the records of one publication."""

from dataclasses import dataclass

import duckdb
import pandas

from orchestration.core.errors import WarehouseError
from orchestration.outputs.presentation import DRAWN_MARTS, published_frames
from orchestration.publication.codebook import ESTIMATE_TABLES
from orchestration.query.run import Published, open_published


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


def read(place: Published) -> Reading:
    """Everything through one connection, so that it is of one publication even if the next is put in place meanwhile.

    WarehouseError where nothing is published, or by a version of the warehouse whose tables this one does not know.
    """
    with open_published(place) as connection:
        found = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        wanted = {f"results.{name}" for name in ESTIMATE_TABLES} | {f"marts.{name}" for name in DRAWN_MARTS}
        missing = sorted(wanted - {name for (name,) in found})
        if missing:
            raise WarehouseError(
                "The report cannot be made of this publication.",
                where=str(place),
                expected="the tables of this version of the warehouse",
                found=f"without {', '.join(missing)}",
                next_step="warehouse run, then warehouse report",
            )
        return Reading(
            published_frames(connection),
            _records(connection, "from meta.publication")[0],
            _records(connection, "from meta.sources order by source, file"),
            _records(connection, "from meta.checks order by check_name"),
            _records(connection, "from meta.columns where table_schema = 'marts' order by table_name, position"),
        )


def _records(connection: duckdb.DuckDBPyConnection, statement: str) -> list[dict]:
    result = connection.execute(statement)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
