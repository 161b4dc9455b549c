"""Figure of the specification curve: all effects in order, and below them the choices that lead to each."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from analysis.core.conventions import SIGNIFICANCE_LEVEL
from analysis.core.errors import AnalysisError
from analysis.reporting.drawing import (
    BLUE,
    GREY,
    ORANGE,
    SHADES,
    SOURCE,
    WIDTH,
    Drawing,
    is_synthetic_frame,
    make_drawing,
    styled,
    value_range,
)
from analysis.studies.multiverse.dimensions import CHOICES
from analysis.studies.multiverse.statistics import CRITICAL_Z
from analysis.studies.specification_curve import OBSERVED

CHOICE_LABELS = {
    "rule": "Rule",
    "mortality_source": "Series",
    "measure": "Measure",
    "mortality_lag": "Lag",
    "time_dependence": "Time",
    "controls": "Controls",
    "sample": "Sample",
    "family": "Link",
    "unit_effects": "States",
    "calendar_effects": "Calendar",
    "covariance": "Errors",
    "flagged_values": "Flagged",
}
BINS = 160  # columns of shade; more cannot be distinguished at the figure's width
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@styled()
def specification_curve(frame: pd.DataFrame) -> Drawing:
    """Effects of all specifications in order with their intervals, and below them the choices behind each.

    Parameters
    ----------
    frame : DataFrame
        ``results.specification_curve``, of which the observed curve is drawn.

    Returns
    -------
    Drawing
        The effect is in percentage points per standard deviation of the mortality term, so that the measures are
        comparable; its interval is that of the coefficient, rescaled. Each row below shades the share of the
        neighbouring specifications that make a choice, and gives the share of its specifications that are positive at
        p < 0.05.

    Raises
    ------
    AnalysisError
        If no specification could be fitted.

    References
    ----------
    Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4: 1208-1214.
    """
    frame = frame[frame["curve"] == OBSERVED]
    rows = frame[frame["problem"].isna() & frame["effect"].notna()].sort_values(["effect", "specification"])
    if rows.empty:
        raise AnalysisError("no specification could be fitted; the reasons are in the column problem")
    effect = 100.0 * rows["effect"].to_numpy(dtype=float)
    significant = rows["p_value"].to_numpy(dtype=float) < SIGNIFICANCE_LEVEL
    positive, negative = significant & (effect > 0), significant & (effect < 0)
    used = {name: [value for value in values if (rows[name] == value).any()] for name, values in CHOICES.items()}
    figure = Figure(
        figsize=(WIDTH, 4.2 + 0.165 * sum(map(len, used.values()))),
        layout=ConstrainedLayoutEngine(hspace=0, h_pad=0.03),
    )
    top, *boards = figure.subplots(
        1 + len(used), 1, sharex=True, height_ratios=[17, *(len(values) for values in used.values())]
    )
    half_width = CRITICAL_Z * np.abs(effect / rows["statistic"].to_numpy(dtype=float))
    _draw_effects(top, effect, half_width, positive, negative)
    for board, (name, values) in zip(boards, used.items(), strict=True):
        _draw_choice(board, rows[name], values, positive)
        board.set_ylabel(CHOICE_LABELS[name], rotation=0, ha="right", va="center", fontsize=8, fontweight="bold")
    figure.align_ylabels(boards)
    failed = int(frame["problem"].notna().sum())
    shading = "Shade: share of the specifications at that position that make the choice; 95% intervals"
    shares = f"{positive.mean():.0%} positive, {negative.mean():.0%} negative at p < 0.05"
    return make_drawing(
        figure,
        title=f"{len(rows):,} specifications: {shares}",
        findings=f"{(effect > 0).mean():.0%} positive; median effect {np.median(effect):.2f} percentage points",
        sample=(
            f"n = {value_range(rows['n'])} state-years, {value_range(rows['events'])} formations;"
            f" {failed} could not be fitted"
        ),
        notes=f"{shading}. {SOURCE}",
        is_synthetic=is_synthetic_frame(frame),
    )


def _draw_effects(axes: Axes, effect: Floats, half_width: Floats, positive: Mask, negative: Mask) -> None:
    """The curve of effects, in percentage points, and their intervals coloured by sign and significance."""
    order, alpha = np.arange(len(effect)), min(0.8, max(0.25, 300 / len(effect)))
    low, high = effect - half_width, effect + half_width
    for label, rows, colour in (
        ("negative, p < 0.05", negative, ORANGE),
        ("p ≥ 0.05", ~(positive | negative), GREY),
        ("positive, p < 0.05", positive, BLUE),
    ):
        intervals = axes.vlines(order[rows], low[rows], high[rows], color=colour, alpha=alpha, linewidth=0.4)
        intervals.set_rasterized(True)  # thousands of vector lines would make the SVG too large for a page
        axes.plot([], [], "s", color=colour, label=label)
    axes.plot(order, effect, color="black", linewidth=1.2)
    axes.axhline(0, color="black", linewidth=0.8)
    # The longest intervals are cut off, so that the curve stays readable.
    bottom, top = np.quantile(np.concatenate([low, high]), [0.002, 0.998])
    axes.set_ylim(min(bottom - 0.1, 0.0), max(top + 0.1, 0.0))
    axes.set(
        ylabel="Effect of one standard deviation\non the probability, percentage points",
        xlim=(-0.5, len(effect) - 0.5),
        xticks=[],
    )
    axes.legend(fontsize=8, loc="upper left")
    axes.annotate(
        "positive,\np < 0.05",
        (1, 0),
        xycoords="axes fraction",
        xytext=(3, 2),
        textcoords="offset points",
        fontsize=7,
    )


def _draw_choice(axes: Axes, chosen: pd.Series, values: list[str | int], positive: Mask) -> None:
    """One row of shade per value of a choice; `chosen` (S,) is in the order of the curve."""
    count = len(chosen)
    bins = min(BINS, count)
    bin_of_row = np.arange(count) * bins // count
    shade = [np.bincount(bin_of_row[chosen == value], minlength=bins) / np.bincount(bin_of_row) for value in values]
    axes.imshow(
        shade,
        cmap=SHADES,
        vmin=0,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, count - 0.5, len(values) - 0.5, -0.5),
    )
    axes.set_yticks(range(len(values)), [str(value) for value in values], fontsize=7)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for line, value in enumerate(values):
        axes.annotate(
            f"{positive[(chosen == value).to_numpy()].mean():.0%}",
            (1, line),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            fontsize=7,
            va="center",
        )
