"""Bins by hand, shares with the clustered errors of statsmodels, and the probit of statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from scipy.stats import t as student

from analysis.core.panel import prepare
from analysis.core.tables import COLUMN_DOCS, DTYPES
from analysis.design.matrix import build
from analysis.studies.evidence.dose_response import BINS, FALLS, RISES, SUSPECT, UNCHANGED, bin_labels, dose_response
from analysis.studies.kimball import headline_model
from tests.unit.analysis.studies.evidence.worlds import stepped_panel


@pytest.fixture(scope="module")
def stepped():
    return stepped_panel()


@pytest.fixture(scope="module")
def table(stepped):
    return dose_response(stepped)


def test_a_change_at_an_edge_belongs_to_the_bin_nearer_to_zero():
    changes = [-7, -5, -2, -1, -0.5, 0, 0.5, 1, 2, 5, 7]
    rates = 50.0 + np.cumsum([0, *changes])
    panel = prepare(pd.DataFrame({"cow_code": 1, "year": range(1900, 1912), "infant_mortality_rate": rates}))
    falls = [FALLS[0], FALLS[1], FALLS[2], FALLS[3], FALLS[3]]
    rises = [RISES[0], RISES[0], RISES[1], RISES[2], RISES[3]]
    assert list(bin_labels(panel)) == ["", *falls, UNCHANGED, *rises]


def test_columns_are_the_documented_ones_and_bins_are_complete(stepped, table):
    documented = COLUMN_DOCS["dose_response"]
    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        n: DTYPES[d.type] for n, d in documented.items()
    }
    assert list(table["bin"]) == list(BINS)
    design = build(stepped, headline_model())
    assert table["n"].sum() == len(design.outcome)
    assert table["events"].sum() == design.outcome.sum()
    np.testing.assert_allclose(table["share"], table["events"] / table["n"], rtol=1e-12)


def test_intervals_of_shares_are_those_of_statsmodels(stepped, table):
    """The mean of a bin by least squares, clustered by state without the correction for the number of terms."""
    design = build(stepped, headline_model())
    labels = bin_labels(stepped)[design.rows]
    for row in table.itertuples():
        inside = labels == row.bin
        outcome, states = design.outcome[inside], design.states[inside]
        clusters = len(np.unique(states))
        options = {"groups": states, "use_correction": False}
        theirs = sm.OLS(outcome, np.ones(len(outcome))).fit(cov_type="cluster", cov_kwds=options)
        error = theirs.bse[0] * np.sqrt(clusters / (clusters - 1)) / (row.share * (1 - row.share))
        ends = expit(logit(row.share) + student.ppf([0.025, 0.975], clusters - 1) * error)
        np.testing.assert_allclose([row.share_low, row.share_high], ends, rtol=1e-9)


def test_estimates_are_those_of_statsmodels(stepped, table):
    design = build(stepped, headline_model())
    labels = bin_labels(stepped)[design.rows]
    compared = [name for name in BINS if name != UNCHANGED]
    others = np.delete(design.matrix, design.terms.index("infant_mortality_rose"), axis=1)
    matrix = np.column_stack([*(labels == name for name in compared), others]).astype(float)
    columns, triangle = np.linalg.qr(matrix)
    theirs = sm.Probit(design.outcome, columns).fit(disp=0)
    estimates = np.linalg.solve(triangle, theirs.params)[: len(compared)]
    np.testing.assert_allclose(table.set_index("bin").loc[compared, "estimate"], estimates, rtol=1e-5)
    assert table.set_index("bin").loc[UNCHANGED, ["estimate", "p_value"]].isna().all()


def test_flagged_values_are_a_bin_of_their_own(stepped, table):
    flagged = np.arange(len(stepped)) % 11 == 0
    with_flag = dose_response(stepped.assign(**{SUSPECT: flagged})).set_index("bin")
    inside = build(stepped, headline_model()).rows
    assert with_flag.loc["flagged", "n"] == flagged[inside].sum()
    assert with_flag["n"].sum() == table["n"].sum()
    assert np.isfinite(with_flag.loc["flagged", "estimate"])


def test_without_a_year_of_no_change_shares_remain(panel):
    table = dose_response(panel).set_index("bin")
    assert table.loc[UNCHANGED, "n"] == 0
    assert table["share"].notna().sum() == len(BINS) - 1
    assert table["estimate"].isna().all()
    assert (table["problem"] == "no state-year without change to compare with").all()


def test_a_bin_without_formations_says_so(stepped):
    labels = bin_labels(stepped)
    forms = stepped["forms_military_alliance"] & (labels != RISES[3])
    table = dose_response(stepped.assign(forms_military_alliance=forms)).set_index("bin")
    assert table.loc[RISES[3], "share"] == 0.0
    assert "always means no event" in table.loc[RISES[3], "problem"]
    assert table.loc[list(RISES[:3]), "estimate"].notna().all()
