"""Rubin's rules by hand, calibration of the draws on known truth, and an unchanged panel."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.core.specification import Model, Sample, Term
from analysis.design.matrix import build
from analysis.inference.covariance import clustered
from analysis.inference.fitting import fit_checked
from analysis.inference.wald import wald
from analysis.studies.imputation import completed_panels, unchanged_chance
from analysis.studies.kimball import headline_model
from analysis.studies.pooling import pool
from analysis.studies.robustness import _share_in_same_periods, imputed_rows

RATE, ROSE = "infant_mortality_rate", "infant_mortality_rose"
HEADLINE = headline_model()
LEVEL, RISE, MEMORY = 0.008, 0.4, 0.85
SMALL = Model(
    name="small",
    outcome="forms",
    terms=(Term(RATE), Term(ROSE), Term("cinc")),
    sample=Sample("all", 1900, 1939),
)


def world(seed: int, states: int = 50, years: int = 40) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The whole panel, and the one with gaps: mortality is observed less often where the other series is high, in runs.

    The outcome is a probit on the rate and its rise; the last three states are never observed.
    """
    generator = np.random.default_rng(seed)
    shape = (states, years)
    error = np.empty(shape)
    error[:, 0] = generator.normal(0, 1, states)
    for year in range(1, years):
        fresh = generator.normal(0, np.sqrt(1 - MEMORY**2), states)
        error[:, year] = MEMORY * error[:, year - 1] + fresh
    child = 5.0 + generator.normal(0, 0.4, (states, 1)) + 0.1 * np.cumsum(generator.normal(0, 1, shape), axis=1)
    rate = np.exp(0.8 * child + 0.2 * generator.normal(0, 1, (states, 1)) + 0.15 * error)
    rose = np.column_stack([np.full(states, np.nan), np.diff(rate, axis=1) > 0])
    cinc = generator.gamma(0.5, 0.02, shape)
    index = -1.6 + LEVEL * rate + RISE * np.nan_to_num(rose) - 2.0 * cinc
    panel = pd.DataFrame(
        {
            "cow_code": np.repeat(np.arange(states), years),
            "year": np.tile(np.arange(1900, 1900 + years), states),
            RATE: rate.ravel(),
            ROSE: rose.ravel(),
            "cinc": cinc.ravel(),
            "child_mortality_rate": np.exp(child).ravel(),
            "forms": (generator.normal(size=shape) < index).ravel(),
        }
    )
    high = (child[:, ::8] > np.median(child)).repeat(8, axis=1)[:, :years]
    run_absent = generator.random((states, 5)).repeat(8, axis=1)
    absent = run_absent < np.where(high, 0.45, 0.1)
    absent[-3:] = True
    gappy = panel.copy()
    gappy.loc[absent.ravel(), RATE] = np.nan
    before = gappy.groupby("cow_code")[RATE].shift()
    gappy.loc[gappy[RATE].isna() | before.isna(), ROSE] = np.nan
    return prepare(panel), prepare(gappy)


def test_rubins_rules_by_hand():
    """Five estimates 1..5 with variances 1: T = 1 + 1.2 * 2.5 = 4, lambda = 3/4, r = 3."""
    pooled = pool(np.arange(1.0, 6.0), np.ones(5), complete_degrees_of_freedom=40.0)
    assert (pooled.estimate, pooled.std_error) == (3.0, 2.0)
    from_draws = 4 / 0.75**2
    from_data = 41 / 43 * 40 * 0.25
    freedom = from_draws * from_data / (from_draws + from_data)
    assert pooled.degrees_of_freedom == pytest.approx(freedom, rel=1e-12)
    assert pooled.missing_information == pytest.approx((3 + 2 / (freedom + 3)) / 4, rel=1e-12)
    row = wald(pooled.estimate, pooled.std_error, pooled.degrees_of_freedom)
    assert row["statistic"] == 1.5
    assert row["p_value"] == pytest.approx(2 * student.sf(1.5, freedom), rel=1e-9)
    low, high = student.interval(0.95, freedom, loc=3.0, scale=2.0)
    assert (row["conf_low"], row["conf_high"]) == (pytest.approx(low, rel=1e-9), pytest.approx(high, rel=1e-9))


def test_equal_estimates_only_change_the_degrees_of_freedom():
    pooled = pool(np.full(20, 0.5), np.full(20, 0.04), complete_degrees_of_freedom=160.0)
    assert pooled.std_error == pytest.approx(0.2, rel=1e-12)
    assert pooled.degrees_of_freedom == pytest.approx(161 / 163 * 160)


def test_observed_values_are_kept_and_the_panel_is_not_changed():
    _, gappy = world(1)
    kept = gappy.copy(deep=True)
    drawn = list(completed_panels(gappy, SMALL, 3))
    pd.testing.assert_frame_equal(gappy, kept)
    for completed in drawn:
        for name in (RATE, ROSE):
            seen = gappy[name].notna()
            assert (completed.loc[seen, name] == gappy.loc[seen, name]).all()
        assert completed[RATE].notna().all()
        assert (completed[RATE] > 0).all()
        assert (completed[ROSE].isna() == (completed["year"] == 1900)).all()  # no year before, no rise
        before = completed.groupby("cow_code")[RATE].shift()
        later = completed["year"] > 1900
        assert ((completed[RATE] > before)[later] == (completed[ROSE] == 1)[later]).all()
        pd.testing.assert_frame_equal(completed.drop(columns=[RATE, ROSE]), gappy.drop(columns=[RATE, ROSE]))
    assert not np.allclose(drawn[0][RATE], drawn[1][RATE])


def test_nothing_is_drawn_outside_the_sample_and_no_rise_across_a_gap_in_membership(panel):
    short = Model("short", "forms_military_alliance", HEADLINE.terms, Sample("to 1980", 1911, 1980), HEADLINE.time)
    panel = prepare(panel.assign(infant_mortality_rose=panel["infant_mortality_rose"].where(panel["year"] != 1950)))
    completed = next(completed_panels(panel, short, 1))
    after = panel["year"] > 1980
    pd.testing.assert_series_equal(completed.loc[after, RATE], panel.loc[after, RATE])
    assert panel.loc[after, RATE].isna().any()
    assert completed.loc[~after, RATE].notna().all()
    reentry = (panel["cow_code"] == 1) & (panel["year"] == 1950)
    assert completed.loc[reentry, ROSE].isna().all()
    assert completed.loc[(panel["year"] == 1950) & ~reentry, ROSE].notna().all()


def test_the_truth_is_among_the_draws_as_often_as_it_should_be():
    """Among 20 draws and the truth each is the largest or smallest equally often: the truth 2 times in 21. The same for
    the yearly change within drawn runs, which draws without memory would get wrong."""
    level, change = [], []
    for seed in range(4):
        whole, gappy = world(seed)
        absent = gappy[RATE].isna().to_numpy()
        draws = np.log(np.array([panel[RATE] for panel in completed_panels(gappy, SMALL, 20)]))
        truth = np.log(whole[RATE].to_numpy())
        level.append(outside(draws[:, absent], truth[absent]))
        inner = absent[1:] & absent[:-1] & (np.diff(whole["cow_code"]) == 0)
        change.append(outside(np.diff(draws, axis=1)[:, inner], np.diff(truth)[inner]))
    assert np.mean(level) == pytest.approx(2 / 21, abs=0.02)
    assert np.mean(change) == pytest.approx(2 / 21, abs=0.02)


def outside(draws, truth):
    return np.mean((truth < draws.min(axis=0)) | (truth > draws.max(axis=0)))


def test_pooled_intervals_cover_what_was_planted_and_the_rise_is_not_drawn_towards_zero():
    """20 worlds missing at random: a 95 per cent interval misses the planted coefficient in one of them. Rates
    drawn without regard to the rise they make (passive imputation) take a sixth off its coefficient."""
    planted = np.array([LEVEL, RISE])
    estimates, errors, covered, complete, complete_errors = [], [], np.zeros(2), [], []
    for seed in range(20):
        whole, gappy = world(seed)
        rows = imputed_rows(gappy, SMALL, 8)
        estimates.append([row["estimate"] for row in rows])
        errors.append([row["std_error"] for row in rows])
        covered += [row["conf_low"] < value < row["conf_high"] for row, value in zip(rows, planted, strict=True)]
        design = build(whole, SMALL)
        fitted, _ = fit_checked(design, SMALL)
        complete.append(fitted.coefficients[:2])
        complete_errors.append(np.sqrt(np.diag(clustered(fitted, design.states))[:2]))
    assert (covered >= 17).all(), covered
    lost = 1.0 - np.mean(estimates, axis=0) / np.mean(complete, axis=0)
    assert np.abs(lost).max() < 0.08, lost
    assert (np.mean(errors, axis=0) > np.mean(complete_errors, axis=0)).all()  # what is missing costs precision


def test_results_do_not_depend_on_row_order(panel):
    once = imputed_rows(prepare(panel), HEADLINE, 4)
    again = imputed_rows(prepare(panel.sample(frac=1.0, random_state=5)), HEADLINE, 4)
    assert once == again


def test_failed_imputation_raises_an_error_with_the_reason():
    whole, gappy = world(1)
    for broken, message in (
        (whole, "nothing to impute: infant_mortality_rate is missing nowhere"),
        (gappy.assign(**{RATE: np.nan}), "nothing to impute from"),
        (gappy.assign(**{RATE: gappy[RATE].where(gappy.index < 5)}), "too few"),
        (gappy.assign(child_mortality_rate=np.inf), "child_mortality_rate_log has 2000 infinite values"),
        (gappy.assign(**{RATE: gappy[RATE].where(gappy.index > 0, np.inf)}), "infant_mortality_rate has 1 infinite"),
    ):
        with pytest.raises(ModelError, match=message):
            next(completed_panels(broken, SMALL, 1))


def carried_forward(panel: pd.DataFrame, share: float, seed: int = 3) -> pd.DataFrame:
    """The panel with rates that in this share of the years repeat the year before, as in a series that is rounded."""
    repeats = np.random.default_rng(seed).random(len(panel)) < share
    keep = ~repeats | (panel["year"] == panel["year"].min())
    rate = panel[RATE].where(keep).groupby(panel["cow_code"]).ffill()
    before = rate.groupby(panel["cow_code"]).shift()
    return panel.assign(**{RATE: rate, ROSE: (rate > before).astype(float).where(before.notna())})


def test_years_without_change_are_drawn_as_often_as_observed():
    whole, gappy = world(4)
    whole = carried_forward(whole, 0.4)
    absent = gappy[RATE].isna()
    rose_unknown = absent | absent.groupby(gappy["cow_code"]).shift(fill_value=False) | whole[ROSE].isna()
    gappy = whole.assign(**{RATE: whole[RATE].mask(absent), ROSE: whole[ROSE].mask(rose_unknown)})
    drawn = rose_unknown & whole[ROSE].notna()
    imputed = np.mean([completed.loc[drawn, ROSE].mean() for completed in completed_panels(gappy, SMALL, 10)])
    assert imputed == pytest.approx(whole.loc[drawn, ROSE].mean(), abs=0.04)
    assert imputed < 0.4, "without the point mass at no change, half of the years would be a rise"


def test_the_chance_of_no_change_is_that_of_its_period():
    panel = prepare(
        pd.DataFrame(
            {"cow_code": 1, "year": range(1900, 1960), RATE: [*[9.0] * 20, *range(1, 21), *[9.0, 9.0, 8.0, 7.0] * 5]}
        )
    )
    rows = np.arange(60)
    draws = np.array([unchanged_chance(panel, rows, np.random.default_rng(seed)) for seed in range(400)])
    assert (draws[:, :20] == 1.0).all()
    assert (draws[:, 20:40] == 0.0).all()
    assert (np.ptp(draws[:, 40:], axis=1) == 0.0).all()
    assert draws[:, 50].mean() == pytest.approx(5 / 20, abs=0.02)


def test_the_row_names_the_observed_share_of_the_same_periods():
    """Rises: 1 of 2 observed rows of the first period, 0 of 2 of the second; three of four drawn rows are early."""
    rose, drawn = np.array([1, 0, 1, 1, 1, 0, 0, 0.0]), np.array([0, 0, 1, 1, 1, 0, 0, 1], dtype=bool)
    assert _share_in_same_periods(rose, drawn, np.array([95, 95, 95, 95, 95, 96, 96, 96])) == 0.75 * 0.5
