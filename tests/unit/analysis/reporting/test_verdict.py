"""The sentence of the verdict and the abstract agree with the results, whatever they are."""

import pandas as pd
import pytest

from analysis.core.errors import AnalysisError
from analysis.reporting.verdict import abstract, read_evidence, verdict_sentence
from analysis.studies.kimball import HEADLINE_MODEL, ROSE
from analysis.studies.validation import BY_STATE, DIFFERENCE, FORWARD
from analysis.studies.verdict import Finding, Interval


def frames(low=0.01, within=0.66, inference=False, **model) -> dict[str, pd.DataFrame]:
    row = {
        "model": HEADLINE_MODEL,
        "sample": "1816-2000",
        "outcome": "forms_military_alliance",
        "n": 7962,
        "events": 667,
        "clusters": 164,
        "problem": None,
        "terms_dropped": None,
        "is_synthetic": False,
    }
    rise = {"model": HEADLINE_MODEL, "term": ROSE, "estimate": 0.13}
    coefficients = [
        rise | {"covariance": "cluster_state", "p_value": 0.04, "conf_low": low, "conf_high": 0.26},
        rise | {"covariance": "cluster_state_year", "p_value": 0.096, "conf_low": -0.02, "conf_high": 0.29},
        rise | {"model": "another", "covariance": "cluster_state", "p_value": 0.9, "conf_low": 9, "conf_high": 9},
    ]
    effects = [rise | {"covariance": "cluster_state", "estimate": 0.0184, "conf_low": -0.0004, "conf_high": 0.037}]
    checks = [
        ("within states", "state means of mortality", ROSE, "coefficient", 0.03, within),
        ("within states", "state means of all terms", ROSE, "coefficient", 0.03, 0.001),
        ("calendar effects", "year effects", ROSE, "coefficient", 0.17, 0.007),
        ("lags and leads within states", "all leads: F(3, 163)", None, "joint test", None, 0.93),
        ("lags and leads within states", "all lags: F(3, 163)", None, "joint test", None, 0.01),
        ("power and equivalence", "equivalence: within 1 percentage point of 0", ROSE, "effect", 0.0184, 0.81),
    ]
    columns = ["check", "detail", "term", "quantity", "estimate", "p_value"]
    found = {
        "models": pd.DataFrame([row | model]),
        "coefficients": pd.DataFrame(coefficients),
        "marginal_effects": pd.DataFrame(effects),
        "evidence": pd.DataFrame(checks, columns=columns),
    }
    if inference:
        gains = [(FORWARD, -0.0046, -0.0102, 0.001), (BY_STATE, -0.0002, -0.003, 0.003)]
        validation = pd.DataFrame(gains, columns=["scheme", "value", "conf_low", "conf_high"])
        found["validation"] = validation.assign(score="auc", terms=DIFFERENCE)
        found["specification_tests"] = pd.DataFrame(
            [("placebo", "median z", 0.7), ("observed", "median z", 0.004), ("observed", "mean z", 0.9)],
            columns=["curve", "statistic", "p_value"],
        )
    return found


def test_evidence_is_read_from_the_tables():
    evidence = read_evidence(frames(inference=True))
    assert evidence.coefficient == Interval(0.13, 0.01, 0.26)
    assert (evidence.within, evidence.calendar) == (Finding(0.03, 0.66), Finding(0.17, 0.007))
    assert evidence.dependence == Finding(0.13, 0.096)
    assert (evidence.placebo, evidence.equivalence, evidence.multiverse) == (0.93, 0.81, 0.004)
    assert [gain.estimate for gain in evidence.out_of_sample] == [-0.0046, -0.0002]


def test_sentence_names_category_size_and_every_check():
    sentence = verdict_sentence(frames(inference=True))
    assert sentence.startswith("That rising demand for social policy raises alliance formation is not robust: ")
    assert "1.84 percentage points more frequent" in sentence
    assert "95% interval 0.14 to 3.68)" in sentence
    for figure in ("p 0.660", "p 0.096", "p 0.930", "p 0.007", "p 0.004", "-0.0046 and -0.0002"):
        assert sentence.count(figure) == 1
    assert "not run" not in sentence
    assert HEADLINE_MODEL not in sentence


def test_an_interval_with_zero_is_never_called_a_finding():
    sentence = verdict_sentence(frames(low=-0.01))
    assert "is not supported: " in sentence
    assert "-0.14 to 3.68, which includes zero)" in sentence
    assert "distinguishable" not in sentence


def test_what_was_not_run_is_named():
    sentence = verdict_sentence(frames(within=0.01))
    assert "is weakly supported: " in sentence
    assert "not run: the multiverse of specifications and predictions out of sample." in sentence
    headings = dict(abstract(frames(within=0.01)))
    assert "warehouse run --with inference" in headings["Not run"]


def test_abstract_begins_with_the_question_and_has_the_sentence():
    parts = dict(abstract(frames(inference=True)))
    assert list(parts) == ["Question", "Data", "Answer", "Strongest evidence", "Weakest evidence"]
    assert parts["Answer"] == verdict_sentence(frames(inference=True))
    assert "7,962 years of 164 states, 1816 to 2000; in 667 of them (8.4%)" in parts["Data"]
    assert parts["Strongest evidence"].endswith("(p 0.004).")
    assert "compared with itself" in parts["Weakest evidence"]
    assert parts["Weakest evidence"].endswith("(p 0.660).")
    assert "probit" not in " ".join(parts.values())


def test_synthetic_figures_are_marked():
    assert verdict_sentence(frames(is_synthetic=True)).startswith("SYNTHETIC sample")


def test_a_model_without_an_estimate_could_not_be_tested():
    found = frames(problem="no events: forms_military_alliance is 0", n=None)
    found["coefficients"] = found["coefficients"].iloc[:0]
    assert "could not be tested" in verdict_sentence(found)
    assert "no events" in verdict_sentence(found)
    assert [heading for heading, _ in abstract(found)] == ["Question", "Data", "Answer"]
    with pytest.raises(AnalysisError, match="no row for the headline model"):
        verdict_sentence({**found, "models": found["models"].iloc[:0]})
