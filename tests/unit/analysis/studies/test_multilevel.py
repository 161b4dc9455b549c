"""Tables of the multilevel probit: documented columns, counts drawn from a model, and failures with their reason."""

import numpy as np
import pandas as pd
import pytest

from analysis.core.panel import prepare
from analysis.core.tables import COLUMN_DOCS, DTYPES
from analysis.design.matrix import build
from analysis.inference.multilevel import CHAINS, Length
from analysis.studies.kimball import ROSE, headline_model
from analysis.studies.multilevel import MODELS, check_rows, multilevel
from tests.unit.analysis.conftest import make_panel
from tests.unit.analysis.inference.test_multilevel import of_one_draw


def test_counts_are_those_of_data_drawn_from_the_model(panel):
    """Before the fit every state-year forms an alliance; after it none does."""
    prepared = prepare(panel)
    design = build(prepared, headline_model())
    years = prepared["year"].to_numpy()[design.rows]
    coefficients, position = np.zeros(len(design.terms)), design.terms.index(ROSE)
    always, never = (of_one_draw(design, np.r_[coefficients[:-1], constant], position) for constant in (40.0, -40.0))
    table = pd.DataFrame(check_rows(design, years, always, never)).set_index(["check", "detail"])
    decades = table.loc["formations by decade"]
    assert decades["observed"].to_dict() == {
        str(decade): events for decade, events in pd.Series(design.outcome).groupby(years // 10 * 10).sum().items()
    }
    assert list(decades["prior_low"]) == list(pd.Series(years // 10 * 10).value_counts().sort_index())
    by_state = pd.Series(design.outcome).groupby(design.states).sum()
    silent = table.loc[("states that never form", "all")]
    assert silent["observed"] == (by_state == 0).sum()
    assert (silent["prior_high"], silent["posterior_low"]) == (0, len(by_state))
    assert table.loc[("formations of the most active state", "all"), "observed"] == by_state.max()
    assert table.loc[("formations in the fullest year", "all"), "prior_high"] == np.bincount(design.years).max()
    assert table.loc[("formations", "all"), "posterior_median"] == 0


def test_a_panel_without_formations_has_a_reason_per_model(panel):
    tables = multilevel(panel.assign(forms_military_alliance=False))
    assert list(tables["multilevel"]["model"]) == list(MODELS)
    assert tables["multilevel"]["problem"].str.startswith("no events").all()
    assert tables["multilevel_checks"].empty


@pytest.mark.slow
def test_tables_have_the_documented_columns_and_report_convergence():
    pytest.importorskip("numpyro")
    tables = multilevel(make_panel(states=15, years=30), is_synthetic=True, length=Length(30, 20))
    for name, table in tables.items():
        assert {column: str(kind) for column, kind in table.dtypes.items()} == {
            column: DTYPES[doc.type] for column, doc in COLUMN_DOCS[name].items()
        }
    summary = tables["multilevel"]
    assert set(summary["model"]) == set(MODELS)
    assert (summary["chains"] == CHAINS).all()
    assert summary["problem"].str.startswith("not converged: largest R-hat").any(), "20 draws are too few"
    effects = summary[summary["quantity"] == "average effect"]
    assert (effects["probability_of_interest"] <= effects["probability_positive"]).all()
    deviations = summary[summary["quantity"].str.startswith("standard deviation")]
    assert set(deviations["model"]) == {"crossed", "crossed/state_means"}
    means = summary[summary["term"].eq("infant_mortality_rose_state_mean")]
    assert list(means["model"]) == ["crossed/state_means"]
    assert len(tables["multilevel_checks"]) == len(MODELS) * (4 + 4), "four checks, and four decades from 1911 to 1940"
