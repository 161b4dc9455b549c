"""Assemble results.evidence from the analyses of what the finding rests on."""

from collections.abc import Callable

import pandas as pd

from analysis.core import tables
from analysis.core.panel import prepare
from analysis.core.specification import Model
from analysis.studies.evidence.confounding import confounding_rows
from analysis.studies.evidence.lags_and_leads import lag_and_lead_rows
from analysis.studies.evidence.measures import measure_rows
from analysis.studies.evidence.power import power_rows
from analysis.studies.evidence.rows import Rows
from analysis.studies.evidence.within_between import within_between_rows
from analysis.studies.evidence.year_dependence import year_dependence_rows
from analysis.studies.kimball import headline_model

ANALYSES: tuple[Callable[[pd.DataFrame, Model], Rows], ...] = (
    measure_rows,
    lag_and_lead_rows,
    within_between_rows,
    year_dependence_rows,
    power_rows,
    confounding_rows,
)


def evidence(panel: pd.DataFrame, is_synthetic: bool = False) -> pd.DataFrame:
    """Analyse what the finding of the headline model rests on.

    Parameters
    ----------
    panel : DataFrame
        One row per ``cow_code`` and ``year``, in any order.
    is_synthetic : bool, default False
        Whether the panel is the synthetic sample; written to the table.

    Returns
    -------
    DataFrame
        One row per check and term, columns as in ``tables.COLUMN_DOCS["evidence"]``. A check that cannot be made has
        one row, whose ``problem`` gives the reason.

    Raises
    ------
    AnalysisError
        If the panel has no valid key.
    """
    panel, model = prepare(panel), headline_model()
    rows = [row for analyse in ANALYSES for row in analyse(panel, model)]
    return tables.frame("evidence", rows, is_synthetic)
