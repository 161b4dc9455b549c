"""The figure of the frontier shows the solution of the model, and its labels do not overlap."""

from dataclasses import replace
from itertools import combinations

import pytest
from matplotlib.figure import Figure

from analysis.core.errors import AnalysisError
from analysis.reporting.frontier_figure import frontier_alt_text, frontier_figure
from analysis.theory.comparative_statics import thresholds
from analysis.theory.frontier import DEFAULT, solve


def texts(figure):
    return [text for axes in figure.axes for text in axes.texts if text.get_text()]


def test_the_figure_shows_the_solution():
    figure = frontier_figure()
    assert isinstance(figure, Figure)
    plans = figure.axes[0]
    points = {line.get_label(): (line.get_xdata()[0], line.get_ydata()[0]) for line in plans.lines if line.get_marker()}
    after = solve(replace(DEFAULT, demand=3.0))
    assert points["best allied, after, chosen"] == (after.allied.butter, after.allied.guns)
    assert points["best alone, after"] == (after.alone.butter, after.alone.guns)
    assert {"best alone, before, chosen", "best allied, before"} <= set(points)
    words = {text.get_text() for text in texts(figure)}
    (threshold,) = thresholds(DEFAULT, 0.1, 10.0)
    assert {
        "guns required alone: 60",
        "guns required with the ally: 25",
        f"threshold {threshold.demand:.2f}",
        "allies",
        "stays alone",
        "before",
        "after",
    } <= words
    assert "our own" in figure.get_suptitle()
    assert "are ours" in figure.get_supxlabel()
    assert "not an estimate" in figure.get_supxlabel()
    assert f"{threshold.demand:.2f} (above it allying pays)" in frontier_alt_text()


def test_the_labels_of_the_figure_do_not_overlap():
    figure = frontier_figure()
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in texts(figure)]
    boxes += [axes.get_legend().get_window_extent() for axes in figure.axes]
    boxes += [axes.xaxis.label.get_window_extent() for axes in figure.axes]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    inside = figure.bbox
    assert all(inside.x0 <= box.x0 and box.x1 <= inside.x1 for box in boxes)


def test_invalid_arguments_are_rejected():
    with pytest.raises(AnalysisError, match="cannot be secure alone"):
        frontier_figure(replace(DEFAULT, requirement=120.0))
    with pytest.raises(AnalysisError, match="factor above 1"):
        frontier_figure(DEFAULT, shift=1.0)
