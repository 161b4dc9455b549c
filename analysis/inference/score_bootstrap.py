"""The score wild cluster bootstrap for one coefficient (Kline & Santos 2012)."""

from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True)
class BootstrapTest:
    """statistic: the cluster-robust score statistic at 0; p_value: two-sided, symmetric; conf_low and conf_high: the
    values of the coefficient not rejected at 5 per cent, NaN for an end that was not found."""

    statistic: float
    p_value: float
    conf_low: float
    conf_high: float


def weights(clusters: int, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """(draws, clusters) random weights of mean 0 and variance 1: Rademacher's, or with few clusters Webb's."""
    generator = np.random.default_rng(seed)
    if clusters > FEW_CLUSTERS:
        return generator.choice([-1.0, 1.0], size=(draws, clusters))
    return generator.choice(np.concatenate([-WEBB, WEBB]), size=(draws, clusters))


def score_bootstrap(fit: Fit, term: int, clusters: np.ndarray, draws: np.ndarray) -> BootstrapTest:
    """Test the coefficient of term number `term`; `clusters` (n,) are codes 0..G-1, `draws` (B, G) comes from
    weights().

    For a hypothesised value the model is refitted with the coefficient held there. Each cluster's contribution to the
    score of that coefficient (net of the others, through the inverse information) is multiplied by a random weight; the
    studentised sum of the contributions as they are is compared with those of the weighted ones, which is what the sum
    would look like were the hypothesis true. The p-value is that of 0; the interval holds the values whose p-value is
    above 5 per cent.
    """
    test = _Hypotheses(fit, term, clusters, draws)
    statistic, reference = test.at(0.0)
    p_value = (1 + np.count_nonzero(reference >= abs(statistic) - 1e-12)) / (1 + len(reference))
    return BootstrapTest(statistic, float(p_value), test.end(-1.0), test.end(1.0))


def effective_scores(fit: Fit, term: int, clusters: np.ndarray, value: float) -> np.ndarray:
    """(G,): each cluster's contribution to the score of one coefficient, net of the others, with it held at `value`."""
    direction = fit.to_terms[term]
    residual, bread = refit(fit, direction, float(fit.coefficients[term]), value)
    return np.bincount(clusters, weights=((bread @ direction) @ fit.columns) * residual)


def refit(fit: Fit, direction: np.ndarray, estimate: float, value: float) -> tuple[np.ndarray, np.ndarray]:
    """Score residuals (n,) and inverse information (k, k) at the maximum subject to direction @ position = value.

    `direction` (k,) gives a coefficient from a position in the fit's own coordinates; `estimate` is its value at the
    maximum.
    """
    along = fit.bread @ direction
    position = np.linalg.solve(fit.to_terms, fit.coefficients) + along * (value - estimate) / (direction @ along)
    for _ in range(RESTRICTED_STEPS):
        residual, weight = fit.link.derivatives(fit.outcome, position @ fit.columns)
        bread = np.linalg.inv(information(fit.columns, weight))
        gradient = fit.columns @ residual
        along, free = bread @ direction, bread @ gradient
        step = free - along * (direction @ free) / (direction @ along)
        if gradient @ step < REFITTED_BELOW:
            break
        position = position + step
    return residual, bread


class _Hypotheses:
    """The score test of one coefficient at any hypothesised value."""

    def __init__(self, fit, term, clusters, draws):
        self.fit, self.term, self.clusters, self.draws = fit, term, clusters, draws
        self.count = draws.shape[1]
        self.squares = None if np.all(np.abs(draws) == 1.0) else draws**2
        self.estimate = fit.coefficients[term]
        self.std_error = np.sqrt(clustered(fit, clusters)[term, term])
        self.rank = int(SIGNIFICANCE_LEVEL * (1 + len(draws)))  # rejected where the statistic is above the draw of this rank

    def at(self, value):
        """The statistic and the absolute values of its bootstrap draws, with the coefficient held at `value`."""
        parts = effective_scores(self.fit, self.term, self.clusters, value)
        statistic = parts.sum() / np.sqrt(self.variance(parts.sum(), parts @ parts))
        sums = self.draws @ parts
        squares = parts @ parts if self.squares is None else self.squares @ parts**2
        return statistic, np.abs(sums) / np.sqrt(self.variance(sums, squares))

    def variance(self, total, squares):
        return (squares - total**2 / self.count) * self.count / (self.count - 1)

    def end(self, side):
        """The end of the interval below (side -1) or above (+1) the estimate; NaN if it is not found.

        At the estimate the statistic is 0; away from it it grows, until it reaches the critical value. That point is
        sought by secants, kept between the farthest value known to be inside and the nearest known to be outside.
        """
        before, before_excess = self.estimate, self.excess(self.estimate, side)
        inside, outside = 0.0, np.inf  # distances from the estimate
        here = self.estimate - side * self.std_error * before_excess
        for _ in range(SEARCH_STEPS):
            excess = self.excess(here, side)
            if not np.isfinite(excess):
                break
            distance = side * (here - self.estimate)
            inside, outside = (distance, outside) if excess < 0 else (inside, distance)
            following = side * (here - excess * (here - before) / (excess - before_excess) - self.estimate)
            if not inside < following < min(outside, 3.0 * distance):
                following = 2.0 * distance if outside == np.inf else (inside + outside) / 2.0
            before, before_excess, here = here, excess, self.estimate + side * following
            if abs(here - before) < END_WITHIN * self.std_error:
                return float(here)
        return np.nan

    def excess(self, value, side):
        """How far the statistic is beyond the critical value, on the side of the estimate where `value` lies."""
        try:
            statistic, reference = self.at(value)
        except np.linalg.LinAlgError:  # so far out that the likelihood is flat
            return np.nan
        return -side * statistic - np.partition(reference, -self.rank)[-self.rank]
