"""The figures of the mart itself: what is observed, infant mortality by region, alliance formation over time."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.core.errors import AnalysisError
from analysis.reporting.drawing import BLUE, GREY, SHADES, SOURCE, WIDTH, Drawing, drawn, span, styled

RULES = ("any", "military", "defense", "offense", "neutrality", "nonaggression", "consultation")
BLOCK = 5  # years in a bar
RATE = "infant_mortality_rate"
ENOUGH = 4  # states, from which on quartiles are drawn
SHORT_REGIONS = {"Middle East and North Africa": "M. East & N. Africa"}
LABEL_LENGTH = 18  # characters, beyond which no further name is added


@styled()
def formation_over_time(panel: pd.DataFrame, *, is_synthetic: bool) -> Drawing:
    """Share of states that entered a new alliance in a year, by obligation rule, in blocks of five years; and how many
    states there were.

    panel: the mart's country-years with year and forms_<rule>_alliance; years not observed are left out, not 0.
    """
    known = [rule for rule in RULES if f"forms_{rule}_alliance" in panel.columns]
    rules = [rule for rule in known if panel[f"forms_{rule}_alliance"].notna().any()]
    if not rules:
        raise AnalysisError("the panel has no column forms_<rule>_alliance with anything observed")
    lines = len(rules) // 2 + 1
    figure = Figure(figsize=(WIDTH, 1.5 + 1.25 * lines), layout="constrained")
    states, *panels = figure.subplots(lines, 2, sharex=True, squeeze=False).ravel()
    for spare in panels[len(rules) :]:
        spare.set_visible(False)
    for axes in panels[1 : len(rules)]:
        axes.sharey(panels[0])
        axes.tick_params(labelleft=axes.get_subplotspec().is_first_col())
    said, counts, years = [], [], set()
    for axes, rule in zip(panels, rules, strict=False):
        observed = panel.loc[panel[f"forms_{rule}_alliance"].notna(), ["year", f"forms_{rule}_alliance"]]
        forms = observed[f"forms_{rule}_alliance"].astype(float)
        share = 100.0 * forms.groupby(observed["year"] // BLOCK * BLOCK).mean()
        axes.bar(share.index, share, width=0.92 * BLOCK, align="edge", color=BLUE)
        axes.set_title(f"{rule}: {forms.sum():,.0f}")
        said.append(
            f"{rule} {forms.sum():,.0f}, most in {share.idxmax()} to {share.idxmax() + BLOCK - 1} ({share.max():.0f}%)"
        )
        counts.append(len(observed))
        years.update(observed["year"])
    per_year = panel[panel["year"].isin(years)].groupby("year").size()
    draw_area(states, per_year, color=GREY)
    states.set_title(f"states: {span(per_year)}")
    for axes in [states, *panels][len(rules) - 1 : len(rules) + 1]:
        axes.tick_params(labelbottom=True)
    figure.supylabel("Per cent of states with a new alliance in a year", fontsize=9)
    title = "Alliance formation over time, by the obligations that count"
    sample = f"n = {span(pd.Series(counts))} state-years, {min(years)}-{max(years)}"
    notes = (
        f"Means of five years; above each panel its rule and the state-years with a formation; years not observed left"
        f" out. First panel: how many states there were. {SOURCE}"
    )
    shown = "state-years with a formation: " + "; ".join(said)
    return drawn(figure, title, shown, sample, notes, is_synthetic)


@styled()
def mortality_by_region(panel: pd.DataFrame, *, is_synthetic: bool) -> Drawing:
    """Infant mortality in every region: the median state and the middle half, and below how many states are observed.

    panel: the mart's country-years with year, region and infant_mortality_rate, deaths per 1,000 live births.
    """
    observed = panel[panel[RATE].notna()]
    if observed.empty:
        raise AnalysisError(f"the panel has no {RATE} observed")
    regions = list(observed["region"].value_counts(sort=True).index)
    lines = (len(regions) + 1) // 2
    figure = Figure(figsize=(WIDTH, 0.9 + 2.1 * lines), layout="constrained")
    grid = figure.subplots(2 * lines, 2, sharex=True, sharey=False, squeeze=False, height_ratios=[3, 1] * lines)
    rates, numbers = grid[0::2].ravel(), grid[1::2].ravel()
    for spare in (*rates[len(regions) :], *numbers[len(regions) :]):
        spare.set_visible(False)
    for axes in (*rates[1:], *numbers[1:]):
        axes.sharey(rates[0] if axes in rates else numbers[0])
        axes.tick_params(labelleft=axes.get_subplotspec().is_first_col())
    said = []
    for region, rate, number in zip(regions, rates, numbers, strict=False):
        part = observed[observed["region"] == region]
        by_year = part.groupby("year")[RATE].quantile([0.25, 0.5, 0.75]).unstack()
        by_year["states"] = part.groupby("year").size()
        by_year = by_year.reindex(range(by_year.index.min(), by_year.index.max() + 1))  # a gap is a gap in the line
        draw_rates(rate, by_year)
        in_system = panel[panel["region"] == region].groupby("year").size()
        draw_area(number, in_system, color=GREY, alpha=0.35)
        draw_area(number, by_year["states"].fillna(0), color=BLUE)
        rate.set_title(f"{SHORT_REGIONS.get(region, region)}: n = {len(part):,}")
        first, last = by_year.dropna().iloc[[0, -1]].itertuples()
        said.append(f"{region} {first[2]:.0f} in {first.Index}, {last[2]:.0f} in {last.Index}")
    for shared, label in ((rates, "deaths per\n1,000 births"), (numbers, "states")):
        for axes in shared[0 : len(regions) : 2]:
            axes.set_ylabel(label, fontsize=8)
        shared[0].set_ylim(0, None)
    figure.align_ylabels()
    title = "Infant mortality by region, and how many states are observed"
    sample = f"n = {len(observed):,} state-years, {observed['year'].min()}-{observed['year'].max()}"
    notes = (
        "Line: median; band: middle half of the states, from four states on. Below: states observed (dark) of those in"
        f" the system (light); which states are observed changes. {SOURCE}"
    )
    return drawn(figure, title, "median rate: " + "; ".join(said), sample, notes, is_synthetic)


def draw_area(axes: Axes, by_year: pd.Series, **style: object) -> None:
    """The area between a series by year and zero."""
    years = by_year.index
    axes.fill([years[0], *years, years[-1]], [0, *by_year, 0], linewidth=0, **style)


def draw_rates(axes: Axes, by_year: pd.DataFrame) -> None:
    enough = by_year["states"] >= ENOUGH
    low, high = by_year[0.25].where(enough), by_year[0.75].where(enough)
    axes.fill_between(by_year.index, low, high, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(by_year.index, by_year[0.5], color=BLUE, linewidth=1.3)


@styled()
def coverage(frame: pd.DataFrame, *, is_synthetic: bool) -> Drawing:
    """Heat map of what is observed: variables by decade, those with the same coverage in every decade on one line.

    frame: marts.coverage; only its region 'All' is drawn.
    """
    world = frame[frame["region"] == "All"]
    if world.empty:
        raise AnalysisError("marts.coverage has no rows for region 'All'")
    share = world.pivot(index="variable", columns="decade", values="share").astype(float)
    alike = (
        share.round(6)
        .reset_index()
        .groupby(list(share.columns), dropna=False, sort=False)["variable"]
        .agg(lambda names: sorted(names, key=len))
    )
    lines = share.loc[[names[0] for names in alike]].set_axis([coverage_label(names) for names in alike])
    lines = lines.loc[lines.mean(axis=1).sort_values(kind="stable").index[::-1]]
    figure = Figure(figsize=(WIDTH, 1.6 + 0.2 * len(lines)), layout="constrained")
    axes = figure.subplots()
    mesh = axes.imshow(100.0 * lines.to_numpy(), cmap=SHADES, vmin=0, vmax=100, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(lines)), lines.index, fontsize=7.5)
    places = range(0, lines.shape[1], 2)
    axes.set_xticks(places, [f"{lines.columns[place]}s" for place in places], fontsize=7.5, rotation=45)
    axes.set_xticks(np.arange(lines.shape[1]) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(lines)) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=0.6)
    axes.tick_params(length=0)
    axes.tick_params(which="minor", left=False, bottom=False)
    axes.spines[:].set_visible(False)
    figure.colorbar(mesh, ax=axes, label="Per cent of state-years observed", location="top", aspect=40, pad=0.01)
    title = "What is observed, by variable and decade"
    n = int(world.groupby("decade")["state_years"].max().sum())
    sample = f"n = {n:,} state-years, {len(share)} variables; a line stands for all variables covered alike"
    totals = world.groupby("variable")[["non_null", "state_years"]].sum()
    observed = (totals["non_null"] / totals["state_years"]).sort_values(kind="stable")
    shown = (
        f"most complete: {observed.index[-1]} ({observed.iloc[-1]:.0%} of all state-years); least: {observed.index[0]}"
        f" ({observed.iloc[0]:.0%}); median variable {observed.median():.0%}"
    )
    return drawn(figure, title, shown, sample, SOURCE, is_synthetic)


def coverage_label(names: list[str]) -> str:
    """As many of the names as a line takes, at least one, and how many more there are."""
    shown = names[:1]
    for name in names[1:]:
        if len(", ".join([*shown, name])) > LABEL_LENGTH:
            break
        shown.append(name)
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
