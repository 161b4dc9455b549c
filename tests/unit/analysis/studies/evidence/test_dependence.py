"""Errors by year, refits without each part, and circular shifts."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.design.matrix import build
from analysis.inference.fitting import fit_checked
from analysis.inference.jackknife import refitted_jackknife
from analysis.inference.score_bootstrap import score_bootstrap, weights
from analysis.studies.evidence.leave_out import leave_out
from analysis.studies.evidence.year_dependence import DRAWS, share_in_top_years, year_dependence_rows
from analysis.studies.kimball import headline_model
from analysis.studies.permutation import centred_p_value, circular_shifts, permutation_rows
from tests.unit.analysis.studies.evidence.worlds import common_shocks, stepped_panel

ROSE = "infant_mortality_rose"


@pytest.fixture(scope="module")
def shocked():
    return common_shocks(stepped_panel())


@pytest.fixture(scope="module")
def design(shocked):
    return build(shocked, headline_model())


@pytest.fixture(scope="module")
def rows(shocked):
    rows = pd.DataFrame(year_dependence_rows(shocked, headline_model()))
    return rows[rows["term"] == ROSE].set_index("covariance")


def refitted(design, keep):
    """Coefficient of the rise by statsmodels on some of the rows."""
    columns, triangle = np.linalg.qr(design.matrix[keep])
    params = sm.Probit(design.outcome[keep], columns).fit(disp=0).params
    return np.linalg.solve(triangle, params)[design.terms.index(ROSE)]


def test_share_in_the_years_with_most():
    outcome = np.array([1, 1, 1, 0, 1, 1, 0, 1, 0, 0.0])
    years = np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, 3])
    assert share_in_top_years(outcome, years, 1) == 0.5
    assert share_in_top_years(outcome, years, 2) == 5 / 6
    assert share_in_top_years(outcome, years, 10) == 1.0


def test_errors_by_state_year_and_both_are_those_of_statsmodels(design, rows):
    columns, triangle = np.linalg.qr(design.matrix)
    model, position = sm.Probit(design.outcome, columns), design.terms.index(ROSE)

    def variance(groups):
        options = {"groups": groups, "use_correction": False}
        covariance = model.fit(disp=0, cov_type="cluster", cov_kwds=options).cov_params()
        inverse = np.linalg.inv(triangle)
        count = len(np.unique(groups))
        return (inverse @ covariance @ inverse.T)[position, position] * count / (count - 1)

    by_state, by_year, single = map(variance, (design.states, design.years, np.arange(len(design.outcome))))
    assert rows.loc["cluster_state", "std_error"] == pytest.approx(np.sqrt(by_state), rel=1e-5)
    assert rows.loc["cluster_year", "std_error"] == pytest.approx(np.sqrt(by_year), rel=1e-5)
    both = np.sqrt(by_state + by_year - single)
    assert rows.loc["cluster_state_year", "std_error"] == pytest.approx(both, rel=1e-5)


def test_the_jackknife_is_that_of_refits_by_statsmodels(design, rows):
    fitted, _ = fit_checked(design, headline_model())
    position, groups = design.terms.index(ROSE), design.states % 8
    every = np.ones(len(groups), dtype=bool)
    changes = np.array([refitted(design, groups != group) for group in range(8)]) - refitted(design, every)
    variance = refitted_jackknife(fitted, design.matrix, groups)[position, position]
    assert variance == pytest.approx(7 / 8 * changes @ changes, rel=1e-4)
    by_state = refitted_jackknife(fitted, design.matrix, design.states)[position, position]
    assert rows.loc["jackknife_state_refitted", "std_error"] == pytest.approx(np.sqrt(by_state), rel=1e-12)


def test_the_jackknife_is_unknown_if_a_part_cannot_be_left_out(design):
    fitted, _ = fit_checked(design, headline_model())
    assert np.isnan(refitted_jackknife(fitted, design.matrix, np.zeros(len(design.outcome), dtype=int))).all()
    events_apart = np.where(design.outcome == 1.0, 0, 1 + design.states)
    assert np.isnan(refitted_jackknife(fitted, design.matrix, events_apart)).all()


def test_the_bootstrap_by_year_is_that_of_year_clusters(design, rows):
    fitted, _ = fit_checked(design, headline_model())
    years = int(design.years.max()) + 1
    test = score_bootstrap(fitted, design.terms.index(ROSE), design.years, weights(years, DRAWS))
    assert rows.loc["score_bootstrap_year", "p_value"] == test.p_value
    assert rows.loc["score_bootstrap_year", "detail"] == f"{years} clusters, 9,999 draws"


def test_each_year_and_each_treaty_is_left_out_once(shocked, design):
    states, years = (shocked[name].to_numpy()[design.rows] for name in ("cow_code", "year"))
    events = np.flatnonzero(design.outcome)
    entries = pd.DataFrame({"cow_code": states[events], "entry_year": years[events], "atop_id": 1000 + events % 3})
    entries = entries.assign(is_new=True, has_military=True)
    unused = entries.head(5).assign(atop_id=2000, has_military=False)
    renewed = entries.head(5).assign(atop_id=3000, is_new=False)
    table = leave_out(shocked, pd.concat([entries, unused, renewed], ignore_index=True))
    table = table[table["term"] == ROSE].set_index(["left_out", "identifier"])
    assert set(table.loc["one year"].index) == set(years)
    assert set(table.loc["one treaty"].index) == {1000, 1001, 1002}
    year = 1943
    found = table.loc[("one year", year)]
    assert found["n"] == (years != year).sum()
    assert found["estimate"] == pytest.approx(refitted(design, years != year), rel=1e-5)
    keep = np.ones(len(years), dtype=bool)
    keep[events[events % 3 == 1]] = False
    found = table.loc[("one treaty", 1001)]
    assert (found["n"], found["events"]) == (keep.sum(), design.outcome[keep].sum())
    assert found["estimate"] == pytest.approx(refitted(design, keep), rel=1e-5)


def test_a_panel_without_formations_leaves_nothing_out(shocked):
    entries = pd.DataFrame(columns=["cow_code", "entry_year", "atop_id", "is_new", "has_military"])
    table = leave_out(shocked.assign(forms_military_alliance=False), entries)
    assert table["problem"].str.startswith("no events").tolist() == [True]


def test_shifts_are_circular_within_states():
    states = np.repeat([0, 1, 2], [5, 1, 4])
    generator = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        positions = circular_shifts(states, generator)
        assert (states[positions] == states).all()
        for state in range(3):
            inside = np.flatnonzero(states == state)
            steps = (positions[inside] - inside) % len(inside)
            assert len(set(steps)) == 1
            seen.add((state, steps[0]))
    assert seen == {(0, step) for step in range(5)} | {(1, 0)} | {(2, step) for step in range(4)}


def test_the_p_value_is_centred_at_the_mean_of_the_draws():
    null = np.array([1.0, 2.0, 2.0, 3.0])
    assert centred_p_value(2.1, null) == (1 + 2) / 5
    assert centred_p_value(4.0, null) == 1 / 5
    assert centred_p_value(0.0, null) == 1 / 5
    assert centred_p_value(1.0, null) == (1 + 2) / 5


def test_differences_between_states_alone_are_no_evidence(shocked):
    """A state's rate of rises and of formations go together; the years of both are unrelated: z is centred above 0."""
    generator = np.random.default_rng(8)
    states, codes = np.unique(shocked["cow_code"], return_inverse=True)
    level = generator.random(len(states))[codes]
    rose = (generator.random(len(codes)) < 0.05 + 0.85 * level).astype(float)
    forms = generator.random(len(codes)) < 0.02 + 0.5 * level
    panel = shocked.assign(**{ROSE: rose, "forms_military_alliance": forms})
    row = next(row for row in permutation_rows(panel, headline_model(), 99) if row["term"] == ROSE)
    assert row["statistic"] > 3
    assert row["null_mean"] > 2
    assert row["p_value"] > 0.05
