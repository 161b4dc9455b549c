"""Coverage of 95% intervals in samples whose pooled probit coefficient is known.

The error of every row has variance 1, whatever part it shares with the rows of its state or year. The marginal model of
a row is therefore exactly the planted probit, which a pooled fit estimates; only the covariance depends on clustering.

With critical values of t(G-1), cluster_state has nearly nominal coverage from 40 clusters on. With those of the normal
distribution, which Stata's probit uses, its coverage is 92% for 40 clusters with strong dependence. The jackknife and
the score bootstrap cover 94% there.
"""

import numpy as np
import pytest

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered, jackknifed, robust, two_way
from analysis.inference.score_bootstrap import score_bootstrap, weights
from analysis.inference.wald import wald

pytestmark = pytest.mark.slow

EFFECT, CONSTANT = 0.3, -1.2  # an event in one row of eight
NOMINAL = (0.93, 0.97)
MODERATE, STRONG = (0.1, 0.2), (0.3, 0.5)  # shares of the variance of error and regressor common to a cluster
ROWS_PER_CLUSTER = 25
SAMPLES = 2000  # standard error of a share of 0.95: 0.005
BOOTSTRAP_SAMPLES = 1000  # 0.007
BOOTSTRAP_DRAWS = 399


def mixed(generator, groupings, share):
    """Draw (n,) values of variance 1, of which each grouping (n,) has the share `share` in common."""
    own = 1.0 - share * len(groupings)
    values = np.sqrt(own) * generator.normal(size=len(groupings[0]))
    for codes in groupings:
        values += np.sqrt(share) * generator.normal(size=codes.max() + 1)[codes]
    return values


def fitted_samples(groupings, shares, samples):
    """Yield a probit fit to each sample; the seed is its number."""
    error_share, regressor_share = shares
    for seed in range(samples):
        generator = np.random.default_rng([20101, seed])
        regressor = mixed(generator, groupings, regressor_share)
        latent = CONSTANT + EFFECT * regressor + mixed(generator, groupings, error_share)
        yield fit((latent > 0).astype(float), np.column_stack([regressor, np.ones_like(latent)]), LINKS["probit"])


def coverage(groupings, shares, covariances, samples=SAMPLES):
    """Share of samples whose 95% interval covers the effect, by name of the covariance.

    covariances: for each name a function of the fit, and the degrees of freedom.
    """
    hits = dict.fromkeys(covariances, 0)
    for fitted in fitted_samples(groupings, shares, samples):
        for name, (covariance, degrees) in covariances.items():
            interval = wald(float(fitted.coefficients[0]), float(np.sqrt(covariance(fitted)[0, 0])), degrees)
            hits[name] += interval["conf_low"] <= EFFECT <= interval["conf_high"]
    return {name: count / samples for name, count in hits.items()}


def by_state(codes):
    return {
        "cluster_state": (lambda f: clustered(f, codes), int(codes.max())),
        "cluster_state_jackknife": (lambda f: jackknifed(f, codes), int(codes.max())),
    }


def bootstrap_coverage(states, shares):
    draws, hits = weights(int(states.max()) + 1, BOOTSTRAP_DRAWS), 0
    for fitted in fitted_samples([states], shares, BOOTSTRAP_SAMPLES):
        test = score_bootstrap(fitted, 0, states, draws)
        hits += test.conf_low <= EFFECT <= test.conf_high
    return hits / BOOTSTRAP_SAMPLES


def is_nominal(share):
    return NOMINAL[0] <= share <= NOMINAL[1]


def test_robust_errors_on_independent_rows():
    found = coverage([np.arange(1000)], (0.0, 0.0), {"stata_robust": (robust, None)})
    assert is_nominal(found["stata_robust"]), found


@pytest.mark.parametrize(("states", "shares"), [(40, MODERATE), (100, STRONG), (200, STRONG)])
def test_errors_clustered_by_state(states, shares):
    codes = np.repeat(np.arange(states), ROWS_PER_CLUSTER)
    found = coverage([codes], shares, {"stata_robust": (robust, None)} | by_state(codes))
    assert is_nominal(found["cluster_state"]), found
    assert is_nominal(found["cluster_state_jackknife"]), found
    if shares == STRONG:
        assert found["stata_robust"] < 0.85, found  # clustering is necessary


def test_forty_strongly_dependent_states():
    codes = np.repeat(np.arange(40), ROWS_PER_CLUSTER)
    normal = {"normal": (lambda f: clustered(f, codes), None)}
    found = coverage([codes], STRONG, by_state(codes) | normal)
    assert is_nominal(found["cluster_state"]), found
    assert is_nominal(found["cluster_state_jackknife"]), found
    assert 0.90 < found["normal"] < NOMINAL[0], found  # t(G-1) is necessary
    assert is_nominal(bootstrap_coverage(codes, STRONG))


def two_ways(states, years):
    return lambda f: two_way(f, states, years)[0], int(min(states.max(), years.max()))


@pytest.mark.parametrize(("states", "years"), [(100, 60), (40, 40)])
def test_two_way_errors_on_state_and_year_effects(states, years):
    states, years = np.repeat(np.arange(states), years), np.tile(np.arange(years), states)
    covariances = {
        "cluster_state": (lambda f: clustered(f, states), int(states.max())),
        "cluster_state_year": two_ways(states, years),
    }
    found = coverage([states, years], (0.1, 0.1), covariances, samples=2000)
    assert is_nominal(found["cluster_state_year"]), found
    if len(set(states)) == 100:  # with 40, the longer intervals of t(39) compensate for the years
        assert found["cluster_state"] < found["cluster_state_year"] - 0.01, found  # one way is not enough


def test_two_way_errors_on_a_panel_of_the_real_size():
    states, years = np.repeat(np.arange(150), 120), np.tile(np.arange(120), 150)
    found = coverage([states, years], (0.2, 0.25), {"two_way": two_ways(states, years)}, samples=1000)
    assert is_nominal(found["two_way"]), found
