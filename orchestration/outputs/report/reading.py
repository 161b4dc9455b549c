"""Read what the report shows: frames and records of one publication."""

from dataclasses import dataclass
from typing import Any

import pandas

from orchestration.core.database import rows_as_dicts
from orchestration.core.errors import WarehouseError
from orchestration.modelling.result_tables import ESTIMATE_TABLES
from orchestration.outputs.presentation import DRAWN_MARTS, published_frames
from orchestration.query.run import open_published
from orchestration.store.protocol import StoredPublication


@dataclass(frozen=True)
class Reading:
    """What the report shows.

    Attributes
    ----------
    frames : dict of str to DataFrame
        Results tables, country_years and coverage, by name.
    publication : dict
        Row of meta.publication.
    sources, checks, columns : list of dict
        Rows of these tables of meta; columns of marts only.
    """

    frames: dict[str, pandas.DataFrame]
    publication: dict[str, Any]
    sources: list[dict[str, Any]]
    checks: list[dict[str, Any]]
    columns: list[dict[str, Any]]

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are the synthetic sample."""
        return bool(self.publication["is_synthetic"])


def read(publication: StoredPublication) -> Reading:
    """Read a publication through one connection, so that a refresh in the meantime has no effect.

    Parameters
    ----------
    publication : StoredPublication
        The publication.

    Returns
    -------
    Reading
        What the report shows.

    Raises
    ------
    WarehouseError
        If nothing is published, or the publication lacks a table.
    """
    with open_published(publication) as connection:
        found = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        required = {f"results.{name}" for name in ESTIMATE_TABLES} | {f"marts.{name}" for name in DRAWN_MARTS}
        missing = sorted(required - {name for (name,) in found})
        if missing:
            raise WarehouseError(
                "The publication's schema is incompatible with this version.",
                where=str(publication),
                expected="the tables of this version of the warehouse",
                found=f"no {', '.join(missing)}",
                next_step="Publish again with warehouse run, then run warehouse report.",
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
