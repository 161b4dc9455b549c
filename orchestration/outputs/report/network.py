"""Table of formation by pairs of states."""

import pandas

from analysis.studies.evidence.dyads import summed
from analysis.studies.kimball import ROSE
from orchestration.outputs.report.elements import PageTable, number, p_value, span

MODELS = {
    "dyads/military": "Any military treaty",
    "dyads/military/within_dyads": "Any military treaty, years of the same pair compared",
    "dyads/military/decades": "Any military treaty, effects of decades",
    "dyads/military_bilateral": "Treaties of two members",
    "dyads/military_bilateral/within_dyads": "Treaties of two members, years of the same pair compared",
    "dyads/military_bilateral/decades": "Treaties of two members, effects of decades",
}
ERRORS = {
    "cluster_dyad": "by pair",
    "cluster_treaty": "by treaty",
    "cluster_year": "by year",
    "cluster_members": "two-way by first and second member",
    "dyadic_robust": "dyadic-robust",
}


def network_table(frame: pandas.DataFrame) -> PageTable:
    """The coefficient of a rise of infant mortality in one member, with each kind of errors.

    Parameters
    ----------
    frame : DataFrame
        results.network.

    Returns
    -------
    PageTable
        One group per model.
    """
    shown = frame[frame["term"].eq(summed(ROSE))]
    groups = [(label, _rows(shown[shown["model"].eq(model)])) for model, label in MODELS.items()]
    failed = frame.loc[frame["estimate"].isna(), ["model", "problem"]].drop_duplicates()
    repaired = shown["problem"].str.contains("repaired", na=False)
    notes = [
        "Probit coefficients of the number of members in which infant mortality rose, beside its level, capabilities,"
        " rivals and W/S of both, contiguity, rivalry of the two, whether they were allied in the year before, and the"
        " time since. By pair: only the years of a pair depend on each other. Dyadic-robust: so do all rows of pairs"
        " with a common member (Aronow, Samii and Assenova 2015).",
        *(["Some two-way and dyadic matrices were repaired to be positive semi-definite."] if repaired.any() else []),
        *[f"{model}: {problem}." for model, problem in failed.itertuples(index=False)],
    ]
    n, events, dyads, states = (int(frame[name].fillna(0).max()) for name in ("n", "events", "dyads", "states"))
    return PageTable(
        "network",
        "Formation by pairs of states",
        f"n = {n:,} pairs and years, {events:,} formations, {dyads:,} pairs of {states:,} states",
        ["Errors", "Estimate", "Std. error", "95% interval", "p", "Clusters"],
        [(label, rows) for label, rows in groups if rows],
        " ".join(notes),
    )


def _rows(of_model: pandas.DataFrame) -> list[list[str]]:
    return [
        [
            ERRORS[row["covariance"]],
            *(number(row["estimate"], 4), number(row["std_error"], 4), span(row["conf_low"], row["conf_high"], 4)),
            *(p_value(row["p_value"]), number(row["clusters"], 0)),
        ]
        for row in of_model.to_dict("records")
    ]
