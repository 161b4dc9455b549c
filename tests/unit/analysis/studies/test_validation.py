"""Scores equal scikit-learn's, no row is predicted from itself or its future, and useful terms improve scores."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from analysis.core.panel import prepare
from analysis.core.tables import COLUMN_DOCS, DTYPES
from analysis.design.matrix import build
from analysis.inference.scores import SCORES
from analysis.studies.estimation import estimate
from analysis.studies.kimball import headline_model
from analysis.studies.validation import (
    BY_STATE,
    FORWARD,
    IN_SAMPLE,
    forward,
    in_sample,
    predict,
    states_left_out,
    validate,
)

REFERENCE = {
    "auc": roc_auc_score,
    "average_precision": average_precision_score,
    "brier": brier_score_loss,
    "log_score": lambda *args, **weights: -log_loss(*args, **weights),
}
HEADLINE = headline_model()
BETTER = {"auc": 1, "average_precision": 1, "brier": -1, "log_score": 1}


@pytest.mark.parametrize("name", list(SCORES))
def test_scores_equal_scikit_learn_with_ties_and_one_set_of_weights_or_many(name):
    generator = np.random.default_rng(1)
    prediction = generator.integers(1, 30, 400) / 31
    outcome = (generator.random(400) < prediction).astype(float)
    weights = np.vstack([np.ones(400), generator.integers(0, 4, (3, 400))])
    expected = [REFERENCE[name](outcome, prediction, sample_weight=weight) for weight in weights]
    np.testing.assert_allclose(SCORES[name](outcome, prediction, weights), expected, rtol=1e-12)
    assert SCORES[name](outcome, prediction, weights[1]) == pytest.approx(expected[1], rel=1e-12)
    assert SCORES[name](outcome, prediction) == pytest.approx(expected[0], rel=1e-12)


def test_rank_scores_without_an_event_are_undefined_in_that_draw_alone():
    outcome, prediction = np.array([1.0, 0.0, 0.0]), np.array([0.5, 0.2, 0.7])
    for name in ("auc", "average_precision"):
        drawn = SCORES[name](outcome, prediction, np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]))
        assert np.isnan(drawn[0])
        assert drawn[1] == 0.5


def test_forward_learns_from_the_past_alone_and_predicts_each_year_once():
    years = np.repeat(np.arange(1890, 1935), 3)
    blocks = forward(years).values()
    assert all(years[learn].max() < years[test].min() for learn, test in blocks)
    np.testing.assert_array_equal(sum(test.astype(int) for _, test in blocks), (years >= 1900).astype(int))


def test_states_left_out_are_predicted_once_and_never_from_themselves():
    states = np.repeat(np.arange(23), 5)
    blocks = states_left_out(states).values()
    assert len(blocks) == 10
    assert all(not set(states[learn]) & set(states[test]) for learn, test in blocks)
    assert (sum(test.astype(int) for _, test in blocks) == 1).all()


def predictions(panel: pd.DataFrame, blocks_of) -> pd.DataFrame:
    """Probabilities by state and year, three columns; blocks_of makes the blocks from the keys of the sample."""
    panel = prepare(panel)
    design = build(panel, HEADLINE)
    keys = panel[["cow_code", "year"]].iloc[design.rows]
    time = panel[HEADLINE.time.column].to_numpy(float)[design.rows]
    predicted, problems = predict(design, time, HEADLINE, blocks_of(design, keys))
    assert all(problem.startswith("1910-1919") for problem in problems)  # nothing before it to learn from
    return pd.DataFrame(predicted, index=pd.MultiIndex.from_frame(keys))


def scrambled(panel: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    """The panel with other outcomes, mortality, times and controls in these rows, and the same missing values."""
    generator, changed, count = np.random.default_rng(5), panel.copy(), int(rows.sum())
    changed.loc[rows, "forms_military_alliance"] = generator.random(count) < 0.5
    changed.loc[rows, "years_since_military_formation"] = generator.integers(0, 300, count, dtype="int32")
    rose = changed.loc[rows, "infant_mortality_rose"]
    changed.loc[rows, "infant_mortality_rose"] = (~rose).where(rose.notna())
    changed.loc[rows, "infant_mortality_rate"] *= 3.0
    changed.loc[rows, "cinc"] = generator.random(count)
    return changed


def test_no_prediction_forward_in_time_changes_with_anything_in_the_future(panel):
    """Neither coefficients nor spline knots nor the choice of terms may look ahead."""

    def decades(design, keys):
        return forward(keys["year"].to_numpy())

    before, after = predictions(panel, decades), predictions(scrambled(panel, panel.year >= 1960), decades)
    past = before.index.get_level_values("year") < 1960
    assert before[past].notna().all(axis=1).sum() > 1500
    pd.testing.assert_frame_equal(before[past], after[past], check_exact=True)
    assert not before[~past].equals(after[~past])


def test_no_prediction_of_a_state_learns_from_its_own_outcomes(panel):
    def tenths(design, keys):
        return states_left_out(design.states)

    changed = panel.copy()
    changed.loc[panel.cow_code == 7, "forms_military_alliance"] ^= True
    before, after = predictions(panel, tenths), predictions(changed, tenths)
    pd.testing.assert_frame_equal(before.loc[7], after.loc[7], check_exact=True)
    assert not before.equals(after)


def test_a_signal_of_the_last_decade_alone_helps_in_sample_and_not_forward(panel):
    """In the 1990s mortality rises in most years of a formation and few others; until then a bit less often in one."""
    generator, rows = np.random.default_rng(11), panel[panel.year < 2000]
    forms, chance = rows.forms_military_alliance.to_numpy(), generator.random(len(rows))
    rose = np.where(rows.year >= 1990, forms ^ (chance < 0.1), chance < np.where(forms, 0.05, 0.1))
    rows = rows.assign(infant_mortality_rose=pd.array(rose, dtype="boolean"))
    gain = {}
    for name, blocks in ((IN_SAMPLE, in_sample), (FORWARD, forward)):
        found = predictions(rows, lambda design, keys, blocks=blocks: blocks(keys["year"].to_numpy()))
        found = found[found.index.get_level_values("year") >= 1990].reset_index()
        happened = found.merge(rows, on=["cow_code", "year"]).forms_military_alliance
        gain[name] = roc_auc_score(happened, found[0]) - roc_auc_score(happened, found[1])
    assert gain[FORWARD] < 0.0
    assert gain[IN_SAMPLE] > 0.1


@pytest.fixture(scope="module")
def results(panel):
    return validate(panel)


@pytest.fixture(scope="module")
def table(results):
    return results["validation"].dropna(subset="score").set_index(["scheme", "score", "terms"])


def test_columns_are_the_documented_ones_and_neither_row_order_nor_workers_matter(panel, results):
    again = validate(panel.sample(frac=1.0, random_state=1), n_jobs=2)
    for name, frame in results.items():
        documented = COLUMN_DOCS[name]
        assert {n: str(t) for n, t in frame.dtypes.items()} == {n: DTYPES[d.type] for n, d in documented.items()}
        pd.testing.assert_frame_equal(frame, again[name], check_exact=True)


def test_all_sets_of_terms_are_scored_on_the_same_rows(table):
    assert (table.groupby(level="scheme")[["n", "events", "clusters"]].nunique() == 1).all(axis=None)
    assert table.groupby(level="scheme").size().to_dict() == {IN_SAMPLE: 16, FORWARD: 16, BY_STATE: 16}


def test_in_sample_auc_and_rows_are_those_of_the_published_model(panel, table):
    published = estimate(panel, [HEADLINE])["models"].iloc[0]
    here = table.loc[(IN_SAMPLE, "auc", "with mortality")]
    assert here.value == pytest.approx(published.auc, rel=1e-9)
    assert (here.n, here.events, here.clusters) == (published.n, published.events, published.clusters)


def test_a_planted_effect_helps_out_of_sample(table):
    """The first decade is predicted from nine years: too few for a spline's probabilities, not for its order."""
    for scheme, scores in ((FORWARD, ("auc", "average_precision")), (BY_STATE, BETTER)):
        for score in scores:
            assert table.loc[(scheme, score, "difference"), "value"] * BETTER[score] > 0
            whole = table.loc[(scheme, score, "with mortality")]
            assert whole.conf_low < whole.value < whole.conf_high
    assert table.loc[(BY_STATE, "log_score", "difference"), "conf_low"] > 0
    assert table.loc[(FORWARD, "auc", "difference"), "conf_low"] > 0


def test_the_separation_table_is_the_forward_predictions_in_order(panel, results, table):
    frame = results["separation"]
    scored = table.loc[(FORWARD, "auc", "with mortality")]
    assert len(frame) == scored.n
    assert frame.outcome.sum() == scored.events
    assert roc_auc_score(frame.outcome.astype(int), frame.probability) == pytest.approx(scored.value, rel=1e-12)
    assert list(frame["rank"]) == list(range(1, len(frame) + 1))
    assert frame.probability.is_monotonic_increasing
    assert not frame.duplicated(["cow_code", "year"]).any()
    happened = frame.merge(panel, on=["cow_code", "year"])
    assert (happened.outcome == happened.forms_military_alliance).all()


def test_a_failed_validation_has_its_reason_and_does_not_stop_the_others(panel):
    broken = validate(panel.assign(forms_military_alliance=False))
    assert len(broken["validation"]) == 3
    assert broken["validation"].problem.str.startswith("no events").all()
    assert broken["separation"].empty

    late = validate(panel.assign(forms_military_alliance=panel.forms_military_alliance & (panel.year > 1930)))
    failed = late["validation"].query("problem.notna()")
    assert set(failed.scheme) == {FORWARD}
    assert failed.value.isna().all()
    assert [problem[:9] for problem in failed.problem] == ["1910-1919", "1920-1929", "1930-1939"]
    assert failed.problem.str.contains("state-years not predicted: no events").all()
    assert late["separation"].year.min() == 1940
