"""Scores equal scikit-learn's, no row is predicted from itself or its future, and what helps is seen to help."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from analysis.estimation import estimate
from analysis.kimball import kimball_models
from analysis.scores import SCORES
from analysis.tables import COLUMN_DOCS, DTYPES
from analysis.validation import BY_STATE, FORWARD, IN_SAMPLE, forward, states_left_out, validate

REFERENCE = {
    "auc": roc_auc_score,
    "average_precision": average_precision_score,
    "brier": brier_score_loss,
    "log_score": lambda *args, **weights: -log_loss(*args, **weights),
}


@pytest.mark.parametrize("name", list(SCORES))
def test_scores_equal_scikit_learn_with_ties_and_weights(name):
    generator = np.random.default_rng(1)
    prediction = generator.integers(1, 30, 400) / 31
    outcome = (generator.random(400) < prediction).astype(float)
    for weight in (np.ones(400), generator.integers(0, 4, 400).astype(float)):
        expected = REFERENCE[name](outcome, prediction, sample_weight=weight)
        assert SCORES[name](outcome, prediction, weight) == pytest.approx(expected, rel=1e-12)


def test_forward_learns_from_the_past_alone_and_predicts_each_year_once():
    years = np.repeat(np.arange(1890, 1935), 3)
    splits = forward(years)
    assert all(years[learn].max() < years[test].min() for learn, test in splits)
    np.testing.assert_array_equal(sum(test.astype(int) for _, test in splits), (years >= 1900).astype(int))


def test_states_left_out_are_predicted_once_and_never_from_themselves():
    states = np.repeat(np.arange(23), 5)
    splits = states_left_out(states)
    assert len(splits) == 10
    assert all(not set(states[learn]) & set(states[test]) for learn, test in splits)
    assert (sum(test.astype(int) for _, test in splits) == 1).all()


@pytest.fixture(scope="module")
def results(panel):
    return validate(panel)


def test_columns_are_the_documented_ones_and_two_runs_are_the_same(panel, results):
    again = validate(panel.sample(frac=1.0, random_state=1), jobs=2)
    for name, table in results.items():
        documented = COLUMN_DOCS[name]
        assert {n: str(t) for n, t in table.dtypes.items()} == {n: DTYPES[d.type] for n, d in documented.items()}
        pd.testing.assert_frame_equal(table, again[name], check_exact=True)


def test_in_sample_auc_is_that_of_the_published_model(panel, results):
    table = results["validation"].set_index(["scheme", "score", "terms"])
    published = estimate(panel, kimball_models()[1:2])["models"].auc[0]
    assert table.loc[(IN_SAMPLE, "auc", "with mortality"), "value"] == pytest.approx(published, rel=1e-9)


def test_a_planted_effect_helps_out_of_sample(results):
    """Forward, the first decade is learnt from nine years: too few for a spline's probabilities, not for its order."""
    table = results["validation"].set_index(["scheme", "score", "terms"])
    better = {"auc": 1, "average_precision": 1, "brier": -1, "log_score": 1}
    for scheme, scores in ((FORWARD, ("auc", "average_precision")), (BY_STATE, better)):
        for score in scores:
            assert table.loc[(scheme, score, "difference"), "value"] * better[score] > 0
            whole = table.loc[(scheme, score, "with mortality")]
            assert whole.conf_low < whole.value < whole.conf_high
    assert table.loc[(BY_STATE, "log_score", "difference"), "conf_low"] > 0
    assert table.loc[(FORWARD, "auc", "difference"), "conf_low"] > 0


def test_the_separation_table_is_the_forward_predictions_in_order(panel, results):
    table = results["separation"]
    scored = results["validation"].query("scheme == @FORWARD").iloc[0]
    assert len(table) == scored.n and table.outcome.sum() == scored.events
    assert list(table["rank"]) == list(range(1, len(table) + 1)) and table.probability.is_monotonic_increasing
    assert not table.duplicated(["cow_code", "year"]).any()
    happened = table.merge(panel, on=["cow_code", "year"])
    assert (happened.outcome == happened.forms_military_alliance).all()


def test_what_cannot_be_validated_says_why(panel):
    broken = validate(panel.assign(forms_military_alliance=False))
    assert len(broken["validation"]) == 3 and broken["validation"].problem.str.startswith("no events").all()
    assert broken["separation"].empty
    late = validate(panel.assign(forms_military_alliance=panel.forms_military_alliance & (panel.year > 1930)))
    failed = late["validation"].query("problem.notna()")
    assert list(failed.scheme) == [FORWARD] and "do not hold both outcomes" in failed.problem.iloc[0]
