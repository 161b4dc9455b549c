"""The multilevel probit: planted parameters, the maximum likelihood estimate without varying terms, one seed."""

import numpy as np
import pytest
from scipy.special import ndtr

from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.design.matrix import Design, build
from analysis.inference.effects import average_marginal_effect
from analysis.inference.fitting import fit_checked
from analysis.inference.multilevel import FLAT, WEAK, Length, Posterior, convergence, sample_posterior
from analysis.studies.kimball import ROSE, headline_model

STATES, YEARS = 60, 50
PLANTED = {"rise": 0.4, "level": -0.3, "state": 0.5, "year": 0.4, "slope": 0.3}


def world(seed=1) -> tuple[Design, float]:
    """A panel drawn from the model, and its average effect of a rise."""
    generator = np.random.default_rng(seed)
    states, years = (part.ravel() for part in np.indices((STATES, YEARS)))
    rose = (generator.random(len(states)) < 0.3).astype(float)
    level = generator.normal(size=len(states))
    slopes = PLANTED["rise"] + PLANTED["slope"] * generator.normal(size=STATES)
    index = -1.2 + PLANTED["level"] * level
    index += PLANTED["state"] * generator.normal(size=STATES)[states]
    index += PLANTED["year"] * generator.normal(size=YEARS)[years]
    outcome = (generator.normal(size=len(states)) < index + slopes[states] * rose).astype(float)
    matrix = np.column_stack([level, rose, np.ones(len(states))])
    names = ["level", "rise"]
    design = Design(outcome, matrix, [*names, "constant"], np.arange(len(states)), states, years, 0, names)
    return design, float((ndtr(index + slopes[states]) - ndtr(index)).mean())


def of_one_draw(design: Design, coefficients: np.ndarray, rise: int) -> Posterior:
    """One draw in which nothing varies, at given coefficients of the terms as they are."""
    plain = design.matrix[:, :-1]
    scale, none = plain.std(axis=0), np.zeros((1, 1))
    return Posterior(
        columns=(plain - plain.mean(axis=0)) / scale,
        states=design.states,
        years=design.years,
        rise=rise,
        rise_scale=float(scale[rise]),
        intercept=np.array([[coefficients[-1] + plain.mean(axis=0) @ coefficients[:-1]]]),
        coefficients=(coefficients[:-1] * scale)[None, None],
        state_scale=none,
        year_scale=none,
        slope_scale=none,
        state_effects=np.zeros((1, 1, design.states.max() + 1)),
        slopes=np.zeros((1, 1, design.states.max() + 1)),
        year_effects=np.zeros((1, 1, design.years.max() + 1)),
        divergences=0,
    )


def test_the_average_effect_is_defined_as_the_published_one(panel):
    design = build(prepare(panel), headline_model())
    fitted, _ = fit_checked(design, headline_model())
    position = design.terms.index(ROSE)
    draw = of_one_draw(design, fitted.coefficients, position)
    np.testing.assert_allclose(draw.index(0, 0), fitted.index, atol=1e-9)
    expected = average_marginal_effect(fitted, design.matrix, position).estimate
    assert draw.average_effects().item() == pytest.approx(expected, rel=1e-9)


def test_a_model_without_the_rise_is_refused():
    pytest.importorskip("numpyro")
    with pytest.raises(ModelError, match="no_such_term is not in the fit"):
        sample_posterior(world()[0], "no_such_term", WEAK, Length(1, 1))


@pytest.mark.slow
def test_planted_parameters_are_in_the_posterior_intervals():
    pytest.importorskip("numpyro")
    design, effect = world()
    posterior = sample_posterior(design, "rise", WEAK, Length(300, 400))
    scale = design.matrix.std(axis=0)
    found = {
        "rise": posterior.coefficients[:, :, 1] / scale[1],
        "level": posterior.coefficients[:, :, 0] / scale[0],
        "state": posterior.state_scale,
        "year": posterior.year_scale,
        "slope": posterior.slope_scale / posterior.rise_scale,
    }
    assert posterior.divergences == 0
    for name, draws in found.items():
        low, high = np.quantile(draws, [0.005, 0.995])
        assert low < PLANTED[name] < high, name
        assert convergence(draws)[0] < 1.05, name
    effects = posterior.average_effects()
    low, high = np.quantile(effects, [0.005, 0.995])
    assert low < effect < high
    assert high - low < 0.1, "the interval should say something"


@pytest.mark.slow
def test_without_varying_terms_and_with_flat_priors_it_is_the_probit(panel):
    pytest.importorskip("numpyro")
    design = build(prepare(panel), headline_model())
    fitted, _ = fit_checked(design, headline_model())
    posterior = sample_posterior(design, ROSE, FLAT, Length(300, 500))
    errors = np.sqrt(np.diag(np.linalg.inv(design.matrix.T * fitted.weight @ design.matrix)))
    for name in design.plain:
        place = design.terms.index(name)
        draws = posterior.coefficients[:, :, place] / design.matrix[:, place].std()
        assert draws.mean() == pytest.approx(fitted.coefficients[place], abs=0.15 * errors[place]), name
        assert draws.std() == pytest.approx(errors[place], rel=0.1), name


@pytest.mark.slow
def test_the_same_seed_gives_the_same_draws():
    pytest.importorskip("numpyro")
    design, _ = world()
    first, second, other = (sample_posterior(design, "rise", WEAK, Length(20, 20), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.coefficients, second.coefficients)
    np.testing.assert_array_equal(first.slopes, second.slopes)
    assert not np.array_equal(first.coefficients, other.coefficients)
