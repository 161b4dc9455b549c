"""The dose-response figure says in words what it shows, and needs a state-year."""

import pytest

from analysis.core.errors import AnalysisError
from analysis.reporting.dose_response_figure import dose_response as draw
from analysis.studies.evidence.dose_response import BINS, dose_response
from tests.unit.analysis.studies.evidence.worlds import stepped_panel


def test_every_bin_is_drawn_and_named_in_the_alternative_text():
    table = dose_response(stepped_panel(), is_synthetic=True)
    drawing = draw(table)
    for row in table.itertuples():
        assert f"{row.bin} {100 * row.share:.1f}%" in drawing.alt
    labels = [label.get_text() for label in drawing.figure.axes[0].get_xticklabels()]
    assert [label.split("\n")[-1] for label in labels] == [f"{n:,}" for n in table["n"]]
    assert len(labels) == len(BINS)
    assert drawing.sample.startswith(f"n = {table['n'].sum():,} state-years")
    assert drawing.title.startswith("SYNTHETIC")


def test_bins_without_state_years_are_not_drawn(panel):
    drawing = draw(dose_response(panel))
    assert "no change" not in drawing.alt


def test_without_any_state_year_it_is_an_error(panel):
    with pytest.raises(AnalysisError, match="no bin with a state-year"):
        draw(dose_response(panel.assign(forms_military_alliance=False)))
