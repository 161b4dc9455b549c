"""What the report is made from: the frames and the records of one publication."""

from dataclasses import dataclass

import pandas

from orchestration.core.database import rows_as_dicts
from orchestration.core.errors import WarehouseError
from orchestration.modelling.result_tables import ESTIMATE_TABLES
from orchestration.outputs.presentation import DRAWN_MARTS, published_frames
from orchestration.query.run import open_published
from orchestration.store.protocol import StoredPublication


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


def read(publication: StoredPublication) -> Reading:
    """Everything through one connection, so that it is of one publication even if a refresh replaces it meanwhile.

    WarehouseError where nothing is published, or by a version of the warehouse whose tables this one does not know.
    """
    with open_published(publication) as connection:
        found = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        wanted = {f"results.{name}" for name in ESTIMATE_TABLES} | {f"marts.{name}" for name in DRAWN_MARTS}
        missing = sorted(wanted - {name for (name,) in found})
        if missing:
            raise WarehouseError(
                "The report cannot be made of this publication.",
                where=str(publication),
                expected="the tables of this version of the warehouse",
                found=f"without {', '.join(missing)}",
                next_step="warehouse run, then warehouse report",
            )
        return Reading(
            published_frames(connection),
            rows_as_dicts(connection.execute("from meta.publication"))[0],
            rows_as_dicts(connection.execute("from meta.sources order by source, file")),
            rows_as_dicts(connection.execute("from meta.checks order by check_name")),
            rows_as_dicts(
                connection.execute("from meta.columns where table_schema = 'marts' order by table_name, position")
            ),
        )
