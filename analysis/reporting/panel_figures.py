"""Figures of the marts: alliance formation over time, infant mortality by region, and what is observed."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.core.errors import AnalysisError
from analysis.reporting.drawing import BLUE, GREY, SHADES, SOURCE, WIDTH, Drawing, make_drawing, styled, value_range

RULES = ("any", "military", "defense", "offense", "neutrality", "nonaggression", "consultation")
BAR_YEARS = 5
RATE = "infant_mortality_rate"
MIN_STATES_FOR_QUARTILES = 4
SHORT_REGIONS = {"Middle East and North Africa": "M. East & N. Africa"}
LABEL_LENGTH = 18  # characters; a label takes no further variable name beyond it


@styled()
def formation_over_time(panel: pd.DataFrame, *, is_synthetic: bool) -> Drawing:
    """Share of states that entered a new alliance in a year, by obligation rule, and the number of states.

    Parameters
    ----------
    panel : DataFrame
        ``marts.country_years`` with ``year`` and any of ``forms_<rule>_alliance``. Years that are not observed are
        left out, not counted as 0.
    is_synthetic : bool
        Whether the panel is the synthetic sample.

    Returns
    -------
    Drawing
        Bars are means over five years, in per cent of the states.

    Raises
    ------
    AnalysisError
        If no column ``forms_<rule>_alliance`` has an observed value.
    """
    known = [rule for rule in RULES if f"forms_{rule}_alliance" in panel.columns]
    rules = [rule for rule in known if panel[f"forms_{rule}_alliance"].notna().any()]
    if not rules:
        raise AnalysisError("the panel has no column forms_<rule>_alliance with an observed value")
    figure, states, panels = _formation_panels(len(rules))
    findings, counts, years = [], [], set[int]()
    for axes, rule in zip(panels, rules, strict=False):
        observed = panel.loc[panel[f"forms_{rule}_alliance"].notna(), ["year", f"forms_{rule}_alliance"]]
        forms = observed[f"forms_{rule}_alliance"].astype(float)
        share = 100.0 * forms.groupby(observed["year"] // BAR_YEARS * BAR_YEARS).mean()
        axes.bar(share.index, share, width=0.92 * BAR_YEARS, align="edge", color=BLUE)
        axes.set_title(f"{rule}: {forms.sum():,.0f}")
        peak = int(share.index[int(share.argmax())])
        findings.append(f"{rule} {forms.sum():,.0f}, most in {peak} to {peak + BAR_YEARS - 1} ({share.max():.0f}%)")
        counts.append(len(observed))
        years.update(observed["year"])
    per_year = panel[panel["year"].isin(years)].groupby("year").size()
    _draw_area(states, per_year, color=GREY)
    states.set_title(f"states: {value_range(per_year)}")
    for axes in [states, *panels][len(rules) - 1 : len(rules) + 1]:  # the lowest visible panel of each column
        axes.tick_params(labelbottom=True)
    figure.supylabel("Per cent of states with a new alliance in a year", fontsize=9)
    return make_drawing(
        figure,
        title="Alliance formation over time, by the obligations that count",
        findings="state-years with a formation: " + "; ".join(findings),
        sample=f"n = {value_range(pd.Series(counts))} state-years, {min(years)}-{max(years)}",
        notes=(
            "Bars: five-year means. Panel titles: the rule and its number of state-years with a formation. Years not"
            f" observed are left out. First panel: number of states. {SOURCE}"
        ),
        is_synthetic=is_synthetic,
    )


@styled()
def mortality_by_region(panel: pd.DataFrame, *, is_synthetic: bool) -> Drawing:
    """Infant mortality by region: the median state and the middle half, and how many states are observed.

    Parameters
    ----------
    panel : DataFrame
        ``marts.country_years`` with ``year``, ``region`` and ``infant_mortality_rate`` (deaths per 1,000 live births).
    is_synthetic : bool
        Whether the panel is the synthetic sample.

    Returns
    -------
    Drawing
        Two panels per region: the rate, and the number of states.

    Raises
    ------
    AnalysisError
        If no infant mortality is observed.
    """
    observed = panel[panel[RATE].notna()]
    if observed.empty:
        raise AnalysisError(f"the panel has no {RATE} observed")
    regions = list(observed["region"].value_counts(sort=True).index)
    figure, rates, numbers = _region_panels(len(regions))
    findings = []
    for region, rate, number in zip(regions, rates, numbers, strict=False):
        part = observed[observed["region"] == region]
        by_year = part.groupby("year")[RATE].quantile([0.25, 0.5, 0.75]).unstack()
        by_year["states"] = part.groupby("year").size()
        # Years without an observation become gaps in the line.
        by_year = by_year.reindex(range(by_year.index.min(), by_year.index.max() + 1))
        _draw_rates(rate, by_year)
        in_system = panel[panel["region"] == region].groupby("year").size()
        _draw_area(number, in_system, color=GREY, alpha=0.35)
        _draw_area(number, by_year["states"].fillna(0), color=BLUE)
        rate.set_title(f"{SHORT_REGIONS.get(region, region)}: n = {len(part):,}")
        median = by_year.dropna()[0.5]
        first, last = median.index[0], median.index[-1]
        findings.append(f"{region} {median.iloc[0]:.0f} in {first}, {median.iloc[-1]:.0f} in {last}")
    for shared, label in ((rates, "deaths per\n1,000 births"), (numbers, "states")):
        for axes in shared[0 : len(regions) : 2]:
            axes.set_ylabel(label, fontsize=8)
        shared[0].set_ylim(0, None)
    figure.align_ylabels()
    return make_drawing(
        figure,
        title="Infant mortality by region, and how many states are observed",
        findings="median rate: " + "; ".join(findings),
        sample=f"n = {len(observed):,} state-years, {observed['year'].min()}-{observed['year'].max()}",
        notes=(
            "Line: median state; band: middle half of the states, in years with at least four. Below: states observed"
            f" (dark) and in the system (light); the set of observed states changes over time. {SOURCE}"
        ),
        is_synthetic=is_synthetic,
    )


@styled()
def coverage(frame: pd.DataFrame, *, is_synthetic: bool) -> Drawing:
    """Heat map of what is observed: variables by decade, variables with the same coverage in one row.

    Parameters
    ----------
    frame : DataFrame
        ``marts.coverage``; only its region ``All`` is drawn.
    is_synthetic : bool
        Whether the panel is the synthetic sample.

    Returns
    -------
    Drawing
        The shade is the share of the state-years of a decade in which the variable is observed, in per cent.

    Raises
    ------
    AnalysisError
        If there are no rows for region ``All``.
    """
    world = frame[frame["region"] == "All"]
    if world.empty:
        raise AnalysisError("marts.coverage has no rows for region 'All'")
    share = world.pivot(index="variable", columns="decade", values="share").astype(float)
    lines = _grouped_by_coverage(share)
    figure = Figure(figsize=(WIDTH, 1.6 + 0.2 * len(lines)), layout="constrained")
    axes = figure.subplots()
    mesh = axes.imshow(100.0 * lines.to_numpy(), cmap=SHADES, vmin=0, vmax=100, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(lines)), lines.index, fontsize=7.5)
    decades = range(0, lines.shape[1], 2)
    axes.set_xticks(decades, [f"{lines.columns[decade]}s" for decade in decades], fontsize=7.5, rotation=45)
    axes.set_xticks(np.arange(lines.shape[1]) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(lines)) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=0.6)
    axes.tick_params(length=0)
    axes.tick_params(which="minor", left=False, bottom=False)
    axes.spines[:].set_visible(False)
    figure.colorbar(mesh, ax=axes, label="Per cent of state-years observed", location="top", aspect=40, pad=0.01)
    n = int(world.groupby("decade")["state_years"].max().sum())
    totals = world.groupby("variable")[["non_null", "state_years"]].sum()
    observed = (totals["non_null"] / totals["state_years"]).sort_values(kind="stable")
    return make_drawing(
        figure,
        title="What is observed, by variable and decade",
        findings=(
            f"most complete: {observed.index[-1]} ({observed.iloc[-1]:.0%} of all state-years);"
            f" least: {observed.index[0]} ({observed.iloc[0]:.0%}); median variable {observed.median():.0%}"
        ),
        sample=f"n = {n:,} state-years, {len(share)} variables; variables with the same coverage share a row",
        notes=SOURCE,
        is_synthetic=is_synthetic,
    )


def _formation_panels(count: int) -> tuple[Figure, Axes, list[Axes]]:
    """The figure, its panel for the number of states, and panels for `count` rules with a common scale."""
    lines = count // 2 + 1
    figure = Figure(figsize=(WIDTH, 1.5 + 1.25 * lines), layout="constrained")
    states, *panels = figure.subplots(lines, 2, sharex=True, squeeze=False).ravel()
    for unused in panels[count:]:
        unused.set_visible(False)
    for number, axes in enumerate(panels[1:count], start=1):
        _share_scale(axes, panels[0], is_left=number % 2 == 1)  # the panel of the states is the first one on the left
    return figure, states, panels


def _region_panels(count: int) -> tuple[Figure, list[Axes], list[Axes]]:
    """The figure, and for `count` regions the panels of the rates and of the numbers of states."""
    lines = (count + 1) // 2
    figure = Figure(figsize=(WIDTH, 0.9 + 2.1 * lines), layout="constrained")
    grid = figure.subplots(2 * lines, 2, sharex=True, sharey=False, squeeze=False, height_ratios=[3, 1] * lines)
    rates, numbers = list(grid[0::2].ravel()), list(grid[1::2].ravel())
    for unused in (*rates[count:], *numbers[count:]):
        unused.set_visible(False)
    for panels in (rates, numbers):
        for number, axes in enumerate(panels[1:], start=1):
            _share_scale(axes, panels[0], is_left=number % 2 == 0)
    return figure, rates, numbers


def _share_scale(axes: Axes, first: Axes, is_left: bool) -> None:
    """Give two panels one vertical scale, labelled in the left column only."""
    axes.sharey(first)
    axes.tick_params(labelleft=is_left)


def _draw_area(axes: Axes, by_year: pd.Series, color: str, alpha: float | None = None) -> None:
    """The area between a series by year and zero."""
    years = by_year.index
    axes.fill([years[0], *years, years[-1]], [0, *by_year, 0], linewidth=0, color=color, alpha=alpha)


def _draw_rates(axes: Axes, by_year: pd.DataFrame) -> None:
    """The median and, in years with enough states, the band between the quartiles."""
    enough = by_year["states"] >= MIN_STATES_FOR_QUARTILES
    low, high = by_year[0.25].where(enough), by_year[0.75].where(enough)
    axes.fill_between(by_year.index, low, high, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(by_year.index, by_year[0.5], color=BLUE, linewidth=1.3)


def _grouped_by_coverage(share: pd.DataFrame) -> pd.DataFrame:
    """One row per group of variables with the same share in every decade, the best covered first."""
    alike = (
        share.round(6)
        .reset_index()
        .groupby(list(share.columns), dropna=False, sort=False)["variable"]
        .agg(lambda names: sorted(names, key=len))
    )
    lines = share.loc[[names[0] for names in alike]].set_axis([_group_label(names) for names in alike])
    return lines.loc[lines.mean(axis=1).sort_values(kind="stable").index[::-1]]


def _group_label(names: list[str]) -> str:
    """As many names as fit into LABEL_LENGTH, at least one, and the number of the others."""
    shown = names[:1]
    for name in names[1:]:
        if len(", ".join([*shown, name])) > LABEL_LENGTH:
            break
        shown.append(name)
    others = len(names) - len(shown)
    return ", ".join(shown) + (f" and {others} more" if others else "")
