"""Figures of the results by model: predicted probabilities, coefficients of one term, and the separation plot."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.core.conventions import SIGNIFICANCE_LEVEL
from analysis.core.errors import AnalysisError
from analysis.reporting.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SOURCE,
    WIDTH,
    Drawing,
    is_synthetic_frame,
    make_drawing,
    mart_source,
    styled,
    value_range,
)
from analysis.reporting.regression_tables import model_label, short_name, term_label
from analysis.studies.kimball import HEADLINE_MODEL, MORTALITY, ROSE

COVARIANCES = {  # label, colour, marker
    "stata_robust": ("robust", GREY, "o"),
    "cluster_state": ("by state", BLUE, "s"),
    "cluster_state_jackknife": ("linearised jackknife by state", PURPLE, "v"),
    "cluster_state_year": ("by state and year", ORANGE, "D"),
    "score_bootstrap": ("score bootstrap by state", GREEN, "^"),
}
SEPARATION_BINS = 320  # vertical strips; more cannot be distinguished at the figure's width


@styled()
def predicted_probabilities(frame: pd.DataFrame, models: pd.DataFrame, model: str = HEADLINE_MODEL) -> Drawing:
    """Average predicted probability over the range of each mortality term of one model, with 95 per cent intervals.

    Parameters
    ----------
    frame : DataFrame
        ``results.predicted_probabilities``.
    models : DataFrame
        ``results.models``.
    model : str, default HEADLINE_MODEL
        Name of the model to draw.

    Returns
    -------
    Drawing
        One panel per mortality term; the vertical axis is in per cent.

    Raises
    ------
    AnalysisError
        If the model is unknown, has no n or has no predicted probabilities.
    """
    summary, rows = _model_row(models, model), frame[frame["model"] == model]
    if rows.empty:
        raise AnalysisError(f"no predicted probabilities for {model}; available for: {_joined(frame['model'])}")
    terms = [term for term in dict.fromkeys(rows["term"]) if term in MORTALITY]
    # A term of two values needs less width than a curve.
    widths = [1 if (rows["term"] == term).sum() == 2 else 2 for term in terms]
    figure, findings = Figure(figsize=(WIDTH, 3.9), layout="constrained"), []
    panels = figure.subplots(1, len(terms), sharey=True, squeeze=False, width_ratios=widths)[0]
    for panel, term in zip(panels, terms, strict=True):
        part = rows[rows["term"] == term].sort_values("value")
        _draw_probabilities(panel, part)
        panel.set_xlabel(fill(term_label(term), 26))
        first, last = part.iloc[0], part.iloc[-1]
        findings.append(
            f"{term_label(term)}: {100.0 * first['probability']:.1f} per cent at {first['value']:g},"
            f" {100.0 * last['probability']:.1f} per cent at {last['value']:g}"
        )
    panels[0].set(ylabel="Probability of a formation, per cent", ylim=(0, None))
    formed = summary["outcome"].removeprefix("forms_").replace("_", " ")
    title = f"Predicted probability of a formation: {formed}"
    size = (
        f"n = {summary['n']:,.0f} state-years, {summary['events']:,.0f} formations, {summary['clusters']:,.0f} states"
    )
    sample = f"{short_name(model)}, {summary['sample']}: {size}; all else as observed; 95% intervals, by state"
    return make_drawing(figure, title, "; ".join(findings), sample, mart_source(models), is_synthetic_frame(frame))


@styled()
def rise_by_model(coefficients: pd.DataFrame, models: pd.DataFrame, term: str = ROSE) -> Drawing:
    """Coefficient of one term in every model that has it, with the 95 per cent interval of every covariance.

    Parameters
    ----------
    coefficients : DataFrame
        ``results.coefficients``.
    models : DataFrame
        ``results.models``.
    term : str, default ROSE
        Name of the term to draw.

    Returns
    -------
    Drawing
        One panel per obligation rule, one row per model; the horizontal axis is in units of the linear index.

    Raises
    ------
    AnalysisError
        If no model has the term, or a model that has it has no n.
    """
    rows = coefficients[coefficients["term"] == term].merge(models[["model", "sample", "n"]], on="model")
    if rows.empty:
        raise AnalysisError(f"no model has the term {term}")
    if rows["n"].isna().any():
        raise AnalysisError(f"no figure without n: missing for {_joined(rows.loc[rows['n'].isna(), 'model'])}")
    rows["rule"] = rows["rule"].fillna("as published")
    groups = {str(rule): list(dict.fromkeys(part["model"])) for rule, part in rows.groupby("rule", sort=False)}
    heights = [len(members) for members in groups.values()]
    figure = Figure(figsize=(WIDTH, 1.9 + 0.48 * sum(heights)), layout="constrained")
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    shown = [name for name in COVARIANCES if name in set(rows["covariance"])]
    for panel, (rule, members) in zip(panels, groups.items(), strict=True):
        _draw_coefficients(panel, rows[rows["rule"] == rule].set_index(["covariance", "model"]), members, shown)
        panel.set_title(f"Alliances counted: {rule}")
    panels[-1].set_xlabel(f"Coefficient of: {term_label(term)}")
    panels[0].legend(loc="lower left", bbox_to_anchor=(-0.25, 1.1), ncols=2, fontsize=8, columnspacing=1.2)
    significant = ", ".join(
        f"{(rows.loc[rows['covariance'] == name, 'p_value'] < SIGNIFICANCE_LEVEL).sum()} of {sum(heights)}"
        f" ({COVARIANCES[name][0]})"
        for name in shown
    )
    title = f"{term_label(term)}: {sum(heights)} models, {len(shown)} covariances"
    estimates = f"estimates from {rows['estimate'].min():.3f} to {rows['estimate'].max():.3f}"
    return make_drawing(
        figure,
        title,
        findings=f"{estimates}; p < 0.05 in: {significant}",
        sample=f"n = {value_range(rows['n'])} state-years per model",
        notes=f"95% intervals; p < 0.05 in: {significant}. {mart_source(models)}",
        is_synthetic=is_synthetic_frame(coefficients),
    )


@styled()
def separation(frame: pd.DataFrame) -> Drawing:
    """Separation plot: state-years in order of their predicted probability, with the events shaded.

    Parameters
    ----------
    frame : DataFrame
        ``results.separation``, one row per predicted state-year.

    Returns
    -------
    Drawing
        The shade is the share of state-years with a formation in each strip, the line the predicted probability in
        per cent, the triangle the expected number of formations.

    Raises
    ------
    AnalysisError
        If there are no predictions.

    References
    ----------
    Greenhill, Ward & Sacks (2011), American Journal of Political Science 55(4): 991-1002.
    """
    rows = frame.sort_values("rank")
    n, probability = len(rows), rows["probability"].to_numpy(dtype=float)
    outcome = rows["outcome"].to_numpy(dtype=float)
    if n == 0:
        raise AnalysisError("no predictions to show")
    figure, expected = Figure(figsize=(WIDTH, 3.2), layout="constrained"), probability.sum()
    panel = figure.subplots()
    bins = min(SEPARATION_BINS, n)
    bin_of_row = np.arange(n) * bins // n
    share = np.bincount(bin_of_row, weights=outcome) / np.bincount(bin_of_row)
    strip = panel.imshow(
        share[None, :],
        cmap="Oranges",
        vmin=0,
        aspect="auto",
        interpolation="nearest",
        extent=(0, n, 0, 1),
        alpha=0.9,
    )
    line = panel.twinx()
    line.plot(np.arange(n) + 0.5, 100.0 * probability, color="black", linewidth=1.3)
    line.set(ylim=(0, None), ylabel="Probability, per cent (line)")
    line.spines["right"].set_visible(True)
    panel.plot([n - expected], [-0.04], marker="^", color="black", clip_on=False, markersize=7)
    panel.set(xlim=(0, n), ylim=(0, 1), yticks=[], xlabel="State-years, the least probable first")
    panel.set_xticks([0, n], ["1", f"{n:,}"])
    figure.colorbar(strip, ax=panel, location="left", label="Share with a formation", shrink=0.9)
    best = outcome[-max(n // 10, 1) :].sum() / max(outcome.sum(), 1.0)
    size = f"n = {n:,} state-years, {int(outcome.sum()):,} formations; {expected:,.0f} expected (triangle)"
    return make_drawing(
        figure,
        title=f"Formations in order of predicted probability, {rows['scheme'].iloc[0]}",
        findings=f"the tenth with the highest probability holds {best:.0%} of the formations",
        sample=f"{short_name(rows['model'].iloc[0])}: {size}",
        notes=f"The tenth with the highest probability holds {best:.0%} of the formations. {SOURCE}",
        is_synthetic=is_synthetic_frame(frame),
    )


def _draw_probabilities(panel: Axes, part: pd.DataFrame) -> None:
    """Two points with intervals for a term of 0 and 1, else a curve with a band."""
    value, probability = part["value"], 100.0 * part["probability"]
    low, high = 100.0 * part["conf_low"], 100.0 * part["conf_high"]
    if len(part) == 2:
        panel.errorbar(value, probability, [probability - low, high - probability], fmt="o", color=BLUE, capsize=4)
        panel.set(xlim=(-0.6, 1.6), xticks=[0, 1], xticklabels=["no", "yes"])
    else:
        panel.fill_between(value, low, high, color=BLUE, alpha=0.2, linewidth=0)
        panel.plot(value, probability, color=BLUE)


def _draw_coefficients(panel: Axes, rows: pd.DataFrame, members: list[str], covariances: list[str]) -> None:
    """One row per model of `members`, one interval per covariance; `rows` is indexed by covariance and model."""
    for number, name in enumerate(covariances):
        label, colour, marker = COVARIANCES[name]
        part = rows.loc[name].reindex(members)
        height = np.arange(len(members)) + 0.15 * (number - (len(covariances) - 1) / 2.0)
        panel.hlines(height, part["conf_low"], part["conf_high"], color=colour, linewidth=1.4)
        panel.plot(part["estimate"], height, marker, color=colour, markersize=4, label=label)
    sizes = rows.groupby(level="model").first().loc[members]
    labels = [
        fill(f"{model_label(name, sample)}; n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{n:,.0f}", 20)
        for name, sample, n in zip(members, sizes["sample"], sizes["n"], strict=True)
    ]
    panel.set_yticks(range(len(members)), labels, fontsize=8)
    panel.set_ylim(len(members) - 0.5, -0.5)
    panel.axvline(0, color="black", linewidth=0.8)


def _model_row(models: pd.DataFrame, name: str) -> pd.Series:
    """The row of one model in results.models; AnalysisError if it is not there or has no n."""
    found = models[models["model"] == name]
    if found.empty:
        raise AnalysisError(f"no model {name!r} in results.models; available: {_joined(models['model'])}")
    if pd.isna(found["n"].iloc[0]):
        raise AnalysisError(f"no figure without n: results.models has no n for {name}")
    return found.iloc[0]


def _joined(names: pd.Series) -> str:
    return ", ".join(dict.fromkeys(names))
