"""What the data and the models cannot say, as sentences from the figures of the publication itself."""

from collections.abc import Iterator

import pandas

from analysis.studies.kimball import HEADLINE_MODEL
from orchestration.outputs.report.elements import number, p_value
from orchestration.outputs.report.reading import Reading

RATE, ROSE, RATIO = "infant_mortality_rate", "infant_mortality_rose", "w_over_s"


def limits(reading: Reading) -> Iterator[tuple[str, str]]:
    """(what it is about, sentences): of the sample, the variables, and where they were made, of the checks that hurt."""
    frames = reading.frames
    panel, models = frames["country_years"], frames["models"].set_index("model")
    yield "Missing state-years", _missing(models)
    yield "Years without W/S", _unobserved_years(panel)
    yield "Range of W/S", _ratio_range(panel)
    yield "Mortality that does not move", _flat(panel)
    yield "Where the sources end", _ends(panel)
    if "robustness" in frames:
        yield from _weaknesses(frames["robustness"])
    yield (
        "What this design is",
        (
            "The models describe which states form alliances in which years. Nothing in them was assigned by chance, and"
            " mortality, institutions and alliances move together over two centuries: a coefficient is an association."
        ),
    )


def _missing(models: pandas.DataFrame) -> str:
    """How much of the headline's sample is left out, and how much of its years before those of the same model in t2."""
    model, late = models.loc[HEADLINE_MODEL], models.loc[HEADLINE_MODEL.replace("/t1_", "/t2_")]
    left_out, used = model["n_dropped_missing"], model["n"]
    early = ""
    if pandas.notna(late["n"]):
        left_out_early, used_early = left_out - late["n_dropped_missing"], used - late["n"]
        early = f"; before 1900 {left_out_early / (left_out_early + used_early):.0%} are"
    return (
        f"Of {left_out + used:,.0f} state-years of {model['sample']}, {left_out:,.0f}"
        f" ({left_out / (left_out + used):.0%}) are left out of the headline model because a variable is not"
        f" observed{early}. Nothing is filled in for them."
    )


def _unobserved_years(panel: pandas.DataFrame) -> str:
    """Years inside the span of W/S in which no state at all has it."""
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
    """Years in order as runs: 1914–1918, 1940–1945."""
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
        f"W/S by its published formula runs from {number(ratio.min())} to {number(ratio.max())}:"
        f" {above:,} of {len(ratio):,} state-years lie above 1, so it is an index and not a share. It takes"
        f" {ratio.round(6).nunique()} values."
    )


def _flat(panel: pandas.DataFrame) -> str:
    change = panel["infant_mortality_change_1y"].dropna()
    rose = panel[ROSE].dropna().astype(float)
    return (
        f"In {(change == 0).mean():.0%} of {len(change):,} yearly changes infant mortality is exactly the same as the"
        f" year before, as values carried forward or rounded are; it rose in {rose.mean():.0%}. A rise of any"
        " size counts as one, so that rounding, revision and real distress are alike to the models."
    )


def _ends(panel: pandas.DataFrame) -> str:
    last = {name: int(panel.loc[panel[name].notna(), "year"].max()) for name in ("forms_any_alliance", RATE, RATIO)}
    return (
        f"Alliances are observed to {last['forms_any_alliance']}, infant mortality in the preferred series to"
        f" {last[RATE]}, W/S to {last[RATIO]}; the panel itself runs to {panel['year'].max()}. After a source ends its"
        " variables are missing, not zero. Alliances come from ATOP alone."
    )


def _weaknesses(robustness: pandas.DataFrame) -> Iterator[tuple[str, str]]:
    """The checks in which the rise of mortality does not keep its p below 0.05, and the placebo in which it does."""
    rose = robustness[robustness["term"].fillna("").str.contains("_rose") & robustness["p_value"].notna()]
    rose = rose[rose["check"] != "without one state"]
    placebo = rose["check"].str.contains("placebo")
    lost = rose[~placebo & (rose["p_value"] >= 0.05)]
    held = ", ".join(
        f"{row.check} ({row.detail.partition(':')[0]}): p {p_value(row.p_value)}" for row in lost.itertuples()
    )
    yield (
        "Checks the result does not pass",
        (
            f"Of {(~placebo).sum()} ways to fit the headline anew, the rise of mortality has p of 0.05 or more in"
            f" {len(lost)}{': ' + held if held else ''}."
        ),
    )
    if placebo.any():
        leads = ", ".join(f"{row.detail} {p_value(row.p_value)}" for row in rose[placebo].itertuples())
        yield (
            "Placebo",
            (
                f"A rise of mortality after the formation cannot have caused it; its p is, by lead: {leads}. A small p here"
                " says that the rise picks up something else."
            ),
        )
