"""Table of what the headline finding rests on."""

from typing import Any

import pandas

from analysis.design.effects import STATE_MEAN
from analysis.reporting.regression_tables import term_label
from analysis.studies.evidence.power import SMALLEST_EFFECT
from analysis.studies.evidence.rows import COEFFICIENT, JOINT_TEST
from analysis.studies.evidence.year_dependence import CHECK as BY_YEAR
from analysis.studies.kimball import HEADLINE_MODEL, RATE, ROSE
from orchestration.outputs.report.elements import PageTable, number, p_value, span


def evidence_table(frame: pandas.DataFrame, left_out: pandas.DataFrame | None) -> PageTable:
    """One row for each check of what the finding rests on; parts left out are summarized in the notes.

    Parameters
    ----------
    frame : DataFrame
        results.evidence.
    left_out : DataFrame or None
        results.leave_out; None if the publication does not have it.

    Returns
    -------
    PageTable
        One group for each group of checks. Rows of the level of mortality are left out.
    """
    shown = frame[~frame["term"].isin([RATE, RATE + STATE_MEAN])]
    groups = [
        (str(check).capitalize(), [_cells(row, of_check) for row in of_check.to_dict("records")])
        for check, of_check in shown.groupby("check", sort=False)
    ]
    n, events = (int(frame[name].fillna(0).max()) for name in ("n", "events"))
    notes = [
        "Coefficients of a rise of infant mortality unless the row names another term; effects, shares and coefficients"
        " of the linear probability model in probability. Clustered by state unless the row names other errors.",
        f"Smallest effect of interest: {100 * SMALLEST_EFFECT:g} percentage point, beside {events / max(n, 1):.1%} of"
        " the state-years with a formation; the interval of the equivalence test covers 90%.",
        *[f"{problem}." for problem in shown["problem"].dropna().unique()],
        *([] if left_out is None else _left_out_notes(left_out)),
    ]
    return PageTable(
        "evidence",
        f"What the finding of {HEADLINE_MODEL} rests on",
        f"n = {n:,} state-years, {events:,} formations",
        ["Check", "Estimate", "95% interval", "z or F", "p", "n"],
        groups,
        " ".join(notes),
    )


def _cells(row: dict[Any, Any], of_check: pandas.DataFrame) -> list[str]:
    label = str(row["detail"])
    if row["check"] == BY_YEAR and isinstance(row["covariance"], str):
        label = f"{row['covariance'].replace('_', ' ')}, {label}"
    alike = of_check[of_check["detail"].eq(row["detail"]) & of_check["quantity"].eq(row["quantity"])]
    if isinstance(row["term"], str) and alike["term"].nunique() > 1:
        label += f": {term_label(row['term'])}"
    if isinstance(row["quantity"], str) and row["quantity"] not in (COEFFICIENT, JOINT_TEST):
        label = f"{row['quantity']}, {label}"
    return [
        label,
        *(number(row["estimate"], 4), span(row["conf_low"], row["conf_high"], 4)),
        *(number(row["statistic"], 2), p_value(row["p_value"]), number(row["n"], 0)),
    ]


def _left_out_notes(left_out: pandas.DataFrame) -> list[str]:
    """Range of the coefficient of the rise without each year, and without each treaty."""
    notes = []
    fitted = left_out[left_out["term"].eq(ROSE) & left_out["estimate"].notna()]
    for kind, rows in fitted.groupby("left_out", sort=False):
        ordered = rows.sort_values("estimate", kind="stable").to_dict("records")
        low, high = (
            f"{number(row['estimate'], 4)} (p {p_value(row['p_value'])}, without {row['identifier']})"
            for row in (ordered[0], ordered[-1])
        )
        notes.append(f"Without {kind} at a time ({len(rows):,} fits): from {low} to {high}.")
    return notes
