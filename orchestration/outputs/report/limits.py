"""Known limits of the data and the models, as sentences with numbers of the publication."""

from collections.abc import Iterator

import pandas

from analysis.core.conventions import SIGNIFICANCE_LEVEL
from analysis.studies.kimball import HEADLINE_AFTER_1899, HEADLINE_MODEL, RATE, ROSE
from analysis.studies.robustness import LEFT_OUT
from orchestration.outputs.report.elements import number, p_value
from orchestration.outputs.report.reading import Reading

RATIO = "w_over_s"


def limits(reading: Reading) -> Iterator[tuple[str, str]]:
    """Describe the limits of the sample, of the variables and, if the publication has them, of the robustness checks.

    Parameters
    ----------
    reading : Reading
        The publication.

    Yields
    ------
    tuple of (str, str)
        Subject, and sentences about it.
    """
    frames = reading.frames
    panel, models = frames["country_years"], frames["models"].set_index("model")
    yield "Missing state-years", _missing(models)
    yield "Years without W/S", _unobserved_years(panel)
    yield "Range of W/S", _ratio_range(panel)
    yield "Mortality without change", _flat(panel)
    yield "Where the sources end", _ends(panel)
    if "robustness" in frames:
        yield from _weaknesses(frames["robustness"])
    yield (
        "No causal identification",
        (
            "The models describe which states form alliances in which years. No variable was assigned at random, and"
            " mortality, institutions and alliances change together over two centuries: a coefficient is an"
            " association, not a causal effect."
        ),
    )


def _missing(models: pandas.DataFrame) -> str:
    """Share of the headline's sample that is excluded, and the same before 1900."""
    model, late = models.loc[HEADLINE_MODEL], models.loc[HEADLINE_AFTER_1899]
    excluded, used = model["n_dropped_missing"], model["n"]
    early = ""
    if pandas.notna(late["n"]):
        excluded_early, used_early = excluded - late["n_dropped_missing"], used - late["n"]
        early = f"; before 1900 {excluded_early / (excluded_early + used_early):.0%} are"
    return (
        f"Of {excluded + used:,.0f} state-years of {model['sample']}, {excluded:,.0f}"
        f" ({excluded / (excluded + used):.0%}) are excluded from the headline model because a variable is not"
        f" observed{early}. The headline model imputes no values."
    )


def _unobserved_years(panel: pandas.DataFrame) -> str:
    """Years within the span of W/S in which it is observed for no state."""
    observed = panel.groupby("year")[RATIO].count()
    seen = observed[observed > 0].index
    gaps = [year for year in range(seen.min(), seen.max()) if observed.get(year, 0) == 0]
    if not gaps:
        return "W/S is observed for some state in every year of its span."
    without = int(panel["year"].isin(gaps).sum())
    return (
        f"W/S is observed for no state in {_runs(gaps)} ({without:,} state-years). Since it enters with a lag of one"
        f" year, the models have no row in {_runs([year + 1 for year in gaps])}."
    )


def _runs(years: list[int]) -> str:
    """Format sorted years as runs: 1914–1918, 1940–1945."""
    runs: list[list[int]] = []
    for year in years:
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _ratio_range(panel: pandas.DataFrame) -> str:
    ratio = panel[RATIO].dropna()
    above = int((ratio > 1).sum())
    return (
        f"By its published formula, W/S ranges from {number(ratio.min())} to {number(ratio.max())}:"
        f" {above:,} of {len(ratio):,} state-years are above 1, so it is an index and not a share. It has"
        f" {ratio.round(6).nunique()} distinct values."
    )


def _flat(panel: pandas.DataFrame) -> str:
    change = panel["infant_mortality_change_1y"].dropna()
    rose = panel[ROSE].dropna().astype(float)
    return (
        f"In {(change == 0).mean():.0%} of {len(change):,} yearly changes, infant mortality is exactly the same as in"
        f" the year before, as in series with rounded or carried-forward values; it rose in {rose.mean():.0%}. A rise"
        " of any size counts, so the models do not distinguish rounding and revision from real deterioration."
    )


def _ends(panel: pandas.DataFrame) -> str:
    last = {name: int(panel.loc[panel[name].notna(), "year"].max()) for name in ("forms_any_alliance", RATE, RATIO)}
    return (
        f"Alliances are observed to {last['forms_any_alliance']}, infant mortality in the preferred series to"
        f" {last[RATE]}, W/S to {last[RATIO]}; the panel ends in {panel['year'].max()}. After the end of a source, its"
        " variables are missing, not zero. ATOP is the only source of alliances."
    )


def _weaknesses(robustness: pandas.DataFrame) -> Iterator[tuple[str, str]]:
    """Checks in which the rise of mortality is not significant, and its p value in the placebo."""
    rose = robustness[robustness["term"].fillna("").str.contains("_rose") & robustness["p_value"].notna()]
    rose = rose[rose["check"] != LEFT_OUT]
    placebo = rose["check"].str.contains("placebo")
    lost = rose[~placebo & (rose["p_value"] >= SIGNIFICANCE_LEVEL)]
    named = ", ".join(
        f"{row['check']} ({row['detail'].partition(':')[0]}): p {p_value(row['p_value'])}"
        for row in lost.to_dict("records")
    )
    yield (
        "Checks the result does not pass",
        (
            f"In {len(lost)} of {(~placebo).sum()} alternative fits of the headline model, the p value of the rise of"
            f" mortality is {SIGNIFICANCE_LEVEL} or more{': ' + named if named else ''}."
        ),
    )
    if placebo.any():
        leads = ", ".join(f"{row['detail']} {p_value(row['p_value'])}" for row in rose[placebo].to_dict("records"))
        yield (
            "Placebo",
            (
                f"A rise of mortality after the formation cannot have caused it. Its p values by lead: {leads}. A small"
                " p value would show that the rise measures something else."
            ),
        )
