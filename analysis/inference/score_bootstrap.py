"""Score wild cluster bootstrap of one coefficient."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from analysis.core.arrays import Floats, Integers
from analysis.core.conventions import SEED, SIGNIFICANCE_LEVEL
from analysis.estimators.likelihood import Fit, information
from analysis.inference.covariance import clustered

DRAWS = 999
FEW_CLUSTERS = 12  # up to here two-point weights give too few distinct draws, and Webb's six points are used
WEBB = np.sqrt([0.5, 1.0, 1.5])
RESTRICTED_STEPS = 25
REFITTED_BELOW = 1e-12  # squared distance to the restricted maximum, in standard errors
SEARCH_STEPS = 40
END_WITHIN = 1e-4  # accuracy of an interval's end, in standard errors
Values = TypeVar("Values", float, Floats)


@dataclass(frozen=True)
class BootstrapTest:
    """Test of the hypothesis that a coefficient is 0, and the interval from inverting the test.

    Attributes
    ----------
    statistic : float
        Cluster-robust score statistic at 0.
    p_value : float
        Two-sided, from the absolute values of the statistic.
    conf_low, conf_high : float
        Ends of the set of values that are not rejected at SIGNIFICANCE_LEVEL, in the unit of the coefficient; NaN for
        an end that was not found.
    """

    statistic: float
    p_value: float
    conf_low: float
    conf_high: float


def weights(clusters: int, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Random weights of the clusters, with mean 0 and variance 1.

    Parameters
    ----------
    clusters : int
        Number of clusters G.
    draws : int, default DRAWS
        Number of draws B.
    seed : int, default SEED
        Seed of the random generator.

    Returns
    -------
    ndarray of shape (B, G)
        Rademacher weights (-1 or 1), or with up to FEW_CLUSTERS clusters the six-point weights of Webb.

    References
    ----------
    Webb (2023), Canadian Journal of Economics 56(3): 839-858.
    """
    generator = np.random.default_rng(seed)
    if clusters > FEW_CLUSTERS:
        return generator.choice([-1.0, 1.0], size=(draws, clusters))
    return generator.choice(np.concatenate([-WEBB, WEBB]), size=(draws, clusters))


def score_bootstrap(fit: Fit, position: int, clusters: Integers, draws: Floats) -> BootstrapTest:
    """Test one coefficient by the score wild cluster bootstrap.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    position : int
        Position of the coefficient.
    clusters : ndarray of shape (n,)
        Cluster codes 0..G-1, with G at least 2.
    draws : ndarray of shape (B, G)
        Weights of the clusters from `weights`.

    Returns
    -------
    BootstrapTest
        Statistic, p-value of the hypothesis that the coefficient is 0, and interval.

    Notes
    -----
    The hypothesis is imposed: the model is refitted with the coefficient at the hypothesised value. The effective score
    s_g of cluster g is its contribution to the score of the coefficient, net of the other coefficients by the inverse
    information. With weights w_g, the statistic sum_g s_g is compared with its bootstrap draws sum_g w_g s_g, each
    divided by its standard error sqrt(G / (G - 1) sum_g (w_g s_g - mean)^2). The interval holds the values whose
    p-value is above SIGNIFICANCE_LEVEL.

    References
    ----------
    Kline & Santos (2012), Journal of Econometric Methods 1(1): 23-41.
    """
    test = _ScoreTest(fit, position, clusters, draws)
    statistic, drawn = test.at(0.0)
    p_value = (1 + np.count_nonzero(drawn >= abs(statistic) - 1e-12)) / (1 + len(drawn))
    return BootstrapTest(statistic, float(p_value), test.interval_end(-1.0), test.interval_end(1.0))


def effective_scores(fit: Fit, position: int, clusters: Integers, value: float) -> Floats:
    """Effective score of one coefficient by cluster, with the coefficient held at a value.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    position : int
        Position of the coefficient.
    clusters : ndarray of shape (n,)
        Cluster codes 0..G-1.
    value : float
        Hypothesised value of the coefficient.

    Returns
    -------
    ndarray of shape (G,)
        Contribution of each cluster to the score of the coefficient, net of the other coefficients, in units of the
        coefficient.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the likelihood is flat at the value.
    """
    direction = fit.to_terms[position]
    residual, bread = _restricted_fit(fit, direction, float(fit.coefficients[position]), value)
    scores = ((bread @ direction) @ fit.columns) * residual
    return np.asarray(np.bincount(clusters, weights=scores), dtype=np.float64)


def _restricted_fit(
    fit: Fit, direction: Floats, estimate: float, value: float
) -> tuple[Floats, npt.NDArray[np.floating]]:
    """Residuals (n,) and inverse information (k, k) at the maximum subject to direction @ point = value.

    `direction` (k,) gives the coefficient from a point in the orthonormal coordinates of the fit; `estimate` is the
    coefficient at the unrestricted maximum.
    """
    along = fit.bread @ direction
    point = np.linalg.solve(fit.to_terms, fit.coefficients) + along * (value - estimate) / (direction @ along)
    for _ in range(RESTRICTED_STEPS):
        residual, weight = fit.link.derivatives(fit.outcome, point @ fit.columns)
        bread = np.linalg.inv(information(fit.columns, weight))
        gradient = fit.columns @ residual
        along, free = bread @ direction, bread @ gradient
        step = free - along * (direction @ free) / (direction @ along)
        if gradient @ step < REFITTED_BELOW:
            break
        point = point + step
    return residual, bread


class _ScoreTest:
    """The score test of one coefficient at any hypothesised value."""

    def __init__(self, fit: Fit, position: int, clusters: Integers, draws: Floats) -> None:
        self.fit, self.position, self.clusters, self.draws = fit, position, clusters, draws
        self.count = draws.shape[1]
        self.squared_draws = None if np.all(np.abs(draws) == 1.0) else draws**2
        self.estimate = float(fit.coefficients[position])
        self.std_error = float(np.sqrt(clustered(fit, clusters)[position, position]))
        # The hypothesis is rejected if the statistic exceeds the draw of this rank, counted from the largest.
        self.rank = int(SIGNIFICANCE_LEVEL * (1 + len(draws)))

    def at(self, value: float) -> tuple[float, Floats]:
        """The statistic, and the absolute values (B,) of its draws, with the coefficient held at `value`."""
        scores = effective_scores(self.fit, self.position, self.clusters, value)
        total, squares = scores.sum(), scores @ scores
        statistic = total / np.sqrt(self._variance(total, squares))
        sums = self.draws @ scores
        drawn_squares = squares if self.squared_draws is None else self.squared_draws @ scores**2
        return statistic, np.abs(sums) / np.sqrt(self._variance(sums, drawn_squares))

    def interval_end(self, side: float) -> float:
        """The end of the interval below (side -1) or above (+1) the estimate; NaN if it is not found.

        The statistic is 0 at the estimate and grows away from it, until it reaches the critical value. The secant
        method searches that point between the farthest value known to be inside and the nearest known to be outside.
        """
        previous, previous_excess = self.estimate, self._excess(self.estimate, side)
        inside, outside = 0.0, np.inf  # distances from the estimate
        current = self.estimate - side * self.std_error * previous_excess
        for _ in range(SEARCH_STEPS):
            excess = self._excess(current, side)
            if not np.isfinite(excess):
                break
            distance = side * (current - self.estimate)
            inside, outside = (distance, outside) if excess < 0 else (inside, distance)
            secant = current - excess * (current - previous) / (excess - previous_excess)
            following = side * (secant - self.estimate)
            if not inside < following < min(outside, 3.0 * distance):
                following = 2.0 * distance if outside == np.inf else (inside + outside) / 2.0
            previous, previous_excess, current = current, excess, self.estimate + side * following
            if abs(current - previous) < END_WITHIN * self.std_error:
                return float(current)
        return np.nan

    def _excess(self, value: float, side: float) -> float:
        """The statistic less its critical value, with the sign of the side of the estimate on which `value` is."""
        try:
            statistic, drawn = self.at(value)
        except np.linalg.LinAlgError:  # so far from the estimate that the likelihood is flat
            return np.nan
        return float(-side * statistic - np.partition(drawn, -self.rank)[-self.rank])

    def _variance(self, total: Values, squares: Values) -> Values:
        """Variance of a sum of scores over the clusters, from the sum and the sum of squares."""
        variance: Values = (squares - total**2 / self.count) * self.count / (self.count - 1)
        return variance
