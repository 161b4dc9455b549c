"""The eight published models for each obligation rule: a contract with readers of the results."""

from analysis.studies.kimball import CHOICES, HEADLINE_MODEL, KIMBALL_2010, kimball_models

EIGHT = {f"kimball_2010/{table}_{model}" for table in ("t1", "t2") for model in ("m1a", "m1b", "m2a", "m2b")}


def test_eight_models_for_each_rule():
    assert {model.name for model in KIMBALL_2010} == EIGHT | {f"{n}/{r}" for n in EIGHT for r in ("defense", "any")}
    assert HEADLINE_MODEL in EIGHT
    assert {model.name for model in KIMBALL_2010 if model.is_headline} == EIGHT


def test_terms_lags_and_samples_are_those_of_the_article():
    base = ["infant_mortality_rate", "cinc", "dispute_rivals_lag_1", "w_over_s_lag_1"]
    for model in kimball_models("defense"):
        terms = [term.name for term in model.terms]
        letter, number, table = model.name[-9], model.name[-10], model.name.split("/")[1][:2]
        assert ("infant_mortality_rose" in terms) == (letter == "b")
        assert ("relevant_environment_disputes_lag_1" in terms) == (number == "2")
        assert [t for t in terms if t not in ("infant_mortality_rose", "relevant_environment_disputes_lag_1")] == base
        assert (model.sample.first_year, model.sample.last_year) == ((1816, 2000) if table == "t1" else (1900, 2000))
        assert model.outcome == "forms_defense_alliance"
        assert model.time.column == "years_since_defense_formation"
        assert model.time.knots == (1.0, 4.0, 7.0)
        assert model.link == "probit"


def test_every_unknown_is_a_listed_choice():
    assert {"obligation_rule", "spline_knots", "mortality_lag", "table_structure"} <= {choice[0] for choice in CHOICES}
