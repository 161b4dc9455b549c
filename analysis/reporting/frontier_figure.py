"""The figure of the production possibilities frontier: the best plans on it, and the gain of allying by demand."""

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.core.errors import AnalysisError
from analysis.reporting.drawing import BLUE, GREY, ORANGE, WIDTH, Drawing, finish, styled
from analysis.theory.frontier import (
    DEFAULT,
    Parameters,
    Plan,
    Solution,
    comparative_statics,
    frontier,
    solve,
    thresholds,
)

SHIFT = 4.0  # demand after, as a multiple of demand before
COSTLY = 1.25  # the butter cost of the alliance drawn for contrast, as a multiple of what it frees after the shift
DEMANDS_DRAWN = 200
TITLE = "Guns, butter and allies: a model and a figure of our own"
NOT_DATA = "No observations: a solved model"
FOOT = (
    "Model, parameters and figure are ours: an illustration, not an estimate. The argument is that of Kimball (2010,"
    " Journal of Peace Research 47(4):407-419), whose own drawing is not known to us."
)


@styled()
def frontier_figure(parameters: Parameters = DEFAULT, shift: float = SHIFT) -> Figure:
    """Two panels: the frontier with the best plans alone and allied, before and after demand is multiplied by `shift`;
    and the gain of allying by demand, with its thresholds, beside that of an alliance costing more than it frees (if
    the state can afford one).

    AnalysisError where the state has no choice (cannot be secure alone, or has no butter left allied), or shift is not
    above 1.
    """
    before, after = choices(parameters, shift)
    figure = Figure(figsize=(WIDTH, 8.6), layout="constrained")
    plans, gains = figure.subplots(2, 1, height_ratios=(1.45, 1))
    draw_plans(plans, parameters, before, after)
    draw_gains(gains, parameters, shift, after)
    finish(figure, TITLE, FOOT, is_synthetic=False)
    return figure


def frontier_drawing(parameters: Parameters = DEFAULT, shift: float = SHIFT) -> Drawing:
    """The figure with its words. It shows a solved model and no data, and says so in place of an n."""
    return Drawing(frontier_figure(parameters, shift), frontier_alt_text(parameters, shift), TITLE, NOT_DATA, FOOT)


def frontier_alt_text(parameters: Parameters = DEFAULT, shift: float = SHIFT) -> str:
    """What the figure shows, in words, for those who cannot see it."""
    before, after = choices(parameters, shift)
    parts = [TITLE + "."]
    for when, solution in (("Before", before), ("After", after)):
        parts.append(
            f"{when} the demand shift the best plan alone is {solution.alone.guns:.0f} guns and"
            f" {solution.alone.butter:.0f} butter, allied {solution.allied.guns:.0f} guns and"
            f" {solution.allied.butter:.0f} butter; the state {'allies' if solution.allies else 'stays alone'}."
        )
    crossings = ", ".join(
        f"{threshold.demand:.2f} ({'above' if threshold.is_rising else 'below'} it allying pays)"
        for threshold in thresholds(parameters, *demand_range(parameters, shift))
    )
    parts.append(f"Thresholds of demand: {crossings or 'none in the range drawn'}.")
    return " ".join(parts)


def choices(parameters: Parameters, shift: float) -> tuple[Solution, Solution]:
    """The solutions before and after the demand shift."""
    if not shift > 1:
        raise AnalysisError(f"the demand shift must be a factor above 1, found {shift!r}")
    before, after = solve(parameters), solve(replace(parameters, demand=parameters.demand * shift))
    if before.alone is None or before.allied is None:
        missing = "secure alone" if before.alone is None else "left with butter when allied"
        raise AnalysisError(f"the figure compares two plans, and this state cannot be {missing}")
    return before, after


def demand_range(parameters: Parameters, shift: float) -> tuple[float, float]:
    """The demands drawn: from well below the one before the shift to well above the one after."""
    return parameters.demand / 5, parameters.demand * shift * 1.5


def draw_plans(axes: Axes, parameters: Parameters, before: Solution, after: Solution) -> None:
    curve = frontier(parameters)
    axes.plot(curve["butter"], curve["guns"], color="black", linewidth=1.6)
    if parameters.butter_cost > 0:
        axes.plot(curve["butter"] - parameters.butter_cost, curve["guns"], color=GREY, linestyle=":")
    draw_requirements(axes, parameters)
    for words, colour, marker, plans in (
        ("alone", ORANGE, "o", (before.alone, after.alone)),
        ("allied", BLUE, "D", (before.allied, after.allied)),
    ):
        for when, plan, face in (("before", plans[0], "white"), ("after", plans[1], colour)):
            axes.plot(
                plan.butter,
                plan.guns,
                marker=marker,
                markersize=8.5,
                markerfacecolor=face,
                markeredgecolor=colour,
                markeredgewidth=1.8,
                linestyle="none",
                zorder=3,
                label=f"best {words}, {when}" + (", chosen" if plan is chosen(before) or plan is chosen(after) else ""),
            )
    draw_move(axes, chosen(before), chosen(after))
    axes.set(
        title="a  The production possibilities frontier;\n    best plans before and after demand rises",
        xlabel="Butter" + (" (dotted: frontier less the alliance's cost)" if parameters.butter_cost > 0 else ""),
        ylabel="Guns of the state's own",
        xlim=(0, 1.03 * parameters.most_butter),
        ylim=(0, 1.06 * parameters.most_guns),
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=8.5)


def chosen(solution: Solution) -> Plan:
    return solution.allied if solution.allies else solution.alone


def draw_requirements(axes: Axes, parameters: Parameters) -> None:
    """The least guns alone and with the ally, labelled away from each other: the upper line above, the lower below."""
    alone = parameters.requirement
    allied = max(alone - parameters.ally_contribution, 0.0)
    near_floor = allied < 0.1 * parameters.most_guns
    for level, colour, words, style, is_above in (
        (alone, ORANGE, "guns required alone", "--", True),
        (allied, BLUE, "guns required with the ally", "-.", near_floor),
    ):
        axes.axhline(level, color=colour, linewidth=1.1, linestyle=style)
        axes.annotate(
            f"{words}: {level:.3g}",
            (0.0, level),
            xytext=(5, 4 if is_above else -4),
            textcoords="offset points",
            va="bottom" if is_above else "top",
            color=colour,
        )


def draw_move(axes: Axes, start: Plan, end: Plan) -> None:
    """An arrow, bent below the frontier, from the plan chosen before the shift to the plan chosen after it."""
    arrow = {"arrowstyle": "->", "connectionstyle": "arc3,rad=0.35", "shrinkA": 7, "shrinkB": 7, "color": "#333333"}
    axes.annotate("", (end.butter, end.guns), (start.butter, start.guns), arrowprops=arrow)


def draw_gains(axes: Axes, parameters: Parameters, shift: float, after: Solution) -> None:
    low, high = demand_range(parameters, shift)
    demands = np.linspace(low, high, DEMANDS_DRAWN)
    contrast = replace(parameters, butter_cost=COSTLY * freed(parameters, after))
    lines = [(parameters, BLUE, "-")]
    if contrast.butter_cost > 0 and solve(contrast).allied is not None:
        lines.append((contrast, ORANGE, "--"))
    for given, colour, style in lines:
        gain = comparative_statics(given, demands)["gain"]
        words = f"alliance that costs {given.butter_cost:.3g} butter"
        axes.plot(demands, gain, color=colour, linestyle=style, label=words)
    axes.axhline(0.0, color="black", linewidth=0.8)
    for words, offset, side in (("allies", 4, "bottom"), ("stays alone", -4, "top")):
        axes.annotate(words, (high, 0), xytext=(0, offset), textcoords="offset points", va=side, ha="right")
    for words, demand in (("before", parameters.demand), ("after", parameters.demand * shift)):
        axes.axvline(demand, color=GREY, linewidth=0.9, linestyle=":")
        axes.annotate(
            words,
            (demand, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(4, -2),
            textcoords="offset points",
            va="top",
            color="#555555",
        )
    for threshold in thresholds(parameters, low, high):
        axes.plot(threshold.demand, 0.0, marker="o", color="black", zorder=3)
        axes.annotate(
            f"threshold {threshold.demand:.2f}",
            (threshold.demand, 0.0),
            xytext=(4, -5 if threshold.is_rising else 5),
            textcoords="offset points",
            va="top" if threshold.is_rising else "bottom",
        )
    axes.margins(y=0.16)  # room for the words at the top and beside the line of no gain
    axes.set(
        title=f"b  Gain of allying, by demand;\n    after the shift the alliance frees {freed(parameters, after):.3g} butter",
        xlabel="Demand for social policy (theta)",
        ylabel="Utility allied minus alone",
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=8.5)


def freed(parameters: Parameters, solution: Solution) -> float:
    """Butter freed by the alliance, before its cost."""
    return solution.allied.butter + parameters.butter_cost - solution.alone.butter
