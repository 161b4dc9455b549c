"""Link functions for a binary outcome: log likelihood and probability with their derivatives in the linear index."""

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import erfcx, expit, log_ndtr, logit, ndtr, ndtri

from analysis.core.arrays import Floats

Real = TypeVar("Real", np.float32, np.float64)

ROOT_HALF = np.sqrt(0.5)
ROOT_TWO_PI = float(np.sqrt(2.0 * np.pi))  # a Python float, so that arrays of single precision stay single
ROOT_2_OVER_PI = np.sqrt(2.0 / np.pi)
TAIL = 20.0  # signed index below -TAIL: phi and Phi are computed on the log scale
LARGEST_LOG_HAZARD = 500.0  # of the complementary log-log link; exp of it is finite


class Link(Protocol):
    """A model P(event) = F(index) for an outcome of 0 and 1; every method works elementwise on arrays of shape (n,).

    Notes
    -----
    With L the likelihood of one row, the methods give derivatives of log L and of F in the index:

        residual = d log L / d index
        weight = -d^2 log L / d index^2
        weight_slope = d weight / d index
        density = dF / d index
        density_slope = d^2 F / d index^2
    """

    @property
    def name(self) -> str:
        """Name of the link in specifications and results tables."""
        ...

    def log_likelihood(self, outcome: Floats, index: Floats) -> Floats:
        """Log likelihood of each row."""
        ...

    def derivatives(self, outcome: Floats, index: Floats) -> tuple[Floats, Floats]:
        """Residual and weight of each row."""
        ...

    def weight_slope(self, outcome: Floats, index: Floats, residual: Floats, weight: Floats) -> Floats:
        """Derivative of the weight of each row, given its residual and weight."""
        ...

    def index_at(self, probability: float) -> float:
        """Index at which the event has this probability, strictly between 0 and 1."""
        ...

    def probability(self, index: Floats) -> Floats:
        """Probability of the event."""
        ...

    def density(self, index: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """First derivative of the probability."""
        ...

    def density_slope(self, index: Floats) -> Floats:
        """Second derivative of the probability."""
        ...


@dataclass(frozen=True)
class Probit:
    """P(event) = Phi(index), the standard normal distribution function, with density phi."""

    name: str = "probit"

    def log_likelihood(self, outcome: Floats, index: Floats) -> Floats:
        """Log Phi(s index), with s = 1 for an event and -1 for a non-event."""
        signed = (2.0 * outcome - 1.0) * index
        return np.log(ndtr(signed)) if signed.min() > -TAIL else log_ndtr(signed)

    def derivatives(self, outcome: Floats, index: Floats) -> tuple[Floats, Floats]:
        """Residual s m and weight m (m + s index), with m = phi(index) / Phi(s index), the inverse Mills ratio."""
        sign = 2.0 * outcome - 1.0
        signed = sign * index
        if signed.min() > -TAIL:
            ratio = np.exp(-0.5 * signed**2) / (ROOT_TWO_PI * ndtr(signed))
        else:  # further out phi and Phi underflow to 0; their ratio does not
            ratio = ROOT_2_OVER_PI / erfcx(-ROOT_HALF * signed)
        return sign * ratio, ratio * (ratio + signed)

    def weight_slope(self, outcome: Floats, index: Floats, residual: Floats, weight: Floats) -> Floats:
        """Residual - weight (2 residual + index)."""
        return residual - weight * (2.0 * residual + index)

    def index_at(self, probability: float) -> float:
        """Quantile of the standard normal distribution."""
        return float(ndtri(probability))

    def probability(self, index: Floats) -> Floats:
        """Phi(index)."""
        return ndtr(index)

    def density(self, index: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """phi(index)."""
        density: npt.NDArray[Real] = np.exp(-0.5 * index**2) / ROOT_TWO_PI
        return density

    def density_slope(self, index: Floats) -> Floats:
        """-index phi(index)."""
        return -index * self.density(index)


@dataclass(frozen=True)
class Logit:
    """P(event) = 1 / (1 + exp(-index)), here p."""

    name: str = "logit"

    def log_likelihood(self, outcome: Floats, index: Floats) -> Floats:
        """-log(1 + exp(-s index)), with s = 1 for an event and -1 for a non-event."""
        return -np.logaddexp(0.0, (1.0 - 2.0 * outcome) * index)

    def derivatives(self, outcome: Floats, index: Floats) -> tuple[Floats, Floats]:
        """Residual outcome - p and weight p (1 - p)."""
        probability = expit(index)
        return outcome - probability, probability * (1.0 - probability)

    def weight_slope(self, outcome: Floats, index: Floats, residual: Floats, weight: Floats) -> Floats:
        """Weight (1 - 2 p)."""
        return weight * (1.0 - 2.0 * (outcome - residual))

    def index_at(self, probability: float) -> float:
        """Log odds of the probability."""
        return float(logit(probability))

    def probability(self, index: Floats) -> Floats:
        """p."""
        return expit(index)

    def density(self, index: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """p (1 - p)."""
        return expit(index) * expit(-index)

    def density_slope(self, index: Floats) -> Floats:
        """p (1 - p) (1 - 2 p)."""
        return self.density(index) * (1.0 - 2.0 * expit(index))


@dataclass(frozen=True)
class Cloglog:
    """P(event) = 1 - exp(-h) with h = exp(index): the grouped proportional hazards model.

    The index is bounded by -700 and 500 wherever h would underflow or overflow.
    """

    name: str = "cloglog"

    def log_likelihood(self, outcome: Floats, index: Floats) -> Floats:
        """log(1 - exp(-h)) for an event, -h for a non-event."""
        hazard = np.exp(np.minimum(index, LARGEST_LOG_HAZARD))
        tiny = np.finfo(float).tiny
        return np.where(outcome == 1.0, np.log(np.maximum(-np.expm1(-hazard), tiny)), -hazard)

    def derivatives(self, outcome: Floats, index: Floats) -> tuple[Floats, Floats]:
        """Residual e = h / (exp(h) - 1) and weight e (h / (1 - exp(-h)) - 1) for an event, -h and h for a non-event."""
        hazard = np.exp(np.clip(index, -700.0, LARGEST_LOG_HAZARD))
        event = np.where(hazard < 500.0, hazard / np.expm1(np.minimum(hazard, 500.0)), 0.0)
        event_weight = event * (hazard / -np.expm1(-hazard) - 1.0)
        return np.where(outcome == 1.0, event, -hazard), np.where(outcome == 1.0, event_weight, hazard)

    def weight_slope(self, outcome: Floats, index: Floats, residual: Floats, weight: Floats) -> Floats:
        """Residual h - weight (2 residual + h - 1) for an event, h for a non-event."""
        hazard = np.exp(np.minimum(index, LARGEST_LOG_HAZARD))
        event = residual * hazard - weight * (2.0 * residual + hazard - 1.0)
        return np.where(outcome == 1.0, event, weight)

    def index_at(self, probability: float) -> float:
        """log(-log(1 - probability))."""
        return float(np.log(-np.log1p(-probability)))

    def probability(self, index: Floats) -> Floats:
        """1 - exp(-h)."""
        return -np.expm1(-np.exp(np.minimum(index, LARGEST_LOG_HAZARD)))

    def density(self, index: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """h exp(-h)."""
        return np.exp(index - np.exp(np.minimum(index, LARGEST_LOG_HAZARD)))

    def density_slope(self, index: Floats) -> Floats:
        """h exp(-h) (1 - h)."""
        return self.density(index) * (1.0 - np.exp(np.minimum(index, LARGEST_LOG_HAZARD)))


@dataclass(frozen=True)
class Linear:
    """P(event) = index: the linear probability model by least squares, as maximum likelihood with error variance 1.

    Coefficients and sandwich covariances are as for the other links. Log likelihoods can be compared between linear
    models only.
    """

    name: str = "linear"

    def log_likelihood(self, outcome: Floats, index: Floats) -> Floats:
        """-(outcome - index)^2 / 2, without the constant of the normal density."""
        return -0.5 * (outcome - index) ** 2

    def derivatives(self, outcome: Floats, index: Floats) -> tuple[Floats, Floats]:
        """Residual outcome - index and weight 1."""
        return outcome - index, np.ones_like(index)

    def weight_slope(self, outcome: Floats, index: Floats, residual: Floats, weight: Floats) -> Floats:
        """0."""
        return np.zeros_like(index)

    def index_at(self, probability: float) -> float:
        """The probability."""
        return probability

    def probability(self, index: Floats) -> Floats:
        """The index, which may be outside 0 to 1."""
        return index

    def density(self, index: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """1."""
        return np.ones_like(index)

    def density_slope(self, index: Floats) -> Floats:
        """0."""
        return np.zeros_like(index)


LINKS: dict[str, Link] = {link.name: link for link in (Probit(), Logit(), Cloglog(), Linear())}
"""The links by name."""
