"""Figure of the production possibilities frontier: the best plans, and the gain of allying by demand."""

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.core.errors import AnalysisError
from analysis.reporting.drawing import BLUE, GREY, ORANGE, WIDTH, Drawing, add_title_and_note, styled
from analysis.theory.comparative_statics import comparative_statics, thresholds
from analysis.theory.frontier import DEFAULT, Parameters, Plan, frontier, solve

SHIFT = 4.0  # demand after the shift, as a multiple of demand before it
COSTLY = 1.25  # butter cost of the alliance drawn for contrast, as a multiple of the butter it frees after the shift
DEMANDS_DRAWN = 200
TITLE = "Guns, butter and allies: a model and a figure of our own"
NOT_DATA = "No observations: a solved model"
NOTE = (
    "Model, parameters and figure are ours: an illustration, not an estimate. They follow the argument of Kimball"
    " (2010, Journal of Peace Research 47(4):407-419), whose original figure was not available."
)


@dataclass(frozen=True)
class _Choice:
    """Both plans of a state at one demand, and whether it allies."""

    alone: Plan
    allied: Plan
    allies: bool

    @property
    def chosen(self) -> Plan:
        return self.allied if self.allies else self.alone

    def butter_freed(self, parameters: Parameters) -> float:
        """Butter freed by the alliance, before its cost."""
        return self.allied.butter + parameters.butter_cost - self.alone.butter


@styled()
def frontier_figure(parameters: Parameters = DEFAULT, shift: float = SHIFT) -> Figure:
    """Draw the frontier with the best plans before and after a demand shift, and the gain of allying by demand.

    Parameters
    ----------
    parameters : Parameters, default DEFAULT
        The model's parameters, with the demand before the shift.
    shift : float, default SHIFT
        Factor by which demand is multiplied, above 1.

    Returns
    -------
    Figure
        Upper panel: guns against butter, in the units of the parameters. Lower panel: utility of allying minus utility
        alone, for the alliance of `parameters` and, if the state can afford it, for one that costs more butter than it
        frees.

    Raises
    ------
    AnalysisError
        If `shift` is not above 1, or the state has no choice (it cannot be secure alone, or has no butter left when
        allied).
    """
    before, after = _choices(parameters, shift)
    figure = Figure(figsize=(WIDTH, 8.6), layout="constrained")
    plans, gains = figure.subplots(2, 1, height_ratios=(1.45, 1))
    _draw_plans(plans, parameters, before, after)
    _draw_gains(gains, parameters, shift, after)
    add_title_and_note(figure, TITLE, NOTE, is_synthetic=False)
    return figure


def frontier_drawing(parameters: Parameters = DEFAULT, shift: float = SHIFT) -> Drawing:
    """The frontier figure with its words; in place of an n it states that it shows no observations.

    Parameters
    ----------
    parameters, shift
        As in `frontier_figure`.

    Returns
    -------
    Drawing

    Raises
    ------
    AnalysisError
        As in `frontier_figure`.
    """
    return Drawing(frontier_figure(parameters, shift), frontier_alt_text(parameters, shift), TITLE, NOT_DATA, NOTE)


def frontier_alt_text(parameters: Parameters = DEFAULT, shift: float = SHIFT) -> str:
    """Alternative text of the frontier figure: the best plans before and after the shift, and the thresholds.

    Parameters
    ----------
    parameters, shift
        As in `frontier_figure`.

    Returns
    -------
    str

    Raises
    ------
    AnalysisError
        As in `frontier_figure`.
    """
    before, after = _choices(parameters, shift)
    parts = [TITLE + "."]
    for when, choice in (("Before", before), ("After", after)):
        parts.append(
            f"{when} the demand shift the best plan alone is {choice.alone.guns:.0f} guns and"
            f" {choice.alone.butter:.0f} butter, allied {choice.allied.guns:.0f} guns and"
            f" {choice.allied.butter:.0f} butter; the state {'allies' if choice.allies else 'stays alone'}."
        )
    crossings = ", ".join(
        f"{threshold.demand:.2f} ({'above' if threshold.is_rising else 'below'} it allying pays)"
        for threshold in thresholds(parameters, *_demand_range(parameters, shift))
    )
    parts.append(f"Thresholds of demand: {crossings or 'none in the range drawn'}.")
    return " ".join(parts)


def _choices(parameters: Parameters, shift: float) -> tuple[_Choice, _Choice]:
    """The choices before and after the demand shift."""
    if not shift > 1:
        raise AnalysisError(f"the demand shift must be a factor above 1, found {shift!r}")
    return _choice(parameters), _choice(replace(parameters, demand=parameters.demand * shift))


def _choice(parameters: Parameters) -> _Choice:
    solution = solve(parameters)
    if solution.alone is None or solution.allied is None:
        missing = "secure alone" if solution.alone is None else "left with butter when allied"
        raise AnalysisError(f"the figure compares two plans, and this state cannot be {missing}")
    return _Choice(solution.alone, solution.allied, solution.allies)


def _demand_range(parameters: Parameters, shift: float) -> tuple[float, float]:
    """The demands drawn: from well below the demand before the shift to well above the demand after it."""
    return parameters.demand / 5, parameters.demand * shift * 1.5


def _draw_plans(axes: Axes, parameters: Parameters, before: _Choice, after: _Choice) -> None:
    curve = frontier(parameters)
    axes.plot(curve["butter"], curve["guns"], color="black", linewidth=1.6)
    if parameters.butter_cost > 0:
        axes.plot(curve["butter"] - parameters.butter_cost, curve["guns"], color=GREY, linestyle=":")
    _draw_requirements(axes, parameters)
    for words, colour, marker, plans in (
        ("alone", ORANGE, "o", (before.alone, after.alone)),
        ("allied", BLUE, "D", (before.allied, after.allied)),
    ):
        for when, plan, face in (("before", plans[0], "white"), ("after", plans[1], colour)):
            is_chosen = plan is before.chosen or plan is after.chosen
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
                label=f"best {words}, {when}" + (", chosen" if is_chosen else ""),
            )
    _draw_move(axes, before.chosen, after.chosen)
    axes.set(
        title="a  The production possibilities frontier;\n    best plans before and after demand rises",
        xlabel="Butter" + (" (dotted: frontier less the alliance's cost)" if parameters.butter_cost > 0 else ""),
        ylabel="Guns of the state's own",
        xlim=(0, 1.03 * parameters.most_butter),
        ylim=(0, 1.06 * parameters.most_guns),
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=8.5)


def _draw_requirements(axes: Axes, parameters: Parameters) -> None:
    """The least guns alone and with the ally; the upper line is labelled above it, the lower one below."""
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


def _draw_move(axes: Axes, start: Plan, end: Plan) -> None:
    """An arrow, bent below the frontier, from the plan chosen before the shift to the plan chosen after it."""
    arrow = {"arrowstyle": "->", "connectionstyle": "arc3,rad=0.35", "shrinkA": 7, "shrinkB": 7, "color": "#333333"}
    axes.annotate("", (end.butter, end.guns), (start.butter, start.guns), arrowprops=arrow)


def _draw_gains(axes: Axes, parameters: Parameters, shift: float, after: _Choice) -> None:
    low, high = _demand_range(parameters, shift)
    demands, freed = np.linspace(low, high, DEMANDS_DRAWN), after.butter_freed(parameters)
    contrast = replace(parameters, butter_cost=COSTLY * freed)
    lines = [(parameters, BLUE, "-")]
    if contrast.butter_cost > 0 and solve(contrast).allied is not None:
        lines.append((contrast, ORANGE, "--"))
    for given, colour, style in lines:
        gain = comparative_statics(given, demands)["gain"]
        label = f"alliance that costs {given.butter_cost:.3g} butter"
        axes.plot(demands, gain, color=colour, linestyle=style, label=label)
    axes.axhline(0.0, color="black", linewidth=0.8)
    _label_gains(axes, parameters, shift)
    axes.margins(y=0.16)  # room for the labels at the top and beside the zero line
    axes.set(
        title=f"b  Gain of allying, by demand;\n    after the shift the alliance frees {freed:.3g} butter",
        xlabel="Demand for social policy (theta)",
        ylabel="Utility allied minus alone",
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=8.5)


def _label_gains(axes: Axes, parameters: Parameters, shift: float) -> None:
    """Mark the sides of the zero line, the demands before and after the shift, and the thresholds."""
    low, high = _demand_range(parameters, shift)
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
