"""Table and sentence of the multilevel Bayesian probit."""

from typing import Any

import pandas

from analysis.studies.evidence.power import SMALLEST_EFFECT
from analysis.studies.kimball import ROSE
from analysis.studies.multilevel import AVERAGE_EFFECT, COEFFICIENT, COUNTS, CROSSED, CROSSED_WITHIN, POOLED
from orchestration.outputs.report.elements import PageTable, number, span

MODELS = {
    POOLED: "Nothing varies, flat priors (the published probit)",
    CROSSED: "Effects of states and years, rise varies by state",
    CROSSED_WITHIN: "The same with state means: years of the same state",
}


def multilevel_table(frame: pandas.DataFrame, checks: pandas.DataFrame) -> PageTable:
    """The posterior of the rise of infant mortality, and counts in data drawn from each model.

    Parameters
    ----------
    frame : DataFrame
        results.multilevel.
    checks : DataFrame
        results.multilevel_checks.

    Returns
    -------
    PageTable
        One group per model.
    """
    groups = []
    for model, label in MODELS.items():
        of_model, of_checks = frame[frame["model"].eq(model)], checks[checks["model"].eq(model)]
        effect = of_model[of_model["quantity"].eq(AVERAGE_EFFECT)].to_dict("records")
        rise = of_model[of_model["quantity"].eq(COEFFICIENT) & of_model["term"].eq(ROSE)].to_dict("records")
        rows = [_cells("Coefficient of a rise", row, 1, 4) for row in rise]
        rows += [_cells("Average effect of a rise, points", row, 100, 2) for row in effect]
        for row in of_checks[of_checks["check"].isin(COUNTS)].to_dict("records"):
            median, interval = number(row["posterior_median"], 0), span(row["posterior_low"], row["posterior_high"], 0)
            rows.append(
                [f"{row['check'].capitalize()}, data {number(row['observed'], 0)}", median, interval, "", "", ""]
            )
        groups.append((label, rows))
    n, events = (int(frame[name].fillna(0).max()) for name in ("n", "events"))
    meta = frame.iloc[0]
    problems = frame.loc[frame["problem"].notna(), ["model", "problem"]].drop_duplicates()
    notes = [
        f"{meta['chains']} chains of {meta['draws']:,} draws after {meta['warm_up']:,}; largest R-hat"
        f" {number(frame['r_hat'].max(), 3)}, {int(frame['divergences'].fillna(0).max())} divergences."
        " Counts: median and 95% interval of data drawn from the fitted model, beside the count in the data."
        f" Above {100 * SMALLEST_EFFECT:g} point: posterior probability of an effect above the smallest of interest.",
        *[f"{model}: {problem}." for model, problem in problems.itertuples(index=False)],
    ]
    return PageTable(
        "multilevel",
        "The headline model as a multilevel Bayesian probit",
        f"n = {n:,} state-years, {events:,} formations",
        ["Quantity", "Mean or median", "95% interval", "Above 0", f"Above {100 * SMALLEST_EFFECT:g} point", "R-hat"],
        [(label, rows) for label, rows in groups if rows],
        " ".join(notes),
    )


def multilevel_sentence(frame: pandas.DataFrame) -> str:
    """Say how probable an effect of the size of interest is, without and with differences between states.

    Parameters
    ----------
    frame : DataFrame
        results.multilevel.

    Returns
    -------
    str
        Empty if a model failed or did not converge.
    """
    sound = frame[frame["quantity"].eq(AVERAGE_EFFECT) & frame["problem"].isna()]
    effects = {row["model"]: row for row in sound.to_dict("records")}
    if not {CROSSED, CROSSED_WITHIN} <= set(effects):
        return ""
    crossed, within = effects[CROSSED], effects[CROSSED_WITHIN]
    return (
        f"With effects of states and years, the probability that a rise of infant mortality adds more than"
        f" {100 * SMALLEST_EFFECT:g} percentage point is {crossed['probability_of_interest']:.0%} (effect"
        f" {number(100 * crossed['mean'], 2)} points, 95% interval {_points(crossed)}); if only years of the same state"
        f" are compared, it is {within['probability_of_interest']:.0%} ({number(100 * within['mean'], 2)} points,"
        f" {_points(within)})."
    )


def _points(row: dict[Any, Any]) -> str:
    return span(100 * row["conf_low"], 100 * row["conf_high"], 2)


def _cells(label: str, row: dict[Any, Any], scale: float, digits: int) -> list[str]:
    of_interest = row["probability_of_interest"]
    return [
        label,
        number(scale * row["mean"], digits),
        span(scale * row["conf_low"], scale * row["conf_high"], digits),
        number(row["probability_positive"], 3),
        number(of_interest, 3) if pandas.notna(of_interest) else "",
        number(row["r_hat"], 3),
    ]
