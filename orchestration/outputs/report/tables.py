"""The tables of the page, from the results tables."""

from collections.abc import Iterator

import pandas

from analysis.reporting.regression_tables import UNCERTAINTY, regression_table, table_groups, term_label
from analysis.studies.kimball import HEADLINE_MODEL, MORTALITY
from analysis.studies.validation import DIFFERENCE, TIME_ONLY, WITH, WITHOUT
from orchestration.outputs.presentation import named
from orchestration.outputs.report.elements import PageTable, number, p_value, span
from orchestration.outputs.report.reading import Reading

SCORES = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "log_score": "Log score",
}
LEFT_OUT = "without one state"


def page_tables(reading: Reading) -> Iterator[PageTable]:
    """Every table the publication has figures for; those of the inference only where it was made.

    WarehouseError names the table that cannot be made or has no n.
    """
    frames = reading.frames
    makers = {
        "headline": lambda: headline_table(frames),
        "covariances": lambda: covariance_table(frames),
        "spans": lambda: spans_table(reading),
    }
    if "specification_tests" in frames:
        makers["specification_tests"] = lambda: curve_tests_table(frames)
    if "validation" in frames:
        makers["validation"] = lambda: validation_table(frames["validation"])
    if "robustness" in frames:
        makers["robustness"] = lambda: robustness_table(frames["robustness"])
    for name, make in makers.items():
        with named("table", name):
            table = make()
        yield table


def headline_table(frames: dict[str, pandas.DataFrame]) -> PageTable:
    """The regression table of the group that the headline model is in, as in the files for papers."""
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


def covariance_table(frames: dict[str, pandas.DataFrame]) -> PageTable:
    """The mortality terms of the headline model under every way to estimate uncertainty, and their effect."""
    coefficients, effects = (
        frames[name][(frames[name]["model"] == HEADLINE_MODEL) & frames[name]["term"].isin(MORTALITY)]
        for name in ("coefficients", "marginal_effects")
    )
    model = frames["models"].set_index("model").loc[HEADLINE_MODEL]
    effects = effects.set_index(["term", "covariance"])
    order = {name: place for place, name in enumerate(UNCERTAINTY)}
    coefficients = coefficients.sort_values(
        ["term", "covariance"],
        key=lambda column: column.map(order).fillna(len(order)) if column.name == "covariance" else column,
        ascending=[False, True],
        kind="stable",
    )
    groups: dict[str, list[list[str]]] = {}
    for row in coefficients.itertuples():
        effect = effects.loc[(row.term, row.covariance)] if (row.term, row.covariance) in effects.index else None
        ends = "—" if effect is None else span(100 * effect["conf_low"], 100 * effect["conf_high"], 2)
        groups.setdefault(term_label(row.term), []).append(
            [
                row.covariance.replace("_", " "),
                number(row.estimate, 4),
                number(row.std_error, 4),
                p_value(row.p_value),
                span(row.conf_low, row.conf_high, 4),
                "—" if effect is None else number(100 * effect["estimate"], 2),
                ends,
            ]
        )
    known = [
        f"{name.replace('_', ' ')}: {UNCERTAINTY[name]}"
        for name in UNCERTAINTY
        if name in set(coefficients["covariance"])
    ]
    return PageTable(
        "covariances",
        f"The mortality terms of {HEADLINE_MODEL} under every covariance",
        f"n = {model['n']:,.0f} state-years, {model['events']:,.0f} formations, {model['clusters']:,.0f} states",
        ["Covariance", "Coefficient", "Std. error", "p", "95% interval", "Effect, points", "95% interval"],
        list(groups.items()),
        "Effect: average change of the probability of a formation in percentage points, per unit of the term (a rise:"
        f" from no to yes), by the delta method. {'; '.join(known)}. An em dash: not defined for that row.",
    )


def curve_tests_table(frames: dict[str, pandas.DataFrame]) -> PageTable:
    tests, curve = frames["specification_tests"], frames["specification_curve"]
    fitted = curve[curve["problem"].isna()]
    rows = [
        [row.statistic, number(row.observed), number(row.null_median), number(row.null_95), p_value(row.p_value)]
        for row in tests.itertuples()
    ]
    return PageTable(
        "specification_tests",
        "The specification curve tested as a whole",
        f"{tests['specifications'].max():,} specifications, each of {state_years(fitted['n'])}",
        ["Over all specifications", "Observed", "Median, no effect", "95th percentile, no effect", "p, one-sided"],
        [("", rows)],
        f"By {tests['draws'].max():,} draws of state weights, the same in every specification, under no effect in any.",
    )


def validation_table(frame: pandas.DataFrame) -> PageTable:
    """Scores with and without the mortality terms, and their difference with its interval."""
    scored, failed = frame[frame["value"].notna()], frame[frame["problem"].notna()]
    groups = []
    for scheme, of_scheme in scored.groupby("scheme", sort=False):
        rows = []
        for score, of_score in of_scheme.groupby("score", sort=False):
            by_terms = of_score.set_index("terms")
            difference = by_terms.loc[DIFFERENCE] if DIFFERENCE in by_terms.index else None
            values = [by_terms["value"].get(terms) for terms in (WITH, WITHOUT, TIME_ONLY)]
            change = ["—", "—"]
            if difference is not None:
                change = [number(difference["value"], 4), span(difference["conf_low"], difference["conf_high"], 4)]
            rows.append([SCORES.get(score, score), *map(number, values), *change, number(by_terms["n"].iloc[0], 0)])
        groups.append((scheme.capitalize(), rows))
    problems = [f"Not predicted: {row.scheme} ({row.problem})." for row in failed.itertuples()]
    return PageTable(
        "validation",
        f"Predictions of {HEADLINE_MODEL} with and without the mortality terms",
        f"{state_years(scored['n'])} predicted",
        ["Score", "With mortality", "Without", "Time only", "Difference", "95% interval", "n"],
        groups,
        " ".join(
            [
                (
                    "Forward in time: decades from 1900, each predicted from the years before it. States left out: tenths of"
                    " the states, each predicted from the others. Difference: with less without; intervals by resampling"
                    " whole states. Of the Brier score lower is better, of the others higher."
                ),
                *problems,
            ]
        ),
    )


def robustness_table(frame: pandas.DataFrame) -> PageTable:
    """One row per change of the headline model; the fits without one state each in one row for all."""
    rose = frame["term"].fillna("").str.contains("_rose")
    left_out = frame["check"] == LEFT_OUT
    rows, notes = [], []
    for (check, detail), part in frame[~left_out].groupby(["check", "detail"], sort=False):
        halves = [part[rose.loc[part.index]], part[~rose.loc[part.index]]]
        rows.append([f"{check}: {detail.partition(':')[0]}"])
        for half in halves:
            rows[-1] += (
                [number(half["estimate"].iloc[0], 4), p_value(half["p_value"].iloc[0])] if len(half) else ["—"] * 2
            )
        rows[-1].append(number(part["n"].iloc[0], 0))
        notes += [f"{check.capitalize()}: {text}." for text in part["problem"].dropna().head(1)]
    for of_term in (frame[left_out & rose], frame[left_out & ~rose]):
        fitted = of_term[of_term["estimate"].notna()]
        if len(fitted):
            notes.append(
                f"Without one state at a time ({len(fitted):,} fits): {term_label(fitted['term'].iloc[0])} from"
                f" {number(fitted['estimate'].min(), 4)} (p {p_value(fitted.loc[fitted['estimate'].idxmin(), 'p_value'])})"
                f" to {number(fitted['estimate'].max(), 4)}"
                f" (p {p_value(fitted.loc[fitted['estimate'].idxmax(), 'p_value'])})."
            )
    return PageTable(
        "robustness",
        f"{HEADLINE_MODEL} with one thing changed at a time",
        state_years(frame["n"]),
        ["What was changed", "Rose: coef.", "p", "Level: coef.", "p", "n"],
        [("", rows)],
        " ".join(
            [
                (
                    "Coefficients of a rise of infant mortality and of its level, p clustered by state. Leads of mortality"
                    " are a placebo: they lie after the formation. Permutation: mortality shuffled among the years of each"
                    " state; p is the share of shuffles with as large a z."
                ),
                *notes,
            ]
        ),
    )


def spans_table(reading: Reading) -> PageTable:
    """From when to when the variables of the headline model are observed."""
    model = reading.frames["models"].set_index("model").loc[HEADLINE_MODEL]
    columns = {c["column_name"]: c for c in reading.columns if c["table_name"] == "country_years"}
    terms = reading.frames["coefficients"].query("model == @HEADLINE_MODEL")["term"].drop_duplicates()
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
        "What the headline model is made of, and from when to when it is observed",
        f"n = {len(reading.frames['country_years']):,} state-years in the panel",
        ["Variable", "Years", "State-years", "Missing"],
        [("", rows)],
    )


def state_years(sizes: pandas.Series) -> str:
    """n in words, as a range where the fits differ; nothing where no fit has an n."""
    known = sizes.dropna()
    if known.empty:
        return ""
    low, high = int(known.min()), int(known.max())
    return f"n = {low:,} state-years" if low == high else f"n = {low:,} to {high:,} state-years"
