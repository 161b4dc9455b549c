"""The figures of the results: each drawn from one table, with its n, its source and its alternative text."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.core.errors import AnalysisError
from analysis.reporting.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SHADES,
    SOURCE,
    WIDTH,
    Drawing,
    drawn,
    is_synthetic_frame,
    mart_source,
    span,
    styled,
)
from analysis.reporting.regression_tables import short_name, term_label
from analysis.studies.kimball import HEADLINE_MODEL, MORTALITY
from analysis.studies.specification_curve import CHOICES

COVARIANCES = {  # label, colour, marker
    "stata_robust": ("robust", GREY, "o"),
    "cluster_state": ("by state", BLUE, "s"),
    "cluster_state_jackknife": ("jackknife by state", PURPLE, "v"),
    "cluster_state_year": ("by state and year", ORANGE, "D"),
    "score_bootstrap": ("score bootstrap by state", GREEN, "^"),
}
CHOICE_LABELS = {
    "rule": "Rule",
    "mortality_source": "Series",
    "measure": "Measure",
    "mortality_lag": "Lag",
    "time_dependence": "Time",
    "controls": "Controls",
    "sample": "Sample",
    "family": "Link",
}
SIGNIFICANT = 0.05
BINS = 160  # columns of shade in which many rows in order are shown


@styled()
def predicted_probabilities(frame: pd.DataFrame, models: pd.DataFrame, model: str = HEADLINE_MODEL) -> Drawing:
    """Average predicted probability over the range of each mortality term of one model, with 95 per cent intervals.

    frame, models: results.predicted_probabilities and results.models.
    """
    fitted, rows = one_model(models, model), frame[frame["model"] == model]
    if rows.empty:
        raise AnalysisError(f"no predicted probabilities for {model}; there are for: {listed(frame['model'])}")
    terms = [term for term in dict.fromkeys(rows["term"]) if term in MORTALITY]
    figure, said = Figure(figsize=(WIDTH, 3.9), layout="constrained"), []
    panels = figure.subplots(1, len(terms), sharey=True, squeeze=False, width_ratios=panel_widths(rows, terms))[0]
    for panel, term in zip(panels, terms, strict=True):
        part = rows[rows["term"] == term].sort_values("value")
        value, probability = part["value"], 100.0 * part["probability"]
        low, high = 100.0 * part["conf_low"], 100.0 * part["conf_high"]
        if len(part) == 2:
            panel.errorbar(value, probability, [probability - low, high - probability], fmt="o", color=BLUE, capsize=4)
            panel.set(xlim=(-0.6, 1.6), xticks=[0, 1], xticklabels=["no", "yes"])
        else:
            panel.fill_between(value, low, high, color=BLUE, alpha=0.2, linewidth=0)
            panel.plot(value, probability, color=BLUE)
        panel.set_xlabel(fill(term_label(term), 26))
        first, last = part.iloc[0], part.iloc[-1]
        said.append(
            f"{term_label(term)}: {percent(first['probability'])} at {first['value']:g},"
            f" {percent(last['probability'])} at {last['value']:g}"
        )
    panels[0].set(ylabel="Probability of a formation, per cent", ylim=(0, None))
    formed = fitted["outcome"].removeprefix("forms_").replace("_", " ")
    title = f"Predicted probability of a formation: {formed}"
    sample = (
        f"{short_name(model)}, {fitted['sample']}: {size_words(fitted)}; all else as observed; 95% intervals, by state"
    )
    return drawn(figure, title, "; ".join(said), sample, mart_source(models), is_synthetic_frame(frame))


@styled()
def rise_by_model(coefficients: pd.DataFrame, models: pd.DataFrame, term: str = "infant_mortality_rose") -> Drawing:
    """The coefficient of `term` in every model that has it, under every covariance: dots and 95 per cent intervals.

    coefficients, models: as in the results.
    """
    rows = coefficients[coefficients["term"] == term].merge(models[["model", "sample", "n"]], on="model")
    if rows.empty:
        raise AnalysisError(f"no model has the term {term}")
    if rows["n"].isna().any():
        raise AnalysisError(f"no figure without n: missing for {listed(rows.loc[rows['n'].isna(), 'model'])}")
    rows["rule"] = rows["rule"].fillna("as published")
    groups = [(rule, list(dict.fromkeys(part["model"]))) for rule, part in rows.groupby("rule", sort=False)]
    lines = sum(len(members) for _, members in groups)
    figure = Figure(figsize=(WIDTH, 1.9 + 0.48 * lines), layout="constrained")
    heights = [len(members) for _, members in groups]
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    shown = [name for name in COVARIANCES if name in set(rows["covariance"])]
    for panel, (rule, members) in zip(panels, groups, strict=True):
        here = rows[rows["rule"] == rule].set_index(["covariance", "model"])
        for place, name in enumerate(shown):
            label, colour, marker = COVARIANCES[name]
            part = here.loc[name].reindex(members)
            height = np.arange(len(members)) + 0.15 * (place - (len(shown) - 1) / 2.0)
            panel.hlines(height, part["conf_low"], part["conf_high"], color=colour, linewidth=1.4)
            panel.plot(part["estimate"], height, marker, color=colour, markersize=4, label=label)
        sizes = here.groupby(level="model").first().loc[members]
        labels = [
            f"{short_name(row.Index).split('/')[0]}  {row.sample}\nn = {row.n:,.0f}" for row in sizes.itertuples()
        ]
        panel.set_yticks(range(len(members)), labels, fontsize=8)
        panel.set_ylim(len(members) - 0.5, -0.5)
        panel.set_title(f"Alliances counted: {rule}")
        panel.axvline(0, color="black", linewidth=0.8)
    panels[-1].set_xlabel(f"Coefficient of: {term_label(term)}")
    panels[0].legend(loc="lower left", bbox_to_anchor=(-0.25, 1.1), ncols=2, fontsize=8, columnspacing=1.2)
    counted = ", ".join(
        f"{(rows.loc[rows['covariance'] == name, 'p_value'] < SIGNIFICANT).sum()} of {lines} ({COVARIANCES[name][0]})"
        for name in shown
    )
    title = f"{term_label(term)}: {lines} models, {len(shown)} covariances"
    said = f"estimates from {rows['estimate'].min():.3f} to {rows['estimate'].max():.3f}; p < 0.05 in: {counted}"
    sample, notes = f"n = {span(rows['n'])} state-years a model", f"95% intervals; p < 0.05 in: {counted}"
    is_synthetic = is_synthetic_frame(coefficients)
    return drawn(figure, title, said, sample, f"{notes}. {mart_source(models)}", is_synthetic)


@styled()
def specification_curve(frame: pd.DataFrame) -> Drawing:
    """Effects of all specifications in order with their intervals; below, where in that order each choice lies.

    frame: as results.specification_curve. The effect is per standard deviation of the mortality term, so that measures
    compare; its interval is that of the coefficient, scaled.
    """
    rows = frame[frame["problem"].isna() & frame["effect"].notna()].sort_values(["effect", "specification"])
    if rows.empty:
        raise AnalysisError("no specification could be fitted; the reasons are in the column problem")
    effect = 100.0 * rows["effect"].to_numpy()
    reach = 1.959964 * np.abs(effect / rows["statistic"].to_numpy())
    significant = rows["p_value"].to_numpy() < SIGNIFICANT
    kinds = {
        "negative, p < 0.05": (significant & (effect < 0), ORANGE),
        "p ≥ 0.05": (~significant, GREY),
        "positive, p < 0.05": (significant & (effect > 0), BLUE),
    }
    positive, negative = kinds["positive, p < 0.05"][0], kinds["negative, p < 0.05"][0]
    used = {name: [v for v in values if (rows[name] == v).any()] for name, values in CHOICES.items()}
    n_lines = sum(map(len, used.values()))
    figure = Figure(figsize=(WIDTH, 4.2 + 0.165 * n_lines), layout="constrained")
    top, *boards = figure.subplots(
        1 + len(used), 1, sharex=True, height_ratios=[17, *(len(values) for values in used.values())]
    )
    figure.get_layout_engine().set(hspace=0, h_pad=0.03)
    order, faint = np.arange(len(rows)), min(0.8, max(0.25, 300 / len(rows)))
    for label, (which, colour) in kinds.items():
        top.vlines(
            order[which], (effect - reach)[which], (effect + reach)[which], color=colour, alpha=faint, linewidth=0.4
        ).set_rasterized(True)
        top.plot([], [], "s", color=colour, label=label)
    top.plot(order, effect, color="black", linewidth=1.2)
    top.axhline(0, color="black", linewidth=0.8)
    low, high = np.quantile(np.concatenate([effect - reach, effect + reach]), [0.002, 0.998])  # a few ends are cut off
    top.set_ylim(min(low - 0.1, 0.0), max(high + 0.1, 0.0))
    top.set(
        ylabel="Effect of one standard deviation\non the probability, percentage points",
        xlim=(-0.5, len(rows) - 0.5),
        xticks=[],
    )
    top.legend(fontsize=8, loc="upper left")
    top.annotate(
        "positive,\np < 0.05",
        (1, 0),
        xycoords="axes fraction",
        xytext=(3, 2),
        textcoords="offset points",
        fontsize=7,
    )
    for board, (name, values) in zip(boards, used.items(), strict=True):
        bins = min(BINS, len(rows))
        place = order * bins // len(rows)
        shade = [np.bincount(place[rows[name] == value], minlength=bins) / np.bincount(place) for value in values]
        board.imshow(
            shade,
            cmap=SHADES,
            vmin=0,
            vmax=1,
            aspect="auto",
            interpolation="nearest",
            extent=(-0.5, len(rows) - 0.5, len(values) - 0.5, -0.5),
        )
        board.set_yticks(range(len(values)), [str(value) for value in values], fontsize=7)
        board.tick_params(length=0)
        board.spines[:].set_visible(False)
        board.set_ylabel(CHOICE_LABELS[name], rotation=0, ha="right", va="center", fontsize=8, fontweight="bold")
        for line, value in enumerate(values):
            share = positive[(rows[name] == value).to_numpy()].mean()
            board.annotate(
                f"{share:.0%}",
                (1, line),
                xycoords=("axes fraction", "data"),
                xytext=(3, 0),
                textcoords="offset points",
                fontsize=7,
                va="center",
            )
    title = f"{len(rows):,} specifications: {positive.mean():.0%} positive, {negative.mean():.0%} negative at p < 0.05"
    figure.align_ylabels(boards)
    failed = int(frame["problem"].notna().sum())
    sample = f"n = {span(rows['n'])} state-years, {span(rows['events'])} formations; {failed} could not be fitted"
    shading = "Shade: share of the specifications at that place that make the choice; 95% intervals by state"
    middle = f"{(effect > 0).mean():.0%} positive; median effect {np.median(effect):.2f} percentage points"
    return drawn(figure, title, middle, sample, f"{shading}. {SOURCE}", is_synthetic_frame(frame))


@styled()
def separation(frame: pd.DataFrame) -> Drawing:
    """Separation plot (Greenhill, Ward & Sacks 2011): state-years in order of their probability, events shaded.

    frame: as results.separation, one row per state-year predicted.
    """
    rows = frame.sort_values("rank")
    n, probability = len(rows), rows["probability"].to_numpy(dtype=float)
    outcome = rows["outcome"].to_numpy(dtype=float)
    if n == 0:
        raise AnalysisError("no predictions to show")
    bins = min(2 * BINS, n)
    place = np.arange(n) * bins // n
    share = np.bincount(place, weights=outcome) / np.bincount(place)
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    panel = figure.subplots()
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
    expected = probability.sum()
    panel.plot([n - expected], [-0.04], marker="^", color="black", clip_on=False, markersize=7)
    panel.set(xlim=(0, n), ylim=(0, 1), yticks=[], xlabel="State-years, the least probable first")
    panel.set_xticks([0, n], ["1", f"{n:,}"])
    figure.colorbar(strip, ax=panel, location="left", label="Share with a formation", shrink=0.9)
    best = outcome[-max(n // 10, 1) :].sum() / max(outcome.sum(), 1.0)
    title = f"Formations in order of predicted probability, {rows['scheme'].iloc[0]}"
    size = f"n = {n:,} state-years, {int(outcome.sum()):,} formations; {expected:,.0f} expected (triangle)"
    sample = f"{short_name(rows['model'].iloc[0])}: {size}"
    said = f"the top tenth holds {best:.0%} of the formations"
    return drawn(figure, title, said, sample, f"The top tenth holds {best:.0%}. {SOURCE}", is_synthetic_frame(frame))


def one_model(models: pd.DataFrame, name: str) -> pd.Series:
    found = models[models["model"] == name]
    if found.empty:
        raise AnalysisError(f"no model {name!r} in results.models; it has: {listed(models['model'])}")
    if pd.isna(found["n"].iloc[0]):
        raise AnalysisError(f"no figure without n: results.models has none for {name}")
    return found.iloc[0]


def panel_widths(rows: pd.DataFrame, terms: list[str]) -> list[int]:
    """A term of two values takes less room than a curve."""
    return [1 if (rows["term"] == term).sum() == 2 else 2 for term in terms]


def size_words(model: pd.Series) -> str:
    return f"n = {model['n']:,.0f} state-years, {model['events']:,.0f} formations, {model['clusters']:,.0f} states"


def percent(probability: float) -> str:
    return f"{100.0 * probability:.1f} per cent"


def listed(names: pd.Series) -> str:
    return ", ".join(dict.fromkeys(names))
