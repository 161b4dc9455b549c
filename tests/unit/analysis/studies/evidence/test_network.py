"""Formations by pairs of states, and the probits on them beside statsmodels."""

import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.core.panel import prepare
from analysis.design.matrix import build
from analysis.studies.evidence.dyads import FORMS, FORMS_BILATERAL, dyad_models, dyad_panel, formations
from analysis.studies.evidence.network import network
from tests.unit.analysis.conftest import make_panel

RISE = "infant_mortality_rose_sum"
VARIANTS = ("", "/within_dyads", "/decades")
COVARIANCES = {"cluster_dyad", "cluster_treaty", "cluster_year", "cluster_members", "dyadic_robust"}


def entry(code, treaty, year, left=None, *, new=True, military=True, bilateral=False, phase=0):
    return {
        "cow_code": code,
        "atop_id": treaty,
        "phase": phase,
        "entry_date": pd.Timestamp(year, 6, 1),
        "exit_date": pd.NaT if left is None else pd.Timestamp(left, 6, 1),
        "entry_year": year,
        "is_new": new,
        "is_bilateral": bilateral,
        "has_military": military,
    }


def found(*entries):
    rows = formations(pd.DataFrame(entries), "military")
    return {(row.dyad, row.year): (row.treaty, row.bilateral_treaty) for row in rows.itertuples()}


def test_every_pair_of_founders_forms():
    rows = found(entry(2, 1, 1900), entry(20, 1, 1900), entry(200, 1, 1900))
    assert set(rows) == {(2020, 1900), (2200, 1900), (20200, 1900)}
    assert all(treaty == 1 and np.isnan(bilateral) for treaty, bilateral in rows.values())


def test_a_later_member_forms_with_those_still_there():
    rows = found(entry(2, 1, 1900), entry(20, 1, 1900, left=1905), entry(200, 1, 1910))
    assert set(rows) == {(2020, 1900), (2200, 1910)}


def test_an_entry_that_is_not_new_forms_nothing():
    assert found(entry(2, 1, 1900), entry(20, 1, 1910, new=False)) == {}
    assert set(found(entry(2, 1, 1900, new=False), entry(20, 1, 1910))) == {(2020, 1910)}


def test_one_of_the_two_has_the_obligation():
    assert found(entry(2, 1, 1900, military=False), entry(20, 1, 1900, military=False)) == {}
    assert len(found(entry(2, 1, 1900, military=False), entry(20, 1, 1900))) == 1


def test_the_lowest_treaty_of_a_year_and_phases_apart():
    both = [entry(code, treaty, 1900, bilateral=treaty == 7) for code in (2, 20) for treaty in (5, 7)]
    assert found(*both) == {(2020, 1900): (5.0, 7.0)}
    assert found(entry(2, 1, 1900, phase=1, left=1905), entry(20, 1, 1910, phase=2)) == {}


@pytest.fixture(scope="module")
def world():
    """25 states in every pair; treaties of two, and some of three, that follow from a rise."""
    panel = make_panel(3, states=25, years=60)
    random = np.random.default_rng(4)
    rose = panel.set_index(["cow_code", "year"])["infant_mortality_rose"].astype("float64").fillna(0.0).to_dict()
    rows, entries, treaty = [], [], 0
    for (one, other), year in itertools.product(itertools.combinations(range(1, 26), 2), range(1911, 1971)):
        if (one, year) in rose:
            rows.append((one, other, year, False, year - 1911, one % 5, False))
            if random.normal() < -2.2 + 0.3 * (rose[one, year] + rose[other, year]):
                treaty += 1
                members = (one, other) if treaty % 4 else (one, other, other % 25 + 1 if other != 25 else 24)
                entries += [entry(code, treaty, year, bilateral=len(members) == 2) for code in dict.fromkeys(members)]
    columns = ["cow_code", "partner_code", "year", "owes_any", "years_since_alliance"]
    dyad_years = pd.DataFrame(rows, columns=[*columns, "contiguity_class", "are_dispute_rivals"])
    dyad_years["are_dispute_rivals"] = random.random(len(dyad_years)) < 0.1
    dyad_years["owes_any"] = random.random(len(dyad_years)) < 0.2
    return panel, dyad_years, pd.DataFrame(entries)


@pytest.fixture(scope="module")
def table(world):
    return network(*world)


def test_estimates_and_one_way_errors_are_those_of_statsmodels(world, table):
    dyads, model = prepare(dyad_panel(*world)), dyad_models()[0]
    design = build(dyads, model)
    columns, triangle = np.linalg.qr(design.matrix)
    treaty = dyads["treaty"].fillna(-dyads["cow_code"]).to_numpy()[design.rows]
    probit, inverse = sm.Probit(design.outcome, columns), np.linalg.inv(triangle)
    for name, groups in (("dyad", design.states), ("treaty", treaty), ("year", design.years)):
        rows = table[table["model"].eq(model.name) & table["covariance"].eq(f"cluster_{name}")].set_index("term")
        count = len(np.unique(groups))
        assert rows["clusters"].eq(count).all()
        options = {"groups": np.unique(groups, return_inverse=True)[1], "use_correction": False}
        fitted = probit.fit(disp=0, cov_type="cluster", cov_kwds=options)
        covariance = inverse @ fitted.cov_params() @ inverse.T * count / (count - 1)
        np.testing.assert_allclose(rows.loc[design.terms, "estimate"], inverse @ fitted.params, rtol=1e-6)
        np.testing.assert_allclose(rows.loc[design.terms, "std_error"], np.sqrt(np.diag(covariance)), rtol=1e-6)


def test_a_planted_effect_of_each_member_is_found(table):
    rows = table[table["term"].eq(RISE) & table["covariance"].eq("dyadic_robust")].set_index("model")
    assert list(rows.index) == [
        f"dyads/{name}{variant}" for name in ("military", "military_bilateral") for variant in VARIANTS
    ]
    assert abs(rows.loc["dyads/military_bilateral", "estimate"] - 0.3) < 0.1
    assert (rows["p_value"] < 0.05).all()
    assert (rows["states"] == 25).all()
    assert (rows["clusters"] == 25).all()


def test_members_and_effects_are_named(table):
    within = table[table["model"].eq("dyads/military/within_dyads")]
    assert f"{RISE}_dyad_mean" in set(within["term"])
    assert not table["term"].str.startswith("decade").any()
    assert set(table["covariance"]) == COVARIANCES
    assert not table.duplicated(["model", "term", "covariance"]).any()


def test_without_formations_each_model_has_its_problem(world):
    panel, dyad_years, entries = world
    table = network(panel, dyad_years, entries.assign(is_new=False))
    assert len(table) == 6
    assert table["problem"].str.contains("dyad-years").all()


def test_a_sum_is_missing_where_a_member_has_no_value(world):
    panel, dyad_years, entries = world
    dyads = dyad_panel(panel, dyad_years, entries)
    rates = panel.set_index(["cow_code", "year"])["infant_mortality_rate"]
    by_member = [
        rates.loc[list(zip(dyads[name], dyads["year"], strict=True))] for name in ("first_code", "second_code")
    ]
    np.testing.assert_array_equal(dyads["infant_mortality_rate_sum"], by_member[0].to_numpy() + by_member[1].to_numpy())
    assert dyads["infant_mortality_rate_sum"].isna().any()
    assert dyads[FORMS].sum() > dyads[FORMS_BILATERAL].sum() > 0
