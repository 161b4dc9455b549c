"""Tables of the page, made from the results tables."""

from collections.abc import Callable, Iterator

import pandas

from analysis.reporting.regression_tables import UNCERTAINTY, regression_table, table_groups, term_label
from analysis.studies.kimball import HEADLINE_MODEL, MORTALITY
from analysis.studies.robustness import LEFT_OUT
from analysis.studies.validation import DIFFERENCE, TIME_ONLY, WITH, WITHOUT
from orchestration.outputs.presentation import named
from orchestration.outputs.report.crosswalk import crosswalk_table
from orchestration.outputs.report.elements import PageTable, number, p_value, span, state_years
from orchestration.outputs.report.evidence import evidence_table
from orchestration.outputs.report.multilevel import multilevel_table
from orchestration.outputs.report.multiverse import curve_tests_table, multiverse_table
from orchestration.outputs.report.network import network_table
from orchestration.outputs.report.reading import Reading
from orchestration.outputs.report.verdict import verdict_table

SCORES = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "log_score": "Log score",
}
Frames = dict[str, pandas.DataFrame]
MISSING = "—"


def page_tables(reading: Reading) -> Iterator[PageTable]:
    """Make every table of the page; those of the inference only if the publication has its results.

    Parameters
    ----------
    reading : Reading
        The publication.

    Yields
    ------
    PageTable
        In no particular order; the template chooses by name.

    Raises
    ------
    WarehouseError
        If a table cannot be made or has no n; the error names it.
    """
    frames = reading.frames
    makers: dict[str, Callable[[], PageTable]] = {
        "verdict": lambda: verdict_table(frames),
        "headline": lambda: headline_table(frames),
        "covariances": lambda: covariance_table(frames),
        "crosswalk": lambda: crosswalk_table(frames),
        "evidence": lambda: evidence_table(frames["evidence"], frames.get("leave_out")),
        "spans": lambda: spans_table(reading),
    }
    if "specification_tests" in frames:
        makers["specification_tests"] = lambda: curve_tests_table(frames)
        makers["multiverse"] = lambda: multiverse_table(frames)
    if "validation" in frames:
        makers["validation"] = lambda: validation_table(frames["validation"])
    if "robustness" in frames:
        makers["robustness"] = lambda: robustness_table(frames["robustness"])
    if "network" in frames:
        makers["network"] = lambda: network_table(frames["network"])
    if "multilevel" in frames:
        makers["multilevel"] = lambda: multilevel_table(frames["multilevel"], frames["multilevel_checks"])
    for name, make in makers.items():
        with named("table", name):
            table = make()
        yield table


def headline_table(frames: Frames) -> PageTable:
    """The regression table with the headline model, as in data/publication/tables.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Results tables.

    Returns
    -------
    PageTable
        Two groups of rows: coefficients, and sizes of the models.
    """
    models = frames["models"]
    members = next((names for names in table_groups(models).values() if HEADLINE_MODEL in names), [HEADLINE_MODEL])
    table = regression_table(models, frames["coefficients"], members)
    rows = [
        [label or table.below, *(cell.replace("-", "−") for cell in cells)]
        for label, cells in zip(table.cells.index, table.cells.to_numpy().tolist(), strict=True)
    ]
    sizes = models.set_index("model")["n"].reindex(members).dropna()
    head, groups = ["Term", *table.cells.columns], [("", rows[: -table.n_size_rows]), ("", rows[-table.n_size_rows :])]
    return PageTable("headline", table.caption, state_years(sizes), head, groups, table.note, table.below)


def covariance_table(frames: Frames) -> PageTable:
    """The mortality terms of the headline model with every covariance, and their average marginal effects.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Results tables.

    Returns
    -------
    PageTable
        One group for each term, one row for each covariance.
    """
    coefficients, effects = (
        frames[name][(frames[name]["model"] == HEADLINE_MODEL) & frames[name]["term"].isin(MORTALITY)]
        for name in ("coefficients", "marginal_effects")
    )
    model = frames["models"].set_index("model").loc[HEADLINE_MODEL]
    effect_of = {(row["term"], row["covariance"]): row for row in effects.to_dict("records")}
    order = {name: position for position, name in enumerate(UNCERTAINTY)}
    coefficients = coefficients.sort_values(
        ["term", "covariance"],
        key=lambda column: column.map(order).fillna(len(order)) if column.name == "covariance" else column,
        ascending=[False, True],
        kind="stable",
    )
    groups: dict[str, list[list[str]]] = {}
    for row in coefficients.to_dict("records"):
        effect = effect_of.get((row["term"], row["covariance"]))
        groups.setdefault(term_label(row["term"]), []).append(
            [
                row["covariance"].replace("_", " "),
                number(row["estimate"], 4),
                number(row["std_error"], 4),
                p_value(row["p_value"]),
                span(row["conf_low"], row["conf_high"], 4),
                number(100 * effect["estimate"], 2) if effect else MISSING,
                span(100 * effect["conf_low"], 100 * effect["conf_high"], 2) if effect else MISSING,
            ]
        )
    known = [
        f"{name.replace('_', ' ')}: {UNCERTAINTY[name]}"
        for name in UNCERTAINTY
        if name in set(coefficients["covariance"])
    ]
    return PageTable(
        "covariances",
        f"The mortality terms of {HEADLINE_MODEL} with every covariance",
        f"n = {model['n']:,.0f} state-years, {model['events']:,.0f} formations, {model['clusters']:,.0f} states",
        ["Covariance", "Coefficient", "Std. error", "p", "95% interval", "Effect, points", "95% interval"],
        list(groups.items()),
        "Effect: average change of the probability of a formation in percentage points, per unit of the term (for a"
        f" rise: from no to yes), by the delta method. {'; '.join(known)}. {MISSING}: not defined for that row.",
    )


def validation_table(frame: pandas.DataFrame) -> PageTable:
    """Scores of predictions with and without the mortality terms, and their difference.

    Parameters
    ----------
    frame : DataFrame
        results.validation.

    Returns
    -------
    PageTable
        One group for each scheme, one row for each score.
    """
    scored, failed = frame[frame["value"].notna()], frame[frame["problem"].notna()]
    groups = []
    for scheme, of_scheme in scored.groupby("scheme", sort=False):
        rows = []
        for score, of_score in of_scheme.groupby("score", sort=False):
            by_terms = {row["terms"]: row for row in of_score.to_dict("records")}
            values = [by_terms[terms]["value"] if terms in by_terms else None for terms in (WITH, WITHOUT, TIME_ONLY)]
            change = [MISSING, MISSING]
            if difference := by_terms.get(DIFFERENCE):
                change = [number(difference["value"], 4), span(difference["conf_low"], difference["conf_high"], 4)]
            label = SCORES.get(str(score), str(score))
            rows.append([label, *map(number, values), *change, number(of_score["n"].iloc[0], 0)])
        groups.append((str(scheme).capitalize(), rows))
    problems = [f"Not predicted: {row['scheme']} ({row['problem']})." for row in failed.to_dict("records")]
    return PageTable(
        "validation",
        f"Predictions of {HEADLINE_MODEL} with and without the mortality terms",
        f"{state_years(scored['n'])} predicted",
        ["Score", "With mortality", "Without", "Time only", "Difference", "95% interval", "n"],
        groups,
        " ".join(
            [
                "Forward in time: decades from 1900, each predicted from the years before it. States left out: tenths"
                " of the states, each predicted from the others. Difference: with minus without; intervals from"
                " resampling whole states. A lower Brier score is better; for the other scores, higher is better.",
                *problems,
            ]
        ),
    )


def robustness_table(frame: pandas.DataFrame) -> PageTable:
    """One row for each change of the headline model; the fits without one state are summarized in the notes.

    Parameters
    ----------
    frame : DataFrame
        results.robustness.

    Returns
    -------
    PageTable
        Coefficients of the rise and of the level of mortality.
    """
    rose = frame["term"].fillna("").str.contains("_rose")
    left_out = frame["check"] == LEFT_OUT
    rows, notes = [], []
    checks = frame.loc[~left_out, ["check", "detail"]].dropna().drop_duplicates()
    for check, detail in checks.itertuples(index=False, name=None):
        of_check = (frame["check"] == check) & (frame["detail"] == detail)
        cells = [*_estimate(frame[of_check & rose]), *_estimate(frame[of_check & ~rose])]
        part = frame[of_check]
        rows.append([f"{check}: {detail.partition(':')[0]}", *cells, number(part["n"].iloc[0], 0)])
        notes += [f"{check.capitalize()}: {text}." for text in part["problem"].dropna().head(1)]
    for of_term in (frame[left_out & rose], frame[left_out & ~rose]):
        fitted = of_term[of_term["estimate"].notna()].sort_values("estimate", kind="stable").to_dict("records")
        if fitted:
            low, high = (
                f"{number(fit['estimate'], 4)} (p {p_value(fit['p_value'])})" for fit in (fitted[0], fitted[-1])
            )
            label = term_label(fitted[0]["term"])
            notes.append(f"Without one state at a time ({len(fitted):,} fits): {label} from {low} to {high}.")
    return PageTable(
        "robustness",
        f"{HEADLINE_MODEL} with one thing changed at a time",
        state_years(frame["n"]),
        ["Change", "Rose: coef.", "p", "Level: coef.", "p", "n"],
        [("", rows)],
        " ".join(
            [
                "Coefficients of a rise of infant mortality and of its level, p values clustered by state. Leads of"
                " mortality are a placebo: they are observed after the formation.",
                *_permutation_notes(frame),
                *notes,
            ]
        ),
    )


def _permutation_notes(frame: pandas.DataFrame) -> list[str]:
    """How the z of the rise compares with its distribution under permutation."""
    permuted = frame[frame["null_mean"].notna() & frame["term"].fillna("").str.contains("_rose")]
    return [
        f"Permutation: the mortality of each state shifted along its years. The z of the rise is"
        f" {number(row['statistic'], 2)}; under permutation its mean is {number(row['null_mean'], 2)}, and p is the"
        " share of shifts with a z at least as far from that mean."
        for row in permuted.to_dict("records")
    ]


def _estimate(rows: pandas.DataFrame) -> list[str]:
    return [number(rows["estimate"].iloc[0], 4), p_value(rows["p_value"].iloc[0])] if len(rows) else [MISSING, MISSING]


def spans_table(reading: Reading) -> PageTable:
    """First and last observed year of the variables of the headline model.

    Parameters
    ----------
    reading : Reading
        The publication.

    Returns
    -------
    PageTable
        One row for each variable.
    """
    model = reading.frames["models"].set_index("model").loc[HEADLINE_MODEL]
    columns = {c["column_name"]: c for c in reading.columns if c["table_name"] == "country_years"}
    coefficients = reading.frames["coefficients"]
    terms = coefficients.loc[coefficients["model"] == HEADLINE_MODEL, "term"].drop_duplicates()
    names = [model["outcome"], *(term.partition("_lag_")[0] for term in terms)]
    shown = [columns[name] for name in dict.fromkeys(names) if name in columns]
    rows = [
        [
            column["column_name"],
            f"{column['first_year']}–{column['last_year']}",
            f"{column['non_null']:,}",
            f"{column['share_missing']:.0%}",
        ]
        for column in shown
    ]
    return PageTable(
        "spans",
        "Variables of the headline model and the years in which they are observed",
        f"n = {len(reading.frames['country_years']):,} state-years in the panel",
        ["Variable", "Years", "State-years", "Missing"],
        [("", rows)],
    )
