"""Read the dyad-years that the study of pairs of states needs."""

from dataclasses import dataclass

import duckdb
import pandas

from orchestration.core.settings import Settings
from orchestration.modelling.content_hash import content_hash
from orchestration.store import open_store


@dataclass(frozen=True)
class DyadYears:
    """Undirected dyad-years of the build.

    Attributes
    ----------
    frame : pandas.DataFrame
        The columns of marts.dyad_years that the study reads, each dyad once, in the order of the key.
    fingerprint : str
        sha256 of their content.
    """

    frame: pandas.DataFrame
    fingerprint: str


def read_dyad_years(settings: Settings) -> DyadYears | None:
    """Read marts.dyad_years from the build; None if the build does not have it.

    Parameters
    ----------
    settings : Settings
        With the data folder or the lake.

    Returns
    -------
    DyadYears or None
        The dyad-years and their fingerprint.
    """
    from analysis.studies.evidence.dyads import DYAD_COLUMNS

    query = (
        f"select {', '.join(DYAD_COLUMNS)} from build.marts.dyad_years where cow_code < partner_code"
        " order by cow_code, partner_code, year"
    )
    with open_store(settings).attached_build() as connection:
        try:
            table = connection.execute(query).to_arrow_table()
        except duckdb.CatalogException:
            return None
    return DyadYears(table.to_pandas(), content_hash(table))
