"""Table of the checks behind the verdict."""

from typing import Any

import pandas

from analysis.reporting.verdict import figure_of, read_evidence
from analysis.studies.kimball import HEADLINE_MODEL
from analysis.studies.verdict import DECISIVE, NOT_RUN, SUPPORTING, judge
from orchestration.outputs.report.elements import PageTable, number


def verdict_table(frames: dict[str, pandas.DataFrame]) -> PageTable:
    """The checks of the verdict, what each found, and whether it holds.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Results tables.

    Returns
    -------
    PageTable
        One group for the decisive and one for the supporting checks; without rows if the headline model has no
        estimate.
    """
    model: dict[Any, Any] = frames["models"].set_index("model").loc[HEADLINE_MODEL].to_dict()
    evidence = read_evidence(frames)
    groups = []
    if evidence is not None:
        verdict = judge(evidence)
        groups = [
            (
                heading,
                [[name.capitalize(), figure_of(evidence, name) or NOT_RUN, verdict.outcomes[name]] for name in names],
            )
            for heading, names in (("Decisive checks", DECISIVE), ("Supporting checks", SUPPORTING))
        ]
    return PageTable(
        "verdict",
        "The checks of the verdict",
        f"n = {number(model['n'], 0)} state-years" if pandas.notna(model["n"]) else "n = 0 state-years",
        ["Check", "Found", "Outcome"],
        groups,
    )
