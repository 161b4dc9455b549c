"""Coverage of the planted effects of the synthetic world, in two hundred worlds with different seeds.

Other tests cover the files of a world and their transformation to the mart. Here the grids of a world become the mart's
columns directly; lags, changes, estimation sample, fit, covariances and intervals are the project's code.
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
# With probability 0.999, so many of 200 intervals cover the truth if each does with probability 0.95.
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
    """Make one row per member state-year, with the columns that the planted probit reads."""
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
    """Coefficients of every world, with the planted value of each term and whether the interval covers it."""
    worlds = range(FIRST_SEED, FIRST_SEED + WORLDS)
    found = pd.concat([estimate(panel_of(build_world(STATES, seed)), (MODEL,))["coefficients"] for seed in worlds])
    found["truth"] = found["term"].map(TRUTH)
    found["holds"] = found["truth"].between(found["conf_low"], found["conf_high"])
    return found


def hits(term: str, covariance: str) -> int:
    """Number of worlds whose interval covers the planted value."""
    chosen = intervals().query("term == @term and covariance == @covariance")
    assert len(chosen) == WORLDS
    return int(chosen["holds"].sum())


@pytest.mark.parametrize(
    "covariance", ["stata_robust", "cluster_state", "cluster_state_jackknife", "cluster_state_year", "score_bootstrap"]
)
@pytest.mark.parametrize("term", ["infant_mortality_rate", RISE])
def test_mortality_intervals_have_nominal_coverage(term, covariance):
    assert FEWEST <= hits(term, covariance) <= MOST


@pytest.mark.parametrize("covariance", ["stata_robust", "cluster_state_jackknife"])
@pytest.mark.parametrize("term", TRUTH)
def test_all_intervals_have_nominal_coverage(term, covariance):
    """Given the past, the world's state-years are independent: clustering is not needed, and costs no coverage."""
    assert FEWEST <= hits(term, covariance) <= MOST


def test_a_regressor_of_few_states_needs_the_bootstrap():
    """A few great powers determine the coefficient of cinc.

    With 60 states, intervals clustered by state are too short for it; those of the jackknife (see above) and of the
    score bootstrap are not.
    """
    assert hits("cinc", "cluster_state") < FEWEST <= hits("cinc", "score_bootstrap") <= MOST


@pytest.mark.parametrize("term", TRUTH)
def test_bias_is_below_a_third_of_the_standard_error(term):
    """The years since the last formation come close, as terms of past outcomes do; ten times the states remove it."""
    estimates = intervals().query("term == @term and covariance == 'stata_robust'")["estimate"]
    assert abs(estimates.mean() - TRUTH[term]) < estimates.std() / 3


def test_the_planted_rise_is_distinguished_from_zero():
    """Intervals that cover everything would pass every other test."""
    rise = intervals().query("term == @RISE and covariance == 'cluster_state'")
    assert (rise["conf_low"] > 0).mean() > 0.95
