"""Multilevel Bayesian probit with crossed effects of states and years, sampled by NumPyro."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from analysis.core.arrays import Floats, Integers
from analysis.core.conventions import SEED
from analysis.core.errors import ModelError
from analysis.design.matrix import Design

if TYPE_CHECKING:
    from jax import Array

CHAINS = 4


@dataclass(frozen=True)
class Priors:
    """Scales of the priors, all centred at 0, on terms with mean 0 and standard deviation 1.

    Attributes
    ----------
    intercept, coefficient : float
        Standard deviation of the normal prior of the intercept and of every coefficient. With coefficients of 1, the
        probability of an average state-year changes from 8 to 35 per cent by one standard deviation of a term.
    state, year : float or None
        Scale of the half-normal prior of the standard deviation of the intercepts of states and of years; None for a
        model without them.
    slope : float or None
        The same for the coefficients of the rise by state.
    """

    intercept: float
    coefficient: float
    state: float | None
    year: float | None
    slope: float | None


WEAK = Priors(intercept=1.5, coefficient=1.0, state=0.5, year=0.5, slope=0.25)
FLAT = Priors(intercept=100.0, coefficient=100.0, state=None, year=None, slope=None)


@dataclass(frozen=True)
class Length:
    """Draws of each chain: those that adapt the sampler, which are not used, and those that are kept."""

    warm_up: int
    draws: int


@dataclass(frozen=True)
class Posterior:
    """Draws from the posterior (or the prior) of one model with n rows, k terms, G states and Y years.

    Attributes
    ----------
    columns : ndarray of shape (n, k)
        The terms with mean 0 and standard deviation 1.
    states, years : ndarray of shape (n,)
        Codes 0..G-1 and 0..Y-1.
    rise : int
        Column of the rise of mortality.
    rise_scale : float
        Its standard deviation before it was standardized.
    intercept : ndarray of shape (chains, draws)
        Intercept.
    coefficients : ndarray of shape (chains, draws, k)
        Coefficients per standard deviation of the term.
    state_scale, year_scale, slope_scale : ndarray of shape (chains, draws)
        Standard deviations of the varying terms; 0 in a model without them.
    state_effects, slopes : ndarray of shape (chains, draws, G)
        Effects of states on the intercept and on the coefficient of the rise.
    year_effects : ndarray of shape (chains, draws, Y)
        Effects of years on the intercept.
    divergences : int
        Divergent transitions after the warm-up.
    """

    columns: Floats
    states: Integers
    years: Integers
    rise: int
    rise_scale: float
    intercept: Floats
    coefficients: Floats
    state_scale: Floats
    year_scale: Floats
    slope_scale: Floats
    state_effects: Floats
    slopes: Floats
    year_effects: Floats
    divergences: int

    def index(self, chain: int, draw: int, rise: float | None = None) -> Floats:
        """Linear index of every row by one draw.

        Parameters
        ----------
        chain, draw : int
            Which draw.
        rise : float, optional
            Value of the standardized rise in all rows; as observed if it is not given.

        Returns
        -------
        ndarray of shape (n,)
        """
        at = (chain, draw)
        index: Floats = self.intercept[at] + self.columns @ self.coefficients[at]
        index += self.state_effects[at][self.states] + self.year_effects[at][self.years]
        observed = self.columns[:, self.rise]
        slopes = self.slopes[at][self.states]
        index += slopes * observed
        if rise is not None:
            index += (self.coefficients[at][self.rise] + slopes) * (rise - observed)
        return index

    def average_effects(self) -> Floats:
        """Average change of the probability by a rise, in every draw.

        Returns
        -------
        ndarray of shape (chains, draws)
            Average over the rows of the probability with a rise minus that without one, all else as observed, as in
            ``analysis.inference.effects.average_marginal_effect``. In probability (0 to 1).
        """
        low = float(self.columns[:, self.rise].min())
        high = float(self.columns[:, self.rise].max())
        chains, draws = self.intercept.shape
        return np.array(
            [
                [
                    float((ndtr(self.index(chain, draw, high)) - ndtr(self.index(chain, draw, low))).mean())
                    for draw in range(draws)
                ]
                for chain in range(chains)
            ]
        )


def sample_posterior(design: Design, rise: str, priors: Priors, length: Length, seed: int = SEED) -> Posterior:
    """Sample the posterior of a probit by the no-U-turn sampler, with CHAINS chains.

    Parameters
    ----------
    design : Design
        Estimation sample; its constant becomes the intercept.
    rise : str
        Term of `design` with values 0 and 1, whose coefficient varies by state.
    priors : Priors
        Scales of the priors, and which terms vary.
    length : Length
        Draws of each chain.
    seed : int
        Seed of the chains.

    Returns
    -------
    Posterior
        The same for the same data, seed and machine.

    Raises
    ------
    ModelError
        If the rise is not in the design.

    Notes
    -----
    Effects of states and of years are non-centred: standard normal times their standard deviation.

    References
    ----------
    Hoffman & Gelman (2014), Journal of Machine Learning Research 15: 1593-1623.
    Phan, Pradhan & Jankowiak (2019), arXiv 1912.11554.
    """
    import numpyro

    numpyro.enable_x64()
    numpyro.set_host_device_count(CHAINS)
    import jax
    from numpyro.infer import MCMC, NUTS

    columns = _standardized(design, rise)
    sampler = MCMC(
        NUTS(_model(design, columns, rise, priors)),
        num_warmup=length.warm_up,
        num_samples=length.draws,
        num_chains=CHAINS,
        chain_method="parallel",
        progress_bar=False,
    )
    sampler.run(jax.random.PRNGKey(seed), design.outcome)
    divergences = int(np.asarray(sampler.get_extra_fields()["diverging"]).sum())
    return _posterior(design, columns, rise, sampler.get_samples(group_by_chain=True), divergences)


def sample_prior(design: Design, rise: str, priors: Priors, draws: int, seed: int = SEED) -> Posterior:
    """Draw from the prior of a model; parameters and errors as in `sample_posterior`.

    Parameters
    ----------
    design : Design
        Estimation sample.
    rise : str
        Term whose coefficient varies by state.
    priors : Priors
        Scales of the priors.
    draws : int
        Number of draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    Posterior
        With one chain.
    """
    import numpyro

    numpyro.enable_x64()
    numpyro.set_host_device_count(CHAINS)
    import jax
    from numpyro.infer import Predictive

    columns = _standardized(design, rise)
    drawn = Predictive(_model(design, columns, rise, priors), num_samples=draws)(jax.random.PRNGKey(seed), None)
    return _posterior(design, columns, rise, {name: np.asarray(values)[None] for name, values in drawn.items()}, 0)


def convergence(draws: Floats) -> tuple[float, float]:
    """Split R-hat and effective sample size of one quantity.

    Parameters
    ----------
    draws : ndarray of shape (chains, draws)
        Its draws.

    Returns
    -------
    r_hat, effective_size : float
        R-hat is near 1 where the chains agree.
    """
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin

    return float(split_gelman_rubin(draws)), float(effective_sample_size(draws))


def _standardized(design: Design, rise: str) -> Floats:
    """Terms with mean 0 and standard deviation 1; those of time orthogonal as well, since they are nearly collinear."""
    if rise not in design.terms:
        raise ModelError(f"{rise} is not in the fit")
    count = len(design.plain)
    centred = design.matrix[:, :-1] - design.matrix[:, :-1].mean(axis=0)
    scaled = centred / centred.std(axis=0)
    time = np.linalg.qr(scaled[:, count:])[0] * np.sqrt(len(scaled))
    return np.column_stack([scaled[:, :count], time])


def _model(design: Design, columns: Floats, rise: str, priors: Priors) -> "Callable[[Array | None], None]":
    import jax.numpy as jnp
    import numpyro
    from jax.scipy.special import erfc
    from numpyro.distributions import HalfNormal, Normal

    states, years = int(design.states.max()) + 1, int(design.years.max()) + 1
    matrix, state, year = jnp.asarray(columns), jnp.asarray(design.states), jnp.asarray(design.years)
    rose = matrix[:, design.terms.index(rise)]

    def varying(name: str, scale: float | None, size: int) -> "Array":
        if scale is None:
            return jnp.zeros(size)
        spread = numpyro.sample(f"{name}_scale", HalfNormal(scale))
        effects: Array = spread * numpyro.sample(f"{name}_raw", Normal(jnp.zeros(size), 1.0).to_event(1))
        return effects

    def model(outcome: "Array | None") -> None:
        index = numpyro.sample("intercept", Normal(0.0, priors.intercept))
        scales = jnp.full(columns.shape[1], priors.coefficient)
        index = index + matrix @ numpyro.sample("coefficients", Normal(0.0, scales).to_event(1))
        index = index + varying("state", priors.state, states)[state] + varying("year", priors.year, years)[year]
        index = index + varying("slope", priors.slope, states)[state] * rose
        if outcome is not None:
            # The normal distribution function by erfc: faster than jax's log_ndtr, exact up to an index of 37.
            signed = (2.0 * outcome - 1.0) * index
            numpyro.factor("likelihood", jnp.log(0.5 * erfc(-signed / np.sqrt(2.0))).sum())

    return model


def _posterior(design: Design, columns: Floats, rise: str, drawn: dict[str, Any], divergences: int) -> Posterior:
    draws = {name: np.asarray(values) for name, values in drawn.items()}
    shape = draws["intercept"].shape
    position = design.terms.index(rise)

    def varying(name: str, codes: Integers) -> tuple[Floats, Floats]:
        if f"{name}_raw" not in draws:
            return np.zeros(shape), np.zeros((*shape, int(codes.max()) + 1))
        scale = draws[f"{name}_scale"]
        return scale, scale[..., None] * draws[f"{name}_raw"]

    state_scale, state_effects = varying("state", design.states)
    year_scale, year_effects = varying("year", design.years)
    slope_scale, slopes = varying("slope", design.states)
    return Posterior(
        columns=columns,
        states=design.states,
        years=design.years,
        rise=position,
        rise_scale=float(design.matrix[:, position].std()),
        intercept=draws["intercept"],
        coefficients=draws["coefficients"],
        state_scale=state_scale,
        year_scale=year_scale,
        slope_scale=slope_scale,
        state_effects=state_effects,
        slopes=slopes,
        year_effects=year_effects,
        divergences=divergences,
    )
