"""estimate(): contents of the tables, failures as rows, and independence of the row order."""

import dataclasses
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.core.errors import AnalysisError
from analysis.core.panel import prepare
from analysis.core.specification import Term
from analysis.core.tables import COLUMN_DOCS, DTYPES
from analysis.design.matrix import build
from analysis.studies.estimation import BY_MODEL, RESULTS, estimate
from analysis.studies.kimball import KIMBALL_2010, kimball_models
from tests.unit.analysis.conftest import PLANTED_RISE

PUBLISHED = kimball_models()[:3:2]


@pytest.fixture(scope="module")
def results(panel):
    return estimate(panel, KIMBALL_2010, "abc", False)


def rows(results, table, **where):
    frame = results[table]
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return frame.reset_index(drop=True)


def test_every_table_has_exactly_the_documented_columns_and_types(results):
    assert tuple(results) == RESULTS
    for table in RESULTS:
        documented = COLUMN_DOCS[table]
        assert list(results[table].columns) == list(documented)
        assert {n: str(t) for n, t in results[table].dtypes.items()} == {
            n: DTYPES[d.type] for n, d in documented.items()
        }
        assert all(doc.description and doc.source for doc in documented.values())
    empty = estimate(pd.DataFrame({"cow_code": [2], "year": [1900]}), PUBLISHED, "abc", True)
    for table in RESULTS:
        pd.testing.assert_series_equal(empty[table].dtypes, results[table].dtypes)
        assert empty[table]["is_synthetic"].all()


def test_one_model_agrees_with_statsmodels_on_the_same_rows(panel, results):
    """From panel to table, recomputed with pandas and statsmodels alone."""
    data = panel.sort_values(["cow_code", "year"]).astype({"infant_mortality_rose": "Float64"}).astype(float)
    before = data.assign(year=data["year"] + 1)[["cow_code", "year", "dispute_rivals", "w_over_s"]]
    data = data.merge(before, on=["cow_code", "year"], how="left", suffixes=("", "_lag_1"))
    data = data[data["year"].between(1816, 2000)].dropna()
    names = ["infant_mortality_rate", "infant_mortality_rose", "cinc", "dispute_rivals_lag_1", "w_over_s_lag_1"]
    time_basis = build(prepare(panel), PUBLISHED[1]).matrix[:, 5:9]
    matrix = np.column_stack([data[names], time_basis, np.ones(len(data))])
    theirs = sm.Probit(data["forms_military_alliance"].to_numpy(), matrix).fit(disp=0, cov_type="HC0")
    summary = rows(results, "models", model="kimball_2010/t1_m2a").iloc[0]
    assert (summary.n, summary.events, summary.clusters) == (len(data), data.forms_military_alliance.sum(), 60)
    assert summary.n_dropped_missing == len(panel) - len(data)
    assert summary.log_likelihood == pytest.approx(theirs.llf, rel=1e-10)
    assert summary.pseudo_r2 == pytest.approx(theirs.prsquared, rel=1e-8)
    ours = rows(results, "coefficients", model="kimball_2010/t1_m2a", covariance="stata_robust")
    assert list(ours.term[:5]) == names
    assert ours.term.iloc[-1] == "constant"
    assert list(ours.term_order) == list(range(1, 11))
    np.testing.assert_allclose(ours.estimate[:5], theirs.params[:5], rtol=1e-6)
    stata = theirs.bse * np.sqrt(len(data) / (len(data) - 1))
    np.testing.assert_allclose(ours.std_error[:5], stata[:5], rtol=1e-6)
    np.testing.assert_allclose(ours.p_value[:5], theirs.pvalues[:5], rtol=0.01)
    np.testing.assert_allclose(ours.conf_high - ours.conf_low, 2 * 1.959963984540054 * ours.std_error, rtol=1e-9)


def test_each_coefficient_has_all_covariances_and_one_estimate(results):
    coefficients = results["coefficients"]
    counts = coefficients.groupby(["model", "term"])["covariance"].agg(["count", "nunique"])
    assert (counts == 5).all().all()
    assert (coefficients.groupby(["model", "term"])["estimate"].nunique() == 1).all()
    bootstrap = coefficients[coefficients.covariance == "score_bootstrap"]
    assert bootstrap.std_error.isna().all()
    assert bootstrap.p_value.notna().all()
    assert (bootstrap.conf_low < bootstrap.estimate).all()
    assert (bootstrap.conf_high > bootstrap.estimate).all()
    excludes_zero = (bootstrap.conf_low > 0) | (bootstrap.conf_high < 0)
    assert (excludes_zero == (bootstrap.p_value <= 0.05)).all()


def test_the_planted_effect_is_found(results):
    """The world's state levels shrink a pooled coefficient by 1/sqrt(1 + 0.2^2); intervals cover the remainder."""
    rise = rows(results, "coefficients", term="infant_mortality_rose", model="kimball_2010/t1_m2a")
    target = PLANTED_RISE / np.sqrt(1.04)
    assert (rise.conf_low < target).all()
    assert (rise.conf_high > target).all()
    assert (rise.conf_low > 0).all()
    effect = rows(results, "marginal_effects", term="infant_mortality_rose", model="kimball_2010/t1_m2a")
    assert set(effect.effect) == {"change from 0 to 1"}
    predicted = rows(results, "predicted_probabilities", term="infant_mortality_rose", model="kimball_2010/t1_m2a")
    assert list(predicted.value) == [0.0, 1.0]
    assert predicted.probability.diff()[1] == pytest.approx(effect.estimate[0], rel=1e-12)
    assert ((predicted.conf_low > 0) & (predicted.conf_low < predicted.probability)).all()
    assert ((predicted.conf_high < 1) & (predicted.conf_high > predicted.probability)).all()


def test_results_do_not_depend_on_row_order_repetition_or_other_models(panel):
    first = estimate(panel, PUBLISHED, "abc", False)
    shuffled = estimate(panel.sample(frac=1.0, random_state=3), PUBLISHED[1:], "abc", False)
    for table in BY_MODEL:
        alone = first[table][first[table].model == PUBLISHED[1].name].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, shuffled[table], check_exact=True)


def test_column_types_of_the_panel_do_not_matter(panel):
    objects = panel.astype({"infant_mortality_rose": object, "forms_military_alliance": object, "cinc": object})
    objects = objects.where(objects.notna(), None)
    floats = panel.astype({"infant_mortality_rose": "Float64", "forms_military_alliance": float}).convert_dtypes()
    expected = estimate(panel, PUBLISHED, "abc", False)["coefficients"]
    for variant in (objects, floats):
        pd.testing.assert_frame_equal(estimate(variant, PUBLISHED, "abc", False)["coefficients"], expected)


def bad_panels(panel):
    none, one, few, infinite = panel.copy(), panel[panel.cow_code == 2], panel.copy(), panel.copy()
    none["forms_military_alliance"] = False
    few["forms_military_alliance"] = np.arange(len(panel)) % (len(panel) // 6) == 3
    infinite.loc[5, "cinc"] = np.inf
    sorted_out = panel.assign(cinc=panel.cinc.fillna(0.01) + panel.forms_military_alliance)
    return {
        "no events": (none, "no events: forms_military_alliance is 0", False),
        "one cluster": (one, "one state only: no covariance by state", True),
        "more terms than events": (few, r"more terms \(\d+\) than events", True),
        "infinite": (infinite, "cinc has 1 infinite values", False),
        "unknown term": (panel.drop(columns="cinc"), "unknown column cinc", False),
        "all missing": (panel.assign(cinc=np.nan), "no state-year of the sample", False),
        "separated": (sorted_out, "^complete separation by .*cinc", False),
        "magnitude": (panel.assign(cinc=panel.cinc * 1e200), "magnitudes of the terms are beyond", False),
        "text": (panel.assign(cinc="much"), "column cinc is not numeric", False),
    }


@pytest.mark.parametrize(
    "case",
    [
        "no events",
        "one cluster",
        "more terms than events",
        "infinite",
        "unknown term",
        "all missing",
        "separated",
        "magnitude",
        "text",
    ],
)
def test_bad_input_becomes_a_row_with_the_reason_and_does_not_stop_other_models(panel, case):
    broken, message, still_fitted = bad_panels(panel)[case]
    results = estimate(broken, (PUBLISHED[0], *kimball_models("any")[:1]), "abc", False)
    bad, good = results["models"].iloc[0], results["models"].iloc[1]
    assert pd.Series([bad.problem], dtype="str").str.contains(message, na=False).all(), bad.problem
    assert bool(bad.converged) is still_fitted
    assert (results["coefficients"].model == bad.model).any() == still_fitted
    if case in ("no events", "more terms than events", "separated"):  # the others harm both models
        assert good.converged
        assert pd.isna(good.problem)
        assert (results["coefficients"].model == good.model).any()


def test_one_cluster_has_robust_errors_alone(panel):
    results = estimate(panel[panel.cow_code == 2], PUBLISHED[:1], "abc", False)
    known = results["coefficients"].groupby("covariance")["p_value"].agg(lambda p: p.notna().all())
    assert known["stata_robust"]
    assert not known.drop("stata_robust").any()


def test_two_models_of_one_name_raise_an_error(panel):
    with pytest.raises(AnalysisError, match="two models have the same name: kimball_2010/t1_m1a"):
        estimate(panel, PUBLISHED[:1] * 2)


def test_dropped_terms_are_named(panel):
    extra = dataclasses.replace(PUBLISHED[0], terms=(*PUBLISHED[0].terms, Term("copy")))
    results = estimate(panel.assign(copy=panel.cinc * 2), (extra,))
    assert results["models"].terms_dropped[0] == "copy: collinear with the terms before it"
    assert "copy" not in set(results["coefficients"].term)


def test_progress_is_reported_after_each_model(panel):
    reported = []
    estimate(panel, PUBLISHED, progress=lambda done, total, name: reported.append((done, total, name)))
    assert reported == [(1, 2, PUBLISHED[0].name), (2, 2, PUBLISHED[1].name)]


def test_importing_the_estimation_loads_nothing_heavy():
    """statsmodels alone takes longer to import than all models take to fit; the pipeline's tools do not belong here."""
    code = "import sys, analysis.studies.estimation; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    for heavy in ("statsmodels", "scipy.stats", "scipy.optimize", "matplotlib", "dagster", "dbt", "duckdb"):
        assert heavy not in loaded


def test_estimation_is_quick(panel):
    started = time.process_time()
    estimate(panel, PUBLISHED)
    assert time.process_time() - started < 5.0
