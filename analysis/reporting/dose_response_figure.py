"""Figure of the dose-response bins: how often states form alliances after each size of change of infant mortality."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.core.errors import AnalysisError
from analysis.reporting.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SOURCE,
    WIDTH,
    Drawing,
    is_synthetic_frame,
    make_drawing,
    styled,
)

NEW_LINE = "\n"
COLOURS = {"falls": BLUE, "rises": ORANGE, "flagged": GREEN}


@styled()
def dose_response(frame: pd.DataFrame) -> Drawing:
    """Share of state-years with a formation by bin of the yearly change of infant mortality, with intervals.

    Parameters
    ----------
    frame : DataFrame
        ``results.dose_response``.

    Returns
    -------
    Drawing
        Points in per cent with 95 per cent intervals, and the share over all bins as a line; below each bin its number
        of state-years.

    Raises
    ------
    AnalysisError
        If no bin has a state-year.
    """
    rows = frame[frame["n"].fillna(0) > 0].sort_values("bin_order")
    if rows.empty:
        raise AnalysisError("results.dose_response has no bin with a state-year")
    share, low, high = (100.0 * rows[name].to_numpy(dtype=float) for name in ("share", "share_low", "share_high"))
    position = np.arange(len(rows))
    average = 100.0 * rows["events"].sum() / rows["n"].sum()
    figure = Figure(figsize=(WIDTH, 3.9), layout="constrained")
    axes = figure.subplots()
    axes.axhline(average, color=GREY, linewidth=0.9, linestyle="--", label=f"all: {average:.1f}%")
    for place, name in zip(position, rows["bin"], strict=True):
        colour = COLOURS.get(name.split()[0], GREY)
        axes.vlines(place, low[place], high[place], color=colour, linewidth=1.6)
        axes.plot(place, share[place], "o", color=colour)
        axes.annotate(
            f"{share[place]:.1f}",
            (place, share[place]),
            xytext=(5, 0),
            textcoords="offset points",
            fontsize=8,
            va="center",
        )
    labels = [f"{name.replace(' ', NEW_LINE, 1)}\n{n:,}" for name, n in zip(rows["bin"], rows["n"], strict=True)]
    axes.set_xticks(position, labels, fontsize=7.5)
    axes.set_xlim(-0.5, len(rows) - 0.2)
    axes.set_ylim(0, None)
    axes.set_ylabel("State-years with a formation, per cent")
    axes.set_xlabel("Yearly change of infant mortality,\ndeaths per 1,000 live births; below: state-years")
    axes.legend(fontsize=8, loc="upper left")
    findings = "; ".join(f"{name} {value:.1f}%" for name, value in zip(rows["bin"], share, strict=True))
    return make_drawing(
        figure,
        title="Formations by size of the change of infant mortality",
        findings=f"share with a formation: {findings}",
        sample=f"n = {rows['n'].sum():,} state-years, {rows['events'].sum():,} formations",
        notes=(
            "Shares without controls; 95% intervals clustered by state. A change at the end of a bin belongs to the bin"
            f" nearer to 0. {SOURCE}"
        ),
        is_synthetic=is_synthetic_frame(frame),
    )
