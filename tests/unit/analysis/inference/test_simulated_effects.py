"""Simulated intervals of effects equal those of many draws with the probabilities of counterfactual panels."""

import numpy as np
import pytest

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered
from analysis.inference.effects import average_marginal_effect
from analysis.inference.simulated_effects import mean_density_of_change, simulated_intervals
from analysis.studies.estimation import estimate
from analysis.studies.kimball import kimball_models


@pytest.fixture(scope="module", params=["probit", "logit"])
def fitted(request):
    """Few rows and 25 clusters, so that the intervals are wide and visibly not symmetric."""
    generator = np.random.default_rng(7)
    matrix = np.column_stack([generator.normal(size=300), generator.random(300) < 0.2, np.ones(300)]).astype(float)
    outcome = (matrix @ [0.5, 0.8, -1.6] + generator.normal(size=300) > 0).astype(float)
    result = fit(outcome, matrix, LINKS[request.param])
    return result, matrix, clustered(result, np.repeat(np.arange(25), 12))


def brute_force(result, matrix, covariance, draws=40_000):
    """(draws, 2) effects of the two terms, from numpy's own multivariate normal and from probabilities."""
    drawn = np.random.default_rng(1).multivariate_normal(result.coefficients, covariance, draws)
    ones, zeros = matrix.copy(), matrix.copy()
    ones[:, 1], zeros[:, 1] = 1.0, 0.0
    effects = np.empty((draws, 2))
    for number, coefficients in enumerate(drawn):
        effects[number, 0] = coefficients[0] * result.link.density(matrix @ coefficients).mean()
        up, down = (result.link.probability(side @ coefficients).mean() for side in (ones, zeros))
        effects[number, 1] = up - down
    return effects


def test_intervals_are_those_of_a_long_plain_simulation_and_not_the_delta_methods(fitted):
    result, matrix, covariance = fitted
    effects = {term: average_marginal_effect(result, matrix, term) for term in (0, 1)}
    ours = simulated_intervals(result, matrix, effects, covariance)
    plain = np.quantile(brute_force(result, matrix, covariance), [0.025, 0.975], axis=0)
    for term, effect in effects.items():
        error = effect.std_error(covariance)
        assert np.abs(np.array(ours[term]) - plain[:, term]).max() < 0.1 * error
    error = effects[1].std_error(covariance)
    symmetric = effects[1].estimate + 1.96 * error
    assert ours[1][1] - symmetric > 0.1 * error  # few events at 1: the effect can be much larger, not much smaller


def test_the_change_of_a_binary_term_is_its_coefficient_times_the_mean_density_on_the_way(fitted):
    result, matrix, _ = fitted
    for coefficient in (result.coefficients[1], 1.0, -0.5):
        base = result.index + (coefficient - result.coefficients[1]) * matrix[:, 1]
        moved = np.linalg.solve(result.to_terms, [0.0, coefficient - result.coefficients[1], 0.0])[None, :]
        density = mean_density_of_change(result, matrix[:, 1], moved, np.array([coefficient]))
        up = result.link.probability(base + coefficient * (1.0 - matrix[:, 1])).mean()
        down = result.link.probability(base - coefficient * matrix[:, 1]).mean()
        assert coefficient * density[0] == pytest.approx(up - down, rel=1e-3)


def test_an_unknown_covariance_gives_no_interval(fitted):
    result, matrix, covariance = fitted
    effects = {0: average_marginal_effect(result, matrix, 0)}
    assert np.isnan(simulated_intervals(result, matrix, effects, np.full_like(covariance, np.nan))[0]).all()


def test_the_table_has_both_intervals_of_state_clusters_and_no_simulated_one_elsewhere(panel):
    effects = estimate(panel, kimball_models()[:3:2])["marginal_effects"]
    state = effects["covariance"] == "cluster_state"
    simulated = effects[["conf_low_simulated", "conf_high_simulated"]].notna().all(axis=1)
    assert (simulated == state).all()
    assert state.any()
    ours = effects[state]
    assert ((ours.conf_low_simulated - ours.conf_low).abs() < 0.3 * ours.std_error).all()
    assert ((ours.conf_high_simulated - ours.conf_high).abs() < 0.3 * ours.std_error).all()
