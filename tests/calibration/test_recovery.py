"""Are the planted effects of the synthetic world found at the nominal rate? Two hundred worlds, each its own seed.

The files of a world and their way into the mart are tested elsewhere; here its grids become the mart's columns directly,
and everything after that (lags, changes, estimation sample, fit, covariances, intervals) is the project's own.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from analysis.core.specification import Model, Sample, Term, TimeDependence
from analysis.studies.estimation import estimate
from orchestration.ingest.sample import PLANTED
from orchestration.ingest.sample.mirror import STATES
from orchestration.ingest.sample.world import World, build_world, winning_coalition_ratio
from tests.unit.ingest.test_sample import years_since

pytestmark = pytest.mark.slow

WORLDS = 200
FIRST_SEED = 1
# How many intervals of 200 hold the truth, with a chance of 0.999, if each does with a chance of 0.95.
FEWEST, MOST = (int(binom.ppf(tail, WORLDS, 0.95)) for tail in (0.0005, 0.9995))
MODEL = Model(
    name="planted",
    outcome="forms_military_alliance",
    terms=(
        Term("infant_mortality_rate"),
        Term("infant_mortality_rate", transform="rose"),
        Term("cinc"),
        Term("dispute_rivals", 1),
        Term("w_over_s", 1),
    ),
    sample=Sample("1817-2000", 1817, 2000),
    time=TimeDependence("years_since_military_formation", "linear"),
)
RISE = "infant_mortality_rate_rose"
TRUTH = {
    "infant_mortality_rate": PLANTED["infant_mortality_rate"],
    RISE: PLANTED["infant_mortality_rose"],
    "cinc": PLANTED["cinc"],
    "dispute_rivals_lag_1": PLANTED["dispute_rivals"],
    "w_over_s_lag_1": PLANTED["w_over_s"],
    "years_since_military_formation": PLANTED["years_since_military_formation"],
    "constant": PLANTED["intercept"],
}


def panel_of(world: World) -> pd.DataFrame:
    """One row per member state-year, with the columns the planted probit reads."""
    roster = world.roster
    state, year = np.nonzero(roster.member)
    grids = {
        "forms_military_alliance": world.forms_military,
        "infant_mortality_rate": world.mortality,
        "cinc": world.cinc,
        "dispute_rivals": world.conflict.rivals,
        "w_over_s": winning_coalition_ratio(world.regime),
        "years_since_military_formation": years_since(world.forms_military, roster.member),
    }
    columns = {name: grid[state, year] for name, grid in grids.items()}
    return pd.DataFrame({"cow_code": roster.codes[state], "year": roster.years[year], **columns})


@cache
def intervals() -> pd.DataFrame:
    """The coefficients table of every world, with the planted value of each term and whether the interval holds it."""
    worlds = range(FIRST_SEED, FIRST_SEED + WORLDS)
    found = pd.concat([estimate(panel_of(build_world(STATES, seed)), (MODEL,))["coefficients"] for seed in worlds])
    found["truth"] = found["term"].map(TRUTH)
    found["holds"] = found["truth"].between(found["conf_low"], found["conf_high"])
    return found


def hits(term: str, covariance: str) -> int:
    """Worlds whose interval holds the planted value."""
    chosen = intervals().query("term == @term and covariance == @covariance")
    assert len(chosen) == WORLDS
    return int(chosen["holds"].sum())


@pytest.mark.parametrize(
    "covariance", ["stata_robust", "cluster_state", "cluster_state_jackknife", "cluster_state_year", "score_bootstrap"]
)
@pytest.mark.parametrize("term", ["infant_mortality_rate", RISE])
def test_the_effect_of_mortality_is_in_its_interval_at_the_nominal_rate(term, covariance):
    assert FEWEST <= hits(term, covariance) <= MOST


@pytest.mark.parametrize("covariance", ["stata_robust", "cluster_state_jackknife"])
@pytest.mark.parametrize("term", TRUTH)
def test_every_planted_coefficient_is_in_its_interval_at_the_nominal_rate(term, covariance):
    """Given the past the world's state-years are independent, so that nothing has to be clustered; the jackknife loses
    nothing by it."""
    assert FEWEST <= hits(term, covariance) <= MOST


def test_a_regressor_that_few_states_carry_takes_the_jackknife_or_the_bootstrap():
    """A handful of great powers decide the coefficient of cinc: intervals clustered by state are too short for it with
    60 states, those of the jackknife (see above) and of the score bootstrap are not."""
    assert hits("cinc", "cluster_state") < FEWEST <= hits("cinc", "score_bootstrap") <= MOST


@pytest.mark.parametrize("term", TRUTH)
def test_no_estimate_is_biased_by_a_third_of_its_standard_error(term):
    """The years since the last formation come near, as terms made of past outcomes do; with ten times the states that
    is gone."""
    estimates = intervals().query("term == @term and covariance == 'stata_robust'")["estimate"]
    assert abs(estimates.mean() - TRUTH[term]) < estimates.std() / 3


def test_the_planted_rise_is_told_from_nothing():
    """An interval that holds everything would pass all else."""
    rise = intervals().query("term == @RISE and covariance == 'cluster_state'")
    assert (rise["conf_low"] > 0).mean() > 0.95
