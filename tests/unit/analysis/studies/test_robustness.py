"""Every check changes one thing in the headline model, and a planted effect within states survives."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.core.panel import prepare
from analysis.core.tables import COLUMN_DOCS, DTYPES
from analysis.design.effects import add_state_means
from analysis.design.matrix import build
from analysis.studies.estimation import estimate
from analysis.studies.kimball import headline_model
from analysis.studies.robustness import robustness

HEADLINE = headline_model()


@pytest.fixture(scope="module")
def table(panel):
    rate = panel["infant_mortality_rate"]
    return robustness(
        panel.assign(
            imr_gapminder=rate,
            imr_world_bank=rate.where(panel["year"] >= 1960),
            infant_mortality_is_suspect=(rate > 180).astype(float),
        )
    )


def of(table, check, term="infant_mortality_rose"):
    return table[(table["check"] == check) & (table["term"] == term)]


def test_columns_are_the_documented_ones(table):
    documented = COLUMN_DOCS["robustness"]
    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        n: DTYPES[d.type] for n, d in documented.items()
    }


def test_the_first_row_is_the_published_headline(panel, table):
    coefficients = estimate(panel, (HEADLINE,))["coefficients"]
    published = coefficients.query("term == 'infant_mortality_rose' and covariance == 'cluster_state'").iloc[0]
    ours = of(table, "headline").iloc[0]
    for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        assert ours[name] == pytest.approx(published[name], rel=1e-8)  # the own estimator beside statsmodels


def test_each_state_is_left_out_once(panel, table):
    left_out = of(table, "without one state")
    assert sorted(left_out["detail"]) == sorted(f"cow_code {code}" for code in panel["cow_code"].unique())
    without = panel[panel["cow_code"] != 7]
    again = robustness(without)
    np.testing.assert_allclose(
        left_out.set_index("detail").loc["cow_code 7", "estimate"], of(again, "headline").estimate.iloc[0], rtol=1e-6
    )


def test_state_means_are_those_of_the_sample_and_the_fit_is_statsmodels(panel, table):
    prepared = prepare(panel)
    plain = build(prepared, HEADLINE)
    with_means = add_state_means(plain, plain.plain)
    states = prepared["cow_code"].to_numpy()[plain.rows]
    means = pd.DataFrame(plain.matrix[:, :5]).groupby(states).transform("mean").to_numpy()
    np.testing.assert_allclose(with_means.matrix[:, 9:14], means, rtol=1e-12)
    columns, triangle = np.linalg.qr(with_means.matrix)
    theirs = sm.Probit(with_means.outcome, columns).fit(disp=0)
    estimate_of_rise = np.linalg.solve(triangle, theirs.params)[1]
    assert of(table, "state means").estimate.iloc[0] == pytest.approx(estimate_of_rise, rel=1e-6)


def test_a_planted_effect_within_states_survives(table):
    """The world's effect is the same in all states and years; shifting mortality along the years destroys it."""
    for check in ("state means", "conditional logit", "decade effects", "bias reduction", "link", "permutation"):
        assert (of(table, check).p_value < 0.01).all(), check
    shifted = of(table, "permutation").iloc[0]
    assert shifted.conf_low < shifted.null_mean < shifted.conf_high < shifted.statistic


def test_rows_say_how_their_errors_are_estimated(table):
    stated = table[table["std_error"].notna()].groupby("check")["errors"].unique()
    assert stated["bias reduction"] == ["expected information, not clustered"]
    assert stated["multiple imputation"] == ["cluster_state, pooled by Rubin's rules"]
    others = stated.drop(["bias reduction", "multiple imputation"])
    assert all(errors == ["cluster_state"] for errors in others)
    assert table["std_error"].isna().equals(table["errors"].isna())


def test_states_that_never_form_drop_out_of_the_conditional_logit(panel, table):
    design = build(prepare(panel), HEADLINE)
    events = np.bincount(design.states, weights=design.outcome)
    never = events == 0
    row = of(table, "conditional logit").iloc[0]
    assert (row["events"], row["clusters"]) == (design.outcome.sum(), (~never).sum())
    assert f"{len(design.outcome) - row['n']} state-years left out: {never.sum()} states never form" in row["problem"]


def test_the_future_does_nothing_in_this_world(table):
    placebo = table[
        (table["check"] == "lead of mortality (placebo)") & table["term"].str.startswith("infant_mortality_ro")
    ]
    assert len(placebo) == 3
    assert (placebo.p_value > 0.01).all()


def test_a_failed_check_has_its_reason_and_does_not_stop_the_others(table):
    failed = table[table["term"].isna()]
    assert set(failed["detail"]) == {"imr_abouharb_kimball", "imr_un_igme", "child_mortality_rate"}
    assert failed["problem"].str.startswith("unknown column").all()
    assert (table["detail"] == "imr_gapminder").sum() == 2


def test_a_panel_without_events_is_all_problems(panel):
    table = robustness(panel.assign(forms_military_alliance=False))
    assert table["problem"].notna().all()
    assert table["estimate"].isna().all()
