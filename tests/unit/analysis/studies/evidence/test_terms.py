"""Measures, lags and leads, and comparisons within states and years, beside statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from analysis.core.tables import COLUMN_DOCS, DTYPES
from analysis.design.matrix import build
from analysis.studies.evidence.lags_and_leads import lag_and_lead_rows
from analysis.studies.evidence.measures import CHANGE, NEGATIVE, PERCENT, POSITIVE, measure_rows
from analysis.studies.evidence.tables import evidence
from analysis.studies.evidence.within_between import within_between_rows
from analysis.studies.kimball import headline_model
from tests.unit.analysis.studies.evidence.worlds import common_shocks, stepped_panel

RATE, ROSE = "infant_mortality_rate", "infant_mortality_rose"


@pytest.fixture(scope="module")
def stepped():
    return common_shocks(stepped_panel())


def probit(outcome, frame, states):
    """Coefficients and standard errors by statsmodels, clustered by state with G / (G - 1) as in Stata."""
    scale = frame.abs().max()
    clusters = len(np.unique(states))
    options = {"groups": states, "use_correction": False}
    fitted = sm.Probit(outcome, frame / scale).fit(disp=0, cov_type="cluster", cov_kwds=options, maxiter=100)
    factor = clusters / (clusters - 1)
    covariance = fitted.cov_params() * factor / np.outer(scale, scale)
    return fitted.params / scale, covariance


def others(panel, *without):
    """Terms of the headline model but the rise, as columns."""
    design = build(panel, headline_model())
    frame = pd.DataFrame(design.matrix, columns=design.terms).drop(columns=[ROSE, *without])
    return design, frame


def series(panel, name="infant_mortality_rate"):
    """Values by state and year, for lags by pandas."""
    return panel.set_index(["cow_code", "year"])[name].astype(float)


def shifted(panel, values, years):
    """The value of the same state `years` earlier."""
    index = pd.MultiIndex.from_arrays([panel["cow_code"], panel["year"] - years])
    return values.reindex(index).to_numpy()


def test_measures_are_those_of_statsmodels(stepped):
    design, frame = others(stepped)
    before = shifted(stepped, series(stepped), 1)[design.rows]
    change = stepped[RATE].to_numpy()[design.rows] - before
    columns = {
        "rise": {ROSE: (change > 0).astype(float)},
        "change": {CHANGE: change},
        "positive part of the change": {POSITIVE: change * (change > 0)},
        "negative part of the change": {NEGATIVE: change * (change < 0)},
        "both parts of the change": {POSITIVE: change * (change > 0), NEGATIVE: change * (change < 0)},
        "change in per cent": {PERCENT: 100 * change / before},
    }
    rows = pd.DataFrame(measure_rows(stepped, headline_model())).set_index(["detail", "term"])
    for detail, added in columns.items():
        params, covariance = probit(design.outcome, frame.assign(**added), design.states)
        for name in added:
            row = rows.loc[(detail, name)]
            assert row["estimate"] == pytest.approx(params[name], rel=1e-5)
            assert row["std_error"] == pytest.approx(np.sqrt(covariance.loc[name, name]), rel=1e-4)
            z = params[name] / np.sqrt(covariance.loc[name, name])
            assert row["p_value"] == pytest.approx(2 * student.sf(abs(z), design.states.max()), rel=1e-2)


def test_zeros_are_left_out_of_the_last_measure(stepped):
    design, frame = others(stepped)
    change = (stepped[RATE].to_numpy() - shifted(stepped, series(stepped), 1))[design.rows]
    keep = change != 0
    params, _ = probit(
        design.outcome[keep], frame[keep].assign(rise=change[keep] > 0).astype(float), design.states[keep]
    )
    row = measure_rows(stepped, headline_model())[-1]
    assert (row["n"], row["detail"]) == (keep.sum(), "rise, state-years of no change left out")
    assert row["estimate"] == pytest.approx(params["rise"], rel=1e-5)


def test_lags_leads_and_their_joint_tests_are_those_of_statsmodels(stepped):
    rose = series(stepped, ROSE)
    rises = {years: shifted(stepped, rose, years) for years in range(-3, 4)}
    known = np.isfinite(np.column_stack(list(rises.values()))).all(axis=1)
    design, frame = others(
        stepped.assign(cinc=stepped["cinc"].where(known))
    )  # the spline ends at the longest time left
    wide = frame.assign(**{f"rise {years}": values[design.rows] for years, values in rises.items()})
    params, covariance = probit(design.outcome, wide, design.states)
    every = pd.DataFrame(lag_and_lead_rows(stepped, headline_model()))
    rows = every[every["check"] == "lags and leads"]
    found = rows[rows["quantity"] == "coefficient"].set_index("detail")
    names = {years: "t" if not years else f"t{-years:+d}" for years in rises}
    for years, name in names.items():
        assert found.loc[name, "estimate"] == pytest.approx(params[f"rise {years}"], rel=1e-4)
        error = np.sqrt(covariance.loc[f"rise {years}", f"rise {years}"])
        assert found.loc[name, "std_error"] == pytest.approx(error, rel=1e-4)
    joint = rows[rows["quantity"] == "joint test"]
    for detail, years in (("all leads", (-1, -2, -3)), ("all lags", (1, 2, 3)), ("year t and all lags", (0, 1, 2, 3))):
        tested = [f"rise {year}" for year in years]
        values = params[tested]
        statistic = values @ np.linalg.inv(covariance.loc[tested, tested]) @ values / len(years)
        row = joint[joint["detail"].str.startswith(f"{detail}: F({len(years)}, ")].iloc[0]
        assert row["statistic"] == pytest.approx(statistic, rel=1e-4)
    within = every[(every["check"] == "lags and leads within states") & (every["detail"] == "t-1")].iloc[0]
    wide["rise mean"] = wide["rise 0"].groupby(design.states).transform("mean")
    wide["rate mean"] = wide[RATE].groupby(design.states).transform("mean")
    params, _ = probit(design.outcome, wide, design.states)
    assert within["estimate"] == pytest.approx(params["rise 1"], rel=1e-4)


def test_within_and_calendar_estimates_are_those_of_statsmodels(stepped):
    design, frame = others(stepped)
    frame[ROSE] = design.matrix[:, design.terms.index(ROSE)]
    years = stepped["year"].to_numpy()[design.rows]
    rows = pd.DataFrame(within_between_rows(stepped, headline_model()))
    found = rows[rows["term"] == ROSE].set_index("detail")
    for length, name in ((1, "year"), (10, "decade")):
        period = years // length * length
        by_period = pd.Series(design.outcome).groupby(period).transform("mean").to_numpy()
        keep = (by_period > 0) & (by_period < 1)
        dummies = pd.get_dummies(period[keep], drop_first=True, dtype=float).set_axis(np.flatnonzero(keep))
        dummies.columns = [f"{name} {value}" for value in dummies.columns]
        part, states = frame[keep].join(dummies), design.states[keep]
        means = part[[RATE, ROSE]].groupby(states).transform("mean").add_suffix("_mean")
        for detail, wide in (
            (f"{name} effects", part),
            (f"state means of mortality, {name} effects", part.join(means)),
        ):
            params, covariance = probit(design.outcome[keep], wide, states)
            assert found.loc[detail, "n"] == keep.sum()
            assert found.loc[detail, "estimate"] == pytest.approx(params[ROSE], rel=1e-3, abs=1e-5)
            assert found.loc[detail, "std_error"] == pytest.approx(np.sqrt(covariance.loc[ROSE, ROSE]), rel=1e-3)
            if name == "year":
                assert found.loc[detail, "problem"].startswith(f"{(~keep).sum()} state-years left out: ")
    means = frame[[RATE, ROSE]].groupby(design.states).transform("mean").add_suffix("_mean")
    params, _ = probit(design.outcome, frame.join(means), design.states)
    assert found.loc["state means of mortality", "estimate"] == pytest.approx(params[ROSE], rel=1e-4)


def test_years_without_a_formation_are_counted(stepped):
    rows = pd.DataFrame(within_between_rows(stepped, headline_model())).set_index(["detail", "term"])
    years = stepped["year"].to_numpy()[build(stepped, headline_model()).rows]
    quiet = np.unique(years[years % 5 == 0])
    assert f"{len(quiet)} years without a formation" in rows.loc[("year effects", ROSE), "problem"]


def test_the_table_has_the_documented_columns_and_every_check(stepped):
    table = evidence(stepped, is_synthetic=True)
    documented = COLUMN_DOCS["evidence"]
    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        n: DTYPES[d.type] for n, d in documented.items()
    }
    assert table["is_synthetic"].all()
    assert not table.duplicated(["check", "detail", "term", "quantity", "covariance"]).any()
    assert table["check"].nunique() == 9
    assert table.loc[table["estimate"].isna(), "quantity"].eq("joint test").all()


def test_a_panel_without_formations_has_a_reason_per_check(stepped):
    table = evidence(stepped.assign(forms_military_alliance=False))
    assert table["problem"].str.startswith("no events").all()
    assert table["estimate"].isna().all()
