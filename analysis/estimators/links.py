"""The binary-outcome families: log likelihood and probability, each with its derivatives in the linear index."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import erfcx, expit, log_ndtr, logit, ndtr, ndtri

ROOT_HALF = np.sqrt(0.5)
ROOT_TWO_PI = float(np.sqrt(2.0 * np.pi))  # a Python number leaves arrays of single precision single
TAIL = 20.0
ROOT_2_OVER_PI = np.sqrt(2.0 / np.pi)


class Link(Protocol):
    """All methods are elementwise in the index (n,). `derivatives` returns the score d log L / d index and the weight,
    minus its derivative, and `turn` the derivative of the weight, given those two; `density` and `slope` are the first
    and second derivative of `probability`."""

    name: str

    def log_likelihood(self, outcome: np.ndarray, index: np.ndarray) -> np.ndarray: ...
    def derivatives(self, outcome: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...
    def turn(self, outcome: np.ndarray, index: np.ndarray, residual: np.ndarray, weight: np.ndarray) -> np.ndarray: ...
    def start(self, share: float) -> float: ...
    def probability(self, index: np.ndarray) -> np.ndarray: ...
    def density(self, index: np.ndarray) -> np.ndarray: ...
    def slope(self, index: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Probit:
    """P(event) = Phi(index)."""

    name: str = "probit"

    def log_likelihood(self, outcome, index):
        signed = (2.0 * outcome - 1.0) * index
        return np.log(ndtr(signed)) if signed.min() > -TAIL else log_ndtr(signed)

    def derivatives(self, outcome, index):
        sign = 2.0 * outcome - 1.0
        signed = sign * index
        if signed.min() > -TAIL:
            ratio = np.exp(-0.5 * signed**2) / (ROOT_TWO_PI * ndtr(signed))
        else:  # both vanish further out; their ratio does not
            ratio = ROOT_2_OVER_PI / erfcx(-ROOT_HALF * signed)
        return sign * ratio, ratio * (ratio + signed)

    def turn(self, outcome, index, residual, weight):
        return residual - weight * (2.0 * residual + index)

    def start(self, share):
        return float(ndtri(share))

    def probability(self, index):
        return ndtr(index)

    def density(self, index):
        return np.exp(-0.5 * index**2) / ROOT_TWO_PI

    def slope(self, index):
        return -index * self.density(index)


@dataclass(frozen=True)
class Logit:
    """P(event) = 1 / (1 + exp(-index))."""

    name: str = "logit"

    def log_likelihood(self, outcome, index):
        return -np.logaddexp(0.0, (1.0 - 2.0 * outcome) * index)

    def derivatives(self, outcome, index):
        probability = expit(index)
        return outcome - probability, probability * (1.0 - probability)

    def turn(self, outcome, index, residual, weight):
        return weight * (1.0 - 2.0 * (outcome - residual))

    def start(self, share):
        return float(logit(share))

    def probability(self, index):
        return expit(index)

    def density(self, index):
        return expit(index) * expit(-index)

    def slope(self, index):
        return self.density(index) * (1.0 - 2.0 * expit(index))


@dataclass(frozen=True)
class Cloglog:
    """P(event) = 1 - exp(-exp(index)): the grouped proportional hazards model. The index is kept between -700 and 500."""

    name: str = "cloglog"

    def log_likelihood(self, outcome, index):
        hazard = np.exp(np.minimum(index, 500.0))
        tiny = np.finfo(float).tiny
        return np.where(outcome == 1.0, np.log(np.maximum(-np.expm1(-hazard), tiny)), -hazard)

    def derivatives(self, outcome, index):
        hazard = np.exp(np.clip(index, -700.0, 500.0))
        event = np.where(hazard < 500.0, hazard / np.expm1(np.minimum(hazard, 500.0)), 0.0)  # score of an event
        event_weight = event * (hazard / -np.expm1(-hazard) - 1.0)
        return np.where(outcome == 1.0, event, -hazard), np.where(outcome == 1.0, event_weight, hazard)

    def turn(self, outcome, index, residual, weight):
        hazard = np.exp(np.minimum(index, 500.0))
        event = residual * hazard - weight * (2.0 * residual + hazard - 1.0)
        return np.where(outcome == 1.0, event, weight)

    def start(self, share):
        return float(np.log(-np.log1p(-share)))

    def probability(self, index):
        return -np.expm1(-np.exp(np.minimum(index, 500.0)))

    def density(self, index):
        return np.exp(index - np.exp(np.minimum(index, 500.0)))

    def slope(self, index):
        return self.density(index) * (1.0 - np.exp(np.minimum(index, 500.0)))


@dataclass(frozen=True)
class Linear:
    """P(event) = index: least squares, as maximum likelihood with an error variance of 1.

    Only coefficients and sandwich covariances mean what they do elsewhere; log likelihoods compare linear models alone.
    """

    name: str = "linear"

    def log_likelihood(self, outcome, index):
        return -0.5 * (outcome - index) ** 2

    def derivatives(self, outcome, index):
        return outcome - index, np.ones_like(index)

    def turn(self, outcome, index, residual, weight):
        return np.zeros_like(index)

    def start(self, share):
        return share

    def probability(self, index):
        return index

    def density(self, index):
        return np.ones_like(index)

    def slope(self, index):
        return np.zeros_like(index)


LINKS: dict[str, Link] = {link.name: link for link in (Probit(), Logit(), Cloglog(), Linear())}
