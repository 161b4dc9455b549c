"""The sentence on the claim agrees with the results, whatever they are."""

import pandas as pd
import pytest

from analysis.core.errors import AnalysisError
from analysis.reporting.claim import TERM, claim_sentence
from analysis.studies.kimball import HEADLINE_MODEL
from analysis.studies.validation import BY_STATE, DIFFERENCE, FORWARD, WITH, WITHOUT

P_VALUES = {"stata_robust": 0.004, "cluster_state": 0.03, "cluster_state_year": 0.04, "score_bootstrap": 0.02}


def model(**changes) -> pd.DataFrame:
    row = {
        "model": HEADLINE_MODEL,
        "family": "probit",
        "sample": "1816-2000",
        "outcome": "forms_military_alliance",
        "n": 7962,
        "events": 667,
        "clusters": 164,
        "problem": None,
        "terms_dropped": None,
        "is_synthetic": False,
    }
    return pd.DataFrame([row | changes])


def coefficients(estimate=0.13, **p_values) -> pd.DataFrame:
    rows = [
        {"model": HEADLINE_MODEL, "term": TERM, "covariance": name, "estimate": estimate, "p_value": p_value}
        for name, p_value in (P_VALUES | p_values).items()
    ]
    return pd.DataFrame([*rows, {**rows[1], "model": "another", "estimate": -9.0, "p_value": 0.5}])


def effects(estimate=0.0184, low=0.0012, high=0.0356) -> pd.DataFrame:
    rows = {"model": HEADLINE_MODEL, "term": TERM, "covariance": ["stata_robust", "cluster_state"]}
    return pd.DataFrame(rows | {"estimate": estimate, "conf_low": [9.0, low], "conf_high": [9.0, high]})


def curve(*rows: tuple[float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["estimate", "p_value", "measure"]).assign(problem=None)


def validation(forward: tuple[float, float, float], by_state=(0.0001, -0.002, 0.003)) -> pd.DataFrame:
    rows = []
    for scheme, (value, low, high) in ((FORWARD, forward), (BY_STATE, by_state)):
        rows += [(scheme, "auc", WITH, 0.75 + value, 0.7, 0.8), (scheme, "auc", WITHOUT, 0.75, 0.7, 0.8)]
        rows += [(scheme, "auc", DIFFERENCE, value, low, high), (scheme, "brier", DIFFERENCE, 9.0, 8.0, 9.5)]
    return pd.DataFrame(rows, columns=["scheme", "score", "terms", "value", "conf_low", "conf_high"]).assign(
        problem=None
    )


@pytest.mark.parametrize(
    ("found", "verdict", "direction"),
    [
        (coefficients(), "finds support in", "positive and distinguishable from zero"),
        (coefficients(cluster_state_year=0.09), "finds only weak support in", "positive and distinguishable from zero"),
        (coefficients(cluster_state=0.3), "is not shown by", "positive but not distinguishable from zero"),
        (coefficients(-0.1, cluster_state=0.3), "is not shown by", "negative and not distinguishable from zero"),
        (coefficients(-0.1), "is contradicted by", "negative and distinguishable from zero"),
    ],
)
def test_verdict_and_direction(found, verdict, direction):
    sentence = claim_sentence(model(), found, effects())
    assert f"raises alliance formation {verdict} the headline model ({HEADLINE_MODEL}, probit, 1816-2000" in sentence
    assert f"the coefficient of a rise in infant mortality is {direction};" in sentence
    assert "n 7,962 state-years, 667 formations, 164 states" in sentence
    assert sentence.endswith(".")
    assert ". " not in sentence


def test_size_is_in_percentage_points_with_the_interval_by_state():
    sentence = claim_sentence(model(), coefficients(), effects())
    assert "new military alliance is 1.84 percentage points higher on average (95% interval 0.12 to 3.56);" in sentence
    sentence = claim_sentence(model(), coefficients(-0.1), effects(-0.01, -0.03, 0.002))
    assert "1.00 percentage points lower on average (95% interval -3.00 to 0.20, which includes zero)" in sentence
    assert "size of the effect was not computed" in claim_sentence(model(), coefficients(), effects().iloc[:1])


def test_uncertainty_is_that_of_the_headline_covariance_and_the_range():
    sentence = claim_sentence(model(), coefficients(stata_robust=0.0002, score_bootstrap=float("nan")), effects())
    assert "p is 0.030 clustered by state and from below 0.001 to 0.040 over 3 ways" in sentence


def test_share_of_specifications_that_agree():
    table = curve((0.2, 0.01, "rise"), (0.3, 0.2, "rise"), (-0.1, 0.01, "level"), (0.1, 0.04, "level"))
    sentence = claim_sentence(model(), coefficients(), effects(), table)
    assert "of 4 specifications 50% agree (positive, p < 0.05: 50% by level, 50% by rise)" in sentence
    assert "25% find the opposite and 25% neither" in sentence
    table.loc[0, "problem"] = "separated"
    sentence = claim_sentence(model(), coefficients(), effects(), table)
    assert "of 3 specifications (1 more could not be fitted) 33% agree" in sentence
    sentence = claim_sentence(model(), coefficients(), effects(), table.iloc[:1])
    assert "none of 1 specifications could be fitted" in sentence
    assert "other specifications were not run" in claim_sentence(model(), coefficients(), effects())


@pytest.mark.parametrize(
    ("forward", "word"),
    [
        ((0.02, 0.01, 0.03), "better"),
        ((-0.02, -0.03, -0.01), "worse"),
        ((0.02, -0.01, 0.05), "not distinguishably better or worse"),
    ],
)
def test_value_out_of_sample(forward, word):
    sentence = claim_sentence(model(), coefficients(), effects(), validation=validation(forward))
    assert f"predictions forward in time are {word} than without (AUC {0.75 + forward[0]:.3f} against 0.750" in sentence
    assert f"difference {forward[0]:.4f}, 95% interval {forward[1]:.4f} to {forward[2]:.4f})" in sentence
    assert "for states left out are not distinguishably better or worse than without" in sentence


def test_missing_validation_is_stated():
    assert "predictions out of sample were not made" in claim_sentence(model(), coefficients(), effects())
    part = validation((0.02, 0.01, 0.03))
    sentence = claim_sentence(model(), coefficients(), effects(), validation=part[part["scheme"] == BY_STATE])
    assert "predictions forward in time could not be made" in sentence
    failed = pd.DataFrame([{"scheme": FORWARD, "problem": "1900-1909, 300 state-years not predicted: separated"}])
    sentence = claim_sentence(model(), coefficients(), effects(), validation=pd.concat([part, failed]))
    assert "interval 0.0100 to 0.0300, 1 part not predicted)" in sentence
    unsure = part.assign(conf_low=float("nan"), conf_high=float("nan"))
    sentence = claim_sentence(model(), coefficients(), effects(), validation=unsure)
    assert (
        "not distinguishably better or worse than without (AUC 0.770 against 0.750, difference 0.0200, no" in sentence
    )


def test_a_failed_headline_model_is_stated_with_its_reason():
    none = coefficients().iloc[:0]
    failed = model(n=None, problem="no column cinc in the panel")
    assert "could not be tested: " in claim_sentence(failed, none, effects())
    assert "(no column cinc in the panel)" in claim_sentence(failed, none, effects())
    dropped = model(terms_dropped=f"{TERM}: constant")
    assert f"gives no estimate for {TERM} ({TERM}: constant)" in claim_sentence(dropped, none, effects())
    with pytest.raises(AnalysisError, match=HEADLINE_MODEL):
        claim_sentence(model().iloc[:0], none, effects())


def test_every_variant_is_marked_for_synthetic_data():
    made_up = model(is_synthetic=True)
    for found in (coefficients(), coefficients(-0.1), coefficients().iloc[:0]):
        assert claim_sentence(made_up, found, effects()).startswith("SYNTHETIC sample, which says nothing")
    assert "SYNTHETIC" not in claim_sentence(model(), coefficients(), effects())
