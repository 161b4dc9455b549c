"""Figures show the numbers of the results, name their n and source, and are reproducible byte for byte."""

from itertools import product
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import AnalysisError
from analysis.reporting.curve_figure import specification_curve
from analysis.reporting.drawing import Drawing, bare_svg, save
from analysis.reporting.figures import predicted_probabilities, rise_by_model, separation
from analysis.reporting.panel_figures import coverage, formation_over_time, mortality_by_region
from analysis.studies.estimation import estimate
from analysis.studies.kimball import HEADLINE_MODEL, kimball_models
from analysis.studies.multiverse.dimensions import CHOICES

RULES = ("military", "defense", "any")


@pytest.fixture(scope="module")
def results(panel):
    models = [model for rule in RULES[:2] for model in kimball_models(rule)[2:4]]
    return estimate(panel, models, mart_fingerprint="0123456789abcdef")


def made_up_curve() -> pd.DataFrame:
    """A random curve over a part of the choices; every tenth specification failed."""
    generator = np.random.default_rng(3)
    part = {name: values[: 1 if name in ("unit_effects", "covariance") else 2] for name, values in CHOICES.items()}
    rows = pd.DataFrame(list(product(*part.values())), columns=list(part))
    rows["curve"] = "observed"
    rows["specification"] = np.arange(1, len(rows) + 1)
    rows["statistic"] = generator.normal(1.0, 1.5, len(rows))
    rows["effect"] = 0.005 * rows["statistic"] * generator.uniform(0.5, 1.5, len(rows))
    rows["p_value"] = np.where(rows["statistic"].abs() > 1.96, 0.01, 0.5)
    rows["n"], rows["events"], rows["is_synthetic"] = 1000 + rows["specification"], 100, False
    rows["problem"] = np.where(rows["specification"] % 10 == 0, "separated", None)
    rows.loc[rows["problem"].notna(), ["statistic", "effect", "p_value"]] = np.nan
    return rows


def made_up_predictions() -> pd.DataFrame:
    generator = np.random.default_rng(4)
    probability = np.sort(generator.beta(1, 9, 500))
    columns = {"model": HEADLINE_MODEL, "scheme": "forward in time", "rank": np.arange(1, 501)}
    outcome = (generator.random(500) < probability).astype(int)
    return pd.DataFrame(columns | {"probability": probability, "outcome": outcome, "is_synthetic": False})


def made_up_coverage() -> pd.DataFrame:
    rows = [
        ("cinc", 1990, "All", 20, 20, 1.0),
        ("cinc", 2000, "All", 30, 15, 0.5),
        ("polity2", 1990, "All", 20, 20, 1.0),
        ("polity2", 2000, "All", 30, 15, 0.5),
        ("imr_world_bank", 1990, "All", 20, 0, 0.0),
        ("imr_world_bank", 2000, "All", 30, 30, 1.0),
        ("cinc", 1990, "Europe", 9, 0, 0.0),
    ]
    return pd.DataFrame(rows, columns=["variable", "decade", "region", "state_years", "non_null", "share"])


@pytest.fixture(scope="module")
def drawings(panel, results):
    return {
        "predicted_probabilities": predicted_probabilities(results["predicted_probabilities"], results["models"]),
        "rise_by_model": rise_by_model(results["coefficients"], results["models"]),
        "specification_curve": specification_curve(made_up_curve()),
        "separation": separation(made_up_predictions()),
        "formation_over_time": formation_over_time(panel, is_synthetic=False),
        "mortality_by_region": mortality_by_region(with_regions(panel), is_synthetic=False),
        "coverage": coverage(made_up_coverage(), is_synthetic=False),
    }


def words(drawing: Drawing) -> str:
    """All text of a figure, on one line."""
    texts = [text.get_text() for text in drawing.figure.findobj(matplotlib.text.Text)]
    return " ".join(" ".join(texts).split())


def with_regions(panel: pd.DataFrame) -> pd.DataFrame:
    """Two regions: one of three states, too few for quartiles, and one of the others."""
    return panel.assign(region=np.where(panel["cow_code"] <= 3, "Few", "Many"))


def marked(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(is_synthetic=True)


def test_every_figure_has_n_source_and_alternative_text(drawings):
    for drawing in drawings.values():
        assert "Source: alliance-formation warehouse" in words(drawing)
        assert "n = " in words(drawing)
        assert len(drawing.alt) > 80
        assert "nan" not in drawing.alt
        assert any(map(str.isdigit, drawing.alt))
        assert drawing.title in words(drawing)
        assert "n = " in drawing.sample
        assert "SYNTHETIC" not in words(drawing) + drawing.alt


def test_figures_of_synthetic_data_are_marked_in_title_and_watermark(panel, results):
    for drawing in (
        predicted_probabilities(marked(results["predicted_probabilities"]), results["models"]),
        rise_by_model(marked(results["coefficients"]), results["models"]),
        specification_curve(marked(made_up_curve())),
        separation(marked(made_up_predictions())),
        formation_over_time(panel, is_synthetic=True),
        mortality_by_region(with_regions(panel), is_synthetic=True),
        coverage(made_up_coverage(), is_synthetic=True),
    ):
        assert words(drawing).count("SYNTHETIC") == 2  # title and watermark
        assert drawing.alt.startswith("SYNTHETIC sample")


def test_files_hold_the_alternative_text_and_are_reproducible(panel, results, drawings, tmp_path):
    again = {
        "rise_by_model": lambda: rise_by_model(results["coefficients"], results["models"]),
        "specification_curve": lambda: specification_curve(made_up_curve()),
    }
    for name, redraw in again.items():
        first = save(drawings[name], tmp_path / f"{name}.v1")
        assert [path.name for path in first] == [f"{name}.v1.png", f"{name}.v1.svg"]
        with matplotlib.rc_context({"font.size": 20, "svg.hashsalt": None, "axes.facecolor": "red"}):
            second = save(redraw(), tmp_path / "again")
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
        described = ElementTree.parse(first[1]).getroot().iter("{http://purl.org/dc/elements/1.1/}description")
        assert [element.text for element in described] == [drawings[name].alt]
        assert b"<dc:date>" not in first[1].read_bytes()


def test_a_figure_without_alternative_text_is_not_saved(drawings, tmp_path):
    with pytest.raises(AnalysisError, match="coverage has no alternative text"):
        save(drawings["coverage"]._replace(alt=" "), tmp_path / "coverage")
    assert not list(tmp_path.iterdir())


def test_drawing_does_not_change_matplotlib_settings(results):
    before = dict(matplotlib.rcParams)
    rise_by_model(results["coefficients"], results["models"])
    assert dict(matplotlib.rcParams) == before


def test_predicted_probabilities_are_those_of_the_table(results, drawings):
    table = results["predicted_probabilities"]
    rate = table[(table["model"] == HEADLINE_MODEL) & (table["term"] == "infant_mortality_rate")]
    panels = drawings["predicted_probabilities"].figure.axes
    (line,) = panels[0].lines
    np.testing.assert_allclose(line.get_xydata(), rate[["value", "probability"]].to_numpy() * [1, 100])
    assert [label.get_text() for label in panels[1].get_xticklabels()] == ["no", "yes"]
    size = results["models"].set_index("model").loc[HEADLINE_MODEL, "n"]
    assert f"n = {size:,} state-years" in words(drawings["predicted_probabilities"])


def test_every_coefficient_of_the_rise_is_drawn_with_its_interval(results, drawings):
    panels = drawings["rise_by_model"].figure.axes
    table = results["coefficients"]
    table = table[table["term"] == "infant_mortality_rose"]
    shown = [x for panel in panels for line in panel.lines[:-1] for x in line.get_xdata()]
    assert sorted(shown) == sorted(table["estimate"])
    ends = [segment[:, 0] for panel in panels for lines in panel.collections for segment in lines.get_segments()]
    np.testing.assert_array_equal(sorted(map(tuple, ends)), sorted(map(tuple, table[["conf_low", "conf_high"]].values)))
    for size in results["models"]["n"]:
        assert f"n = {size:,}" in words(drawings["rise_by_model"])


def test_the_curve_is_sorted_and_its_shares_are_in_the_title(drawings):
    table = made_up_curve()
    fitted = table[table["problem"].isna()]
    top, *boards = drawings["specification_curve"].figure.axes
    (line,) = [line for line in top.lines if len(line.get_xdata()) == len(fitted)]
    np.testing.assert_allclose(line.get_ydata(), 100 * np.sort(fitted["effect"]))
    positive = ((fitted["p_value"] < 0.05) & (fitted["effect"] > 0)).mean()
    assert f"{len(fitted)} specifications: {positive:.0%} positive" in words(drawings["specification_curve"])
    assert f"{len(table) - len(fitted)} could not be fitted" in words(drawings["specification_curve"])
    assert len(boards) == len(CHOICES)
    rule = boards[0].images[0].get_array()
    np.testing.assert_allclose(rule.sum(axis=0), 1.0)  # the shares of the values of a choice sum to 1 at each position


def test_separation_shades_the_events_where_they_were_predicted(drawings):
    table = made_up_predictions()
    strip = next(axes for axes in drawings["separation"].figure.axes if axes.images).images[0].get_array()
    sizes = np.bincount(np.arange(500) * strip.shape[1] // 500)
    assert (strip[0] * sizes).sum() == pytest.approx(table["outcome"].sum())
    assert f"{table['outcome'].sum()} formations" in words(drawings["separation"])


def test_formation_counts_observed_years_only(panel, drawings):
    states, panel_of_any, *_ = drawings["formation_over_time"].figure.axes
    assert states.get_title("left") == "states: 59 to 60"  # one is out of the system for ten years
    bars = panel_of_any.patches
    block = panel[panel["year"] // 5 == 1950 // 5]
    (height,) = [bar.get_height() for bar in bars if bar.get_x() == 1950]
    assert height == pytest.approx(100 * block["forms_any_alliance"].mean())
    gappy = panel.assign(forms_any_alliance=panel["forms_any_alliance"].where(panel["year"] < 1950))
    gappy = gappy.drop(columns=["forms_military_alliance", "forms_defense_alliance"])
    _, axes, *_ = formation_over_time(gappy, is_synthetic=False).figure.axes
    assert max(bar.get_x() for bar in axes.patches) == 1945


def test_mortality_shows_the_median_state_and_how_many_are_observed(panel, drawings):
    table = with_regions(panel)
    many, few = (table[table["region"] == name].dropna(subset="infant_mortality_rate") for name in ("Many", "Few"))
    rates = {axes.get_title("left").split(":")[0]: axes for axes in drawings["mortality_by_region"].figure.axes[:2]}
    (line,) = rates["Many"].lines
    np.testing.assert_allclose(line.get_ydata(), many.groupby("year")["infant_mortality_rate"].median())
    assert rates["Many"].get_title("left") == f"Many: n = {len(many):,}"
    assert rates["Few"].get_title("left") == f"Few: n = {len(few)}"
    assert [len(rates[name].collections[0].get_paths()) for name in ("Many", "Few")] == [1, 0]  # the band
    states = drawings["mortality_by_region"].figure.axes[3].patches[1]  # of Few, observed
    assert states.get_xy()[:, 1].max() == 3


def test_bare_svg_has_no_title_and_note_and_the_given_width(panel):
    first, second = (bare_svg(formation_over_time(panel, is_synthetic=False), 4.6) for _ in range(2))
    assert first == second
    assert b'width="331.2pt"' in first
    assert b"<!--" not in first
    ElementTree.fromstring(first)
    drawing = formation_over_time(panel, is_synthetic=True)
    bare_svg(drawing)
    assert words(drawing).count("SYNTHETIC") == 1  # the watermark; the page writes the title


def test_coverage_draws_variables_with_equal_coverage_once_and_only_the_world(drawings):
    axes = drawings["coverage"].figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cinc, polity2", "imr_world_bank"]
    np.testing.assert_array_equal(axes.images[0].get_array(), [[100, 50], [0, 100]])
    assert "n = 50 state-years, 3 variables" in words(drawings["coverage"])


def test_a_figure_that_cannot_be_drawn_raises_an_error_with_the_reason(panel, results):
    probabilities, models, table = (results[name] for name in ("predicted_probabilities", "models", "coefficients"))
    without = models.assign(n=pd.NA)
    with pytest.raises(AnalysisError, match="without n"):
        predicted_probabilities(probabilities, without)
    with pytest.raises(AnalysisError, match="without n"):
        rise_by_model(table, without)
    with pytest.raises(AnalysisError, match=r"no model 't9' in results\.models; available: kimball_2010/t1_m2a"):
        predicted_probabilities(probabilities, models, "t9")
    with pytest.raises(AnalysisError, match=f"no predicted probabilities for {HEADLINE_MODEL}; available for: kimball"):
        predicted_probabilities(probabilities[probabilities["model"] != HEADLINE_MODEL], models)
    with pytest.raises(AnalysisError, match="no model has the term polity2"):
        rise_by_model(table, models, "polity2")
    with pytest.raises(AnalysisError, match="no specification could be fitted"):
        specification_curve(made_up_curve().assign(problem="separated"))
    with pytest.raises(AnalysisError, match="no predictions"):
        separation(made_up_predictions().iloc[:0])
    with pytest.raises(AnalysisError, match="no column forms_"):
        formation_over_time(panel[["cow_code", "year"]], is_synthetic=False)
    with pytest.raises(AnalysisError, match="no infant_mortality_rate observed"):
        mortality_by_region(with_regions(panel).assign(infant_mortality_rate=np.nan), is_synthetic=False)
    with pytest.raises(AnalysisError, match="region 'All'"):
        coverage(made_up_coverage().iloc[-1:], is_synthetic=False)
