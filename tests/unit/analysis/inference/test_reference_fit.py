"""statsmodels' fit: its covariances have the published definitions, and a disagreement is found."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.core.tables import COLUMN_DOCS
from analysis.design.matrix import build
from analysis.inference.fitting import fit_checked
from analysis.inference.reference_fit import TOLERANCE, agreement_row, disagreement_row, fit_reference
from analysis.studies.kimball import headline_model

DIFFERENCES = ("coefficient_difference", "robust_difference", "cluster_difference")


@pytest.fixture(scope="module")
def design(panel):
    return build(prepare(panel), headline_model())


@pytest.fixture(scope="module")
def reference(design):
    return fit_reference(design, headline_model())


def test_both_estimators_agree(design, reference):
    fitted, _ = fit_checked(design, headline_model())
    row = agreement_row(headline_model(), design, fitted, reference)
    assert row["agrees"]
    assert max(row[name] for name in DIFFERENCES) < TOLERANCE
    assert {*row, "is_synthetic"} == set(COLUMN_DOCS["estimator_agreement"])


@pytest.mark.parametrize("name", ["coefficients", "robust", "clustered"])
def test_a_difference_above_the_tolerance_is_found(design, reference, name):
    fitted, _ = fit_checked(design, headline_model())
    other = replace(reference, **{name: getattr(reference, name) * (1 + 1e-6)})
    assert not agreement_row(headline_model(), design, fitted, other)["agrees"]


def test_the_covariances_have_the_published_factors(design, reference):
    """The options of Probit.fit on the terms themselves: HC0 and clusters without a small-sample correction."""
    model = sm.Probit(design.outcome, design.matrix)
    n, groups = len(design.outcome), int(design.states.max()) + 1
    by_row = model.fit(disp=0, maxiter=200, cov_type="HC0").bse
    options = {"groups": design.states, "use_correction": False}
    by_state = model.fit(disp=0, maxiter=200, cov_type="cluster", cov_kwds=options).bse
    np.testing.assert_allclose(np.sqrt(np.diag(reference.robust)), by_row * np.sqrt(n / (n - 1)), rtol=1e-5)
    factor = np.sqrt(groups / (groups - 1))
    np.testing.assert_allclose(np.sqrt(np.diag(reference.clustered)), by_state * factor, rtol=1e-5)


def test_one_state_has_no_clustered_covariance(panel):
    design = build(prepare(panel[panel["cow_code"] == 2]), headline_model())
    fitted, _ = fit_checked(design, headline_model())
    reference = fit_reference(design, headline_model())
    assert np.isnan(reference.clustered).all()
    row = agreement_row(headline_model(), design, fitted, reference)
    assert row["agrees"]
    assert row["cluster_difference"] is None


def test_only_probits_have_published_estimates(design):
    with pytest.raises(ModelError, match="found link 'logit'"):
        fit_reference(design, replace(headline_model(), link="logit"))


def test_a_model_statsmodels_cannot_fit_disagrees():
    row = disagreement_row(headline_model(), "did not converge")
    assert not row["agrees"]
    assert {*row, "is_synthetic"} == set(COLUMN_DOCS["estimator_agreement"])
