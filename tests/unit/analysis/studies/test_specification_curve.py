"""The multiverse: a balanced frozen subset, fits equal to statsmodels, four curves, and a joint test of right size."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.core.panel import prepare
from analysis.core.tables import COLUMN_DOCS, DTYPES
from analysis.studies.estimation import estimate
from analysis.studies.kimball import headline_model
from analysis.studies.multiverse.dimensions import DIMENSIONS, SIZE, dimension_rows, specifications
from analysis.studies.multiverse.fitting import design_of, fit_specification, with_terms
from analysis.studies.multiverse.statistics import joint_tests, raked_weights, weighted_median
from analysis.studies.specification_curve import OBSERVED, PLACEBO, fit_curve, specification_curve

CHOICES = specifications()
PUBLISHED = {
    "specification": 0,
    "rule": "military",
    "mortality_source": "preferred",
    "measure": "rise beside level",
    "mortality_lag": 0,
    "time_dependence": "spline",
    "controls": "published",
    "sample": "1816-2000",
    "family": "probit",
    "unit_effects": "none",
    "calendar_effects": "none",
    "covariance": "state",
    "flagged_values": "kept",
}
LINKS = {"probit": sm.families.links.Probit(), "cloglog": sm.families.links.CLogLog()}


@pytest.fixture(scope="module")
def sources(panel):
    rate = panel["infant_mortality_rate"]
    change = panel.groupby("cow_code")["infant_mortality_rate"].diff()
    return panel.assign(
        imr_abouharb_kimball=rate,
        imr_gapminder=rate + 1,
        imr_world_bank=rate.where(panel["year"] >= 1960),
        imr_un_igme=rate,
        infant_mortality_change_1y=change,
        infant_mortality_is_suspect=(panel["year"] % 10 == 0).astype(float),
        region=np.where(panel["cow_code"] % 2 == 0, "Even", "Odd"),
    )


def test_every_option_is_equally_frequent():
    frame = pd.DataFrame(CHOICES)
    assert len(frame) == SIZE
    assert not frame.drop(columns="specification").duplicated().any()
    for dimension, options in DIMENSIONS.items():
        counts = frame[dimension].value_counts()
        assert set(counts.index) == {option.option for option in options}
        assert set(counts) == {SIZE // len(options)}
    rows = pd.DataFrame(dimension_rows())
    assert rows.groupby("dimension")["weight"].sum().round(12).eq(1).all()
    assert rows["reason"].str.endswith(".").all()


def test_the_specifications_are_frozen():
    text = json.dumps(CHOICES, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest()[:12] == "1181f6c3320d"


def test_the_published_specification_is_the_published_model(sources):
    (ours,), _ = fit_curve(prepare(sources), [PUBLISHED])
    coefficients = estimate(sources, (headline_model(),))["coefficients"]
    published = coefficients.query("term == 'infant_mortality_rose' and covariance == 'cluster_state'").iloc[0]
    assert (ours["estimate"], ours["std_error"]) == pytest.approx((published.estimate, published.std_error), rel=1e-9)


@pytest.mark.parametrize(
    "changes",
    [
        {"measure": "positive part", "unit_effects": "state means", "mortality_lag": 1},
        {"family": "cloglog", "calendar_effects": "decade", "flagged_values": "left out"},
        {"measure": "change", "calendar_effects": "decade", "unit_effects": "state means", "controls": "none"},
    ],
)
def test_specifications_equal_statsmodels(sources, changes):
    choice = PUBLISHED | changes
    prepared = with_terms(prepare(sources), [choice])
    ours, _ = fit_specification(prepared, choice)
    design, _ = design_of(prepared, choice)
    family = sm.families.Binomial(LINKS[choice["family"]])
    fitted = sm.GLM(design.outcome, design.matrix, family=family).fit(tol=1e-12, maxiter=200)
    position = design.terms.index(ours["term"])
    assert ours["estimate"] == pytest.approx(fitted.params[position], rel=1e-6)
    years = prepared["year"].to_numpy()[design.rows]
    if choice["flagged_values"] == "left out":
        assert not (years % 10 == 0).any()
    if choice["unit_effects"] == "state means":
        values = pd.Series(design.matrix[:, position])
        means = values.groupby(design.states).transform("mean")
        np.testing.assert_allclose(design.matrix[:, design.terms.index(f"{ours['term']}_state_mean")], means)
    assert any(name.startswith("decade_") for name in design.terms) == (choice["calendar_effects"] == "decade")


def test_two_way_errors_change_only_the_error(sources):
    prepared = with_terms(prepare(sources), [PUBLISHED])
    one, _ = fit_specification(prepared, PUBLISHED)
    both, _ = fit_specification(prepared, PUBLISHED | {"covariance": "two-way"})
    assert one["estimate"] == both["estimate"]
    assert one["std_error"] != both["std_error"]


def test_columns_curves_order_and_failures(sources):
    chosen = CHOICES[::24]
    results = specification_curve(sources.drop(columns="imr_gapminder"), is_synthetic=True, choices=chosen)
    for name, table in results.items():
        assert list(table.columns) == list(COLUMN_DOCS[name])
        assert [str(t) for t in table.dtypes] == [DTYPES[doc.type] for doc in COLUMN_DOCS[name].values()]
        assert table.is_synthetic.all()
    table = results["specification_curve"]
    assert table["curve"].value_counts().eq(len(chosen)).all()
    assert table.loc[table["curve"] == PLACEBO, "term"].str.contains("_lead_").any()
    assert set(table["mortality_lag"]) == {0, 1}
    observed = table[table["curve"] == OBSERVED]
    failed = observed[observed["mortality_source"] == "gapminder"]
    assert failed["problem"].str.contains("unknown column imr_gapminder").all()
    fitted = observed[observed["problem"].isna()]
    assert fitted["statistic"].is_monotonic_increasing
    assert fitted["weight"].sum() == pytest.approx(1)
    shares = results["multiverse_shares"].query("curve == 'observed'").set_index(["dimension", "option"])
    assert shares.loc[("mortality_source", "gapminder"), "failed"] == len(failed)
    positive = (fitted["weight"] * (fitted["statistic"] > 0)).sum()
    assert shares.loc[("all", "all"), "share_positive"] == pytest.approx(positive)


def test_the_planted_effect_of_the_sample_is_found(sources):
    choices = [PUBLISHED | {"specification": n, "measure": m} for n, m in enumerate(("rise", "rise beside level"), 1)]
    _, tests = fit_curve(prepare(sources), choices)
    primary = next(row for row in tests if row["is_primary"])
    assert primary["p_value"] <= 0.005
    assert primary["observed"] > 3


def test_weights_give_every_option_the_same_share():
    kept = [choice for choice in CHOICES if choice["rule"] != "defense" or choice["specification"] % 3]
    weights = raked_weights(kept)
    for dimension, options in DIMENSIONS.items():
        for option in options:
            share = sum(w for w, choice in zip(weights, kept, strict=True) if choice[dimension] == option.option)
            assert share == pytest.approx(1 / len(options), abs=1e-6)


def test_weighted_median():
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0])) == 2
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0])) == 3
    columns = np.array([[1.0, 6.0], [2.0, 5.0], [3.0, 4.0]])
    assert weighted_median(columns, np.ones(3)).tolist() == [2, 5]


def test_the_joint_test_keeps_its_size_under_dependence():
    """300 worlds of 5 specifications, 40 states and 40 years that both have effects, no effect of mortality."""
    generator = np.random.default_rng(1)
    states, years = (code.ravel() for code in np.meshgrid(np.arange(40), np.arange(40), indexing="ij"))
    chosen = [PUBLISHED | {"specification": number} for number in range(5)]
    by_state = np.arange(0, 1600, 40)
    rejected, by_state_alone = 0, 0
    for _ in range(300):
        shared = generator.normal(size=40)[states] + generator.normal(size=40)[years] + generator.normal(size=1600)
        scores = shared + 0.3 * generator.normal(size=(5, 1600))
        z = scores.sum(axis=1) / np.sqrt((np.add.reduceat(scores, by_state, axis=1) ** 2).sum(axis=1))
        rejected += joint_tests(z, scores, states, years, chosen, 199)[0]["p_value"] <= 0.05
        by_state_alone += np.median(z) > 1.645
    assert 0.02 <= rejected / 300 <= 0.09
    assert by_state_alone / 300 > 0.1
