"""The eight published models for each obligation rule: a contract with readers of the results."""

import pandas as pd

from analysis.core.tables import COLUMN_DOCS
from analysis.studies.crosswalk import CROSSWALK, CROSSWALK_COLUMNS
from analysis.studies.kimball import (
    CHOICE_COLUMNS,
    CHOICES,
    HEADLINE_AFTER_1899,
    HEADLINE_MODEL,
    KIMBALL_2010,
    headline_model,
    kimball_models,
    models_as_published,
)

NUMBERS = [f"{table}_{model}" for table in ("t1", "t2") for model in ("m1a", "m1b", "m2a", "m2b")]
EIGHT = {f"kimball_2010/{number}" for number in NUMBERS}
SUFFIXES = ("defense", "any", "as_published")


def test_eight_models_for_each_rule_and_as_published():
    assert {model.name for model in KIMBALL_2010} == EIGHT | {f"{n}/{suffix}" for n in EIGHT for suffix in SUFFIXES}
    assert {model.name for model in KIMBALL_2010 if model.is_headline} == EIGHT
    assert [model.name for model in kimball_models()] == [f"kimball_2010/{number}" for number in NUMBERS]


def test_names_denote_the_published_models():
    """Table: disputes in or not; number: mortality terms; letter: years."""
    base = ["infant_mortality_rate", "cinc", "dispute_rivals_lag_1", "w_over_s_lag_1"]
    for model in kimball_models("defense"):
        table, number, letter = model.name[13:15], model.name[16:18], model.name[18]
        terms = [term.name for term in model.terms]
        assert ("infant_mortality_rose" in terms) == (number == "m2")
        assert ("relevant_environment_disputes_lag_1" in terms) == (table == "t2")
        assert [t for t in terms if t not in ("infant_mortality_rose", "relevant_environment_disputes_lag_1")] == base
        assert (model.sample.first_year, model.sample.last_year) == ((1816, 2000) if letter == "a" else (1900, 2000))
        assert model.outcome == "forms_defense_alliance"
        assert model.time.column == "years_since_defense_formation"
        assert model.time.knots == (1.0, 4.0, 7.0)
        assert model.link == "probit"


def test_the_headline_has_level_and_rise_in_all_years():
    model = headline_model()
    assert (HEADLINE_MODEL, HEADLINE_AFTER_1899) == ("kimball_2010/t1_m2a", "kimball_2010/t1_m2b")
    assert model.name == HEADLINE_MODEL
    assert [term.column for term in model.terms[:2]] == ["infant_mortality_rate", "infant_mortality_rose"]
    assert (model.sample.first_year, model.sample.last_year) == (1816, 2000)


def test_as_published_models_take_the_measures_of_the_file():
    for ours, published in zip(kimball_models(), models_as_published(), strict=True):
        assert published.name == f"{ours.name}/as_published"
        assert (published.outcome, published.sample, published.link) == (ours.outcome, ours.sample, ours.link)
        assert (published.time.column, published.time.form) == ("published_years_since_formation", "btscs")
        changed = {term.name for term in published.terms} - {term.name for term in ours.terms}
        assert changed == {"published_w_over_s_lagged", "published_dispute_rivals_lagged"}
        assert all(term.lag == 0 for term in published.terms if term.name in changed)  # lagged in the file


def test_choices_say_what_is_fixed_and_what_is_open():
    status = {choice[0]: choice[1] for choice in CHOICES}
    assert len(status) == len(CHOICES)
    fixed = {"estimator", "terms", "years", "lags", "published_covariance", "counted_event"}
    open_choices = {"obligation_rule", "mortality_rise", "spline_knots", "counter_origin", "counter_reset"}
    assert {name for name, value in status.items() if value == "fixed"} == fixed
    assert open_choices <= {name for name, value in status.items() if value == "open"}
    assert set(status.values()) == {"fixed", "open", "added"}
    knots = next(choice for choice in CHOICES if choice[0] == "spline_knots")
    assert "example of Beck, Katz & Tucker" in knots[-1]


def test_the_crosswalk_names_models_that_exist():
    rows = pd.DataFrame(CROSSWALK, columns=CROSSWALK_COLUMNS)
    assert {*CROSSWALK_COLUMNS, "is_synthetic"} == set(COLUMN_DOCS["crosswalk"])
    assert {*CHOICE_COLUMNS, "is_synthetic"} == set(COLUMN_DOCS["choices"])
    assert rows["published"].is_unique
    models = rows[rows["kind"] == "model"].set_index("published")
    known = {model.name: model for model in KIMBALL_2010}
    assert set(models["ours"]) == EIGHT
    assert set(models["as_published"]) <= set(known)
    assert models.loc["Table 1 Model 2A", "ours"] == HEADLINE_MODEL
    for row in models.itertuples():
        assert ("IncDmdIMR" in row.command) == ("infant_mortality_rose" in known[row.ours].focus)
        assert ("envmids1" in row.command) == ("relevant_environment_disputes_lag_1" in known[row.ours].focus)
        assert ("year > 1899" in row.command) == (known[row.ours].sample.first_year == 1900)
