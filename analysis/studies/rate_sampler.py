"""Draw missing log rates from a Bayesian regression with state intercepts and autoregressive errors.

The model of a log rate y in state i and year t is

    y_it = x_it' b + u_i + e_it,    u_i ~ N(0, ratio sigma^2),    corr(e_it, e_is) = rho^|t - s|

with flat priors for b and log sigma, and normal priors for logit(rho) and log(ratio). rho and ratio are drawn from the
normal approximation of their posterior, all other parameters exactly, so that no Markov chain has to converge.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from analysis.core.errors import ModelError

PRIOR_MEAN, PRIOR_SD = (2.0, 0.0), 2.0  # of logit(rho) and log(ratio)
DIFFERENCE = 0.02  # step of the central differences that give the curvature of the log posterior
Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
# Log likelihood of the outcome by row position, log rate of the row and log rate of the row before.
Likelihood = Callable[[Positions, Floats, Floats], Floats]


@dataclass
class RatePath:
    """One draw of all rates, and of the parameters it depends on.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Log rates: observed, or drawn where missing.
    mean : ndarray of shape (n,)
        Their expectation, state intercept included.
    rho : float
        Correlation of errors one year apart, 0 to 1.
    sigma : float
        Standard deviation of the errors, in log points.
    """

    values: Floats
    mean: Floats
    rho: float
    sigma: float


class _Posterior(NamedTuple):
    """Posterior given rho and ratio: log density less a constant, and moments of the coefficients.

    `precision` (k, k) is that of the coefficients times the error variance, `mean` (k,) their expectation, `squares`
    the residual sum of squares.
    """

    log_density: float
    precision: Floats
    mean: Floats
    squares: float


class RateSampler:
    """Sampler of the missing log rates of one sample.

    Parameters
    ----------
    log_rates : ndarray of shape (n,)
        Log rates, NaN where missing; rows sorted by state and year.
    matrix : ndarray of shape (n, k)
        Regressors, without missing values.
    states, years : ndarray of shape (n,)
        State and calendar year of each row.

    Raises
    ------
    ModelError
        If there are too few observed rates for the regressors.
    """

    def __init__(self, log_rates: Floats, matrix: Floats, states: Positions, years: Positions) -> None:
        missing = np.isnan(log_rates)
        self.matrix = matrix
        self.states: Positions = np.unique(states, return_inverse=True)[1]
        self.n_states = int(self.states.max()) + 1
        self.observed = np.flatnonzero(~missing)
        if len(self.observed) <= matrix.shape[1] + 2:
            raise ModelError(
                f"{len(self.observed)} observed rates are too few for the {matrix.shape[1]} terms that impute them"
            )
        self.observed_rates = log_rates[self.observed]
        self.observed_states = self.states[self.observed]
        self.observed_gaps = years_since_previous(self.observed_states, years[self.observed])
        self.stacked = np.column_stack([matrix[self.observed], self.observed_rates, np.ones(len(self.observed))])
        self.gaps = years_since_previous(self.states, years)
        self.gaps_after = np.append(self.gaps[1:], np.inf)
        following = np.searchsorted(self.observed, np.arange(len(log_rates)))
        self.next_observed = self.observed[np.minimum(following, len(self.observed) - 1)]
        in_state = (following < len(self.observed)) & (self.states[self.next_observed] == self.states)
        self.years_to_next = np.where(in_state, years[self.next_observed] - years, np.inf)
        # Missing rows by their rank in the state: rows of one rank do not depend on each other.
        rank = np.arange(len(log_rates)) - np.searchsorted(self.states, np.arange(self.n_states))[self.states]
        rows = np.flatnonzero(missing)
        rows = rows[np.argsort(rank[rows], kind="stable")]
        self.missing_by_rank = np.split(rows, np.flatnonzero(np.diff(rank[rows])) + 1)
        self.missing_alternate = [rows[rank[rows] % 2 == parity] for parity in (0, 1)]

    def draws(self, generator: np.random.Generator, count: int) -> Iterator[RatePath]:
        """Draw parameters and missing rates from their posterior.

        Parameters
        ----------
        generator : Generator
            Source of random numbers.
        count : int
            Number of draws.

        Yields
        ------
        RatePath

        Raises
        ------
        ModelError
            If the observed rates do not determine rho and ratio.
        """
        mode = minimize(self._minus_log_density, PRIOR_MEAN, method="Nelder-Mead").x
        try:
            spread = np.linalg.cholesky(np.linalg.inv(self._curvature(mode)))
        except np.linalg.LinAlgError as error:
            raise ModelError(f"the observed rates do not determine how errors depend on each other: {error}") from error
        for _ in range(count):
            shape = mode + spread @ generator.standard_normal(2)
            _, precision, mean, squares = self._posterior(shape)
            sigma = np.sqrt(squares / generator.chisquare(len(self.observed_rates) - len(mean)))
            factor = np.linalg.cholesky(precision)
            coefficients = mean + sigma * np.linalg.solve(factor.T, generator.standard_normal(len(mean)))
            yield self._path(expit(shape[0]), np.exp(shape[1]), sigma, coefficients, generator)

    def redraw(self, path: RatePath, likelihood: Likelihood, generator: np.random.Generator) -> None:
        """Update every missing rate of a path by one Metropolis step, every second row at a time.

        The proposal is the distribution of a rate given its neighbours in the state; it is accepted by its effect on
        the likelihood of the outcome in its own year and in the next.

        Parameters
        ----------
        path : RatePath
            Changed in place.
        likelihood : callable
            Log likelihood of the outcome by row position, log rate of the row and log rate of the row before.
        generator : Generator
            Source of random numbers.
        """
        for rows in self.missing_alternate:
            errors = path.values - path.mean
            before, after = np.maximum(rows - 1, 0), np.minimum(rows + 1, len(errors) - 1)
            rho_previous, rho_next = path.rho ** self.gaps[rows], path.rho ** self.gaps_after[rows]
            expected, spread = error_given_neighbours(rho_previous, errors[before], rho_next, errors[after])
            old = path.values[rows]
            new = path.mean[rows] + expected + path.sigma * spread * generator.standard_normal(len(rows))
            gain = likelihood(rows, new, path.values[before]) - likelihood(rows, old, path.values[before])
            following = likelihood(after, path.values[after], new) - likelihood(after, path.values[after], old)
            gain += np.where(np.isfinite(self.gaps_after[rows]), following, 0.0)
            path.values[rows] = np.where(np.log(generator.random(len(rows))) < gain, new, old)

    def _posterior(self, shape: Floats) -> _Posterior:
        """The posterior at `shape`, which is logit(rho) and log(ratio)."""
        rho, ratio = expit(shape[0]), np.exp(shape[1])
        white, log_determinant = whitened(self.stacked, rho, self.observed_gaps)
        columns, ones = white[:, :-1], white[:, -1]
        sums = np.column_stack(
            [np.bincount(self.observed_states, column * ones, self.n_states) for column in columns.T]
        )
        weights = np.bincount(self.observed_states, ones**2, self.n_states)
        products = columns.T @ columns - sums.T @ (sums * (ratio / (1.0 + ratio * weights))[:, None])
        precision, cross = products[:-1, :-1], products[:-1, -1]
        mean = np.linalg.solve(precision, cross)
        squares = float(products[-1, -1] - cross @ mean)
        density = -0.5 * (log_determinant + np.log1p(ratio * weights).sum() + np.linalg.slogdet(precision)[1])
        density -= 0.5 * (len(self.observed_rates) - len(mean)) * np.log(squares)
        density -= 0.5 * (((shape - PRIOR_MEAN) / PRIOR_SD) ** 2).sum()
        return _Posterior(density, precision, mean, squares)

    def _minus_log_density(self, shape: Floats) -> float:
        return -self._posterior(shape).log_density

    def _curvature(self, mode: Floats) -> Floats:
        """Minus the second derivatives (2, 2) of the log posterior at its mode, by central differences."""
        steps = DIFFERENCE * np.eye(2)

        def both_sides(step: Floats) -> float:
            return self._posterior(mode + step).log_density + self._posterior(mode - step).log_density

        own = [both_sides(step) - 2.0 * self._posterior(mode).log_density for step in steps]
        cross = (both_sides(steps[0] + steps[1]) - both_sides(steps[0] - steps[1])) / 4.0
        return -np.array([[own[0], cross], [cross, own[1]]]) / DIFFERENCE**2

    def _path(
        self, rho: float, ratio: float, sigma: float, coefficients: Floats, generator: np.random.Generator
    ) -> RatePath:
        """A path given the parameters: state intercepts first, then the missing errors in the order of years."""
        mean = self.matrix @ coefficients
        residuals = self.observed_rates - mean[self.observed]
        white, _ = whitened(np.column_stack([residuals, np.ones(len(self.observed))]), rho, self.observed_gaps)
        precision = np.bincount(self.observed_states, white[:, 1] ** 2, self.n_states) + 1.0 / ratio
        centre = np.bincount(self.observed_states, white[:, 0] * white[:, 1], self.n_states) / precision
        mean += (centre + sigma / np.sqrt(precision) * generator.standard_normal(self.n_states))[self.states]
        errors = np.zeros(len(mean))
        errors[self.observed] = self.observed_rates - mean[self.observed]
        noise = sigma * generator.standard_normal(len(mean))
        rho_previous, rho_next = rho**self.gaps, rho**self.years_to_next
        for rows in self.missing_by_rank:
            previous, following = errors[np.maximum(rows - 1, 0)], errors[self.next_observed[rows]]
            expected, spread = error_given_neighbours(rho_previous[rows], previous, rho_next[rows], following)
            errors[rows] = expected + spread * noise[rows]
        return RatePath(mean + errors, mean, rho, sigma)


def error_given_neighbours(
    rho_previous: Floats, previous: Floats, rho_next: Floats, following: Floats
) -> tuple[Floats, Floats]:
    """Distribution of an autoregressive error given the errors before and after it.

    Parameters
    ----------
    rho_previous, rho_next : ndarray of shape (m,)
        Correlation with the error before and after; 0 if there is no such error.
    previous, following : ndarray of shape (m,)
        The error before and after.

    Returns
    -------
    mean : ndarray of shape (m,)
        Conditional expectation.
    spread : ndarray of shape (m,)
        Conditional standard deviation, as a multiple of the unconditional one.
    """
    from_previous, to_next = 1.0 / (1.0 - rho_previous**2), rho_next / (1.0 - rho_next**2)
    variance = 1.0 / (from_previous + rho_next * to_next)
    return variance * (rho_previous * from_previous * previous + to_next * following), np.sqrt(variance)


def years_since_previous(states: Positions, years: Positions) -> Floats:
    """Years since the previous row of the same state.

    Parameters
    ----------
    states, years : ndarray of shape (n,)
        State and calendar year of each row; rows sorted by state and year.

    Returns
    -------
    ndarray of shape (n,)
        Infinite in the first row of each state.
    """
    gaps = np.full(len(years), np.inf)
    gaps[1:] = np.where(np.diff(states) == 0, np.diff(years), np.inf)
    return gaps


def whitened(values: Floats, rho: float, gaps: Floats) -> tuple[Floats, float]:
    """Remove the autoregression from every column, so that the errors are independent with one variance.

    Parameters
    ----------
    values : ndarray of shape (n, c)
        Columns, rows sorted by state and year.
    rho : float
        Correlation of errors one year apart.
    gaps : ndarray of shape (n,)
        Years since the previous row of the state, as from `years_since_previous`.

    Returns
    -------
    white : ndarray of shape (n, c)
        The transformed columns.
    log_determinant : float
        Log determinant of the correlation matrix of the errors.
    """
    kept = rho**gaps
    left = 1.0 - kept**2
    values = values - np.vstack([np.zeros(values.shape[1]), values[:-1]]) * kept[:, None]
    return values / np.sqrt(left)[:, None], float(np.log(left).sum())
