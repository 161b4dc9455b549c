"""The binary-outcome families: log likelihood and probability, each with its derivatives in the linear index."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr, ndtri

ROOT_HALF = np.sqrt(0.5)
ROOT_TWO_PI = np.sqrt(2.0 * np.pi)
TAIL = 20.0
ROOT_2_OVER_PI = np.sqrt(2.0 / np.pi)


class Link(Protocol):
    """All methods are elementwise in the index (n,). `derivatives` returns the score d log L / d index and the weight,
    minus its derivative; `density` and `slope` are the first and second derivative of `probability`."""

    name: str

    def log_likelihood(self, outcome: np.ndarray, index: np.ndarray) -> float: ...
    def derivatives(self, outcome: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...
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
        return float((np.log(ndtr(signed)) if signed.min() > -TAIL else log_ndtr(signed)).sum())

    def derivatives(self, outcome, index):
        sign = 2.0 * outcome - 1.0
        signed = sign * index
        if signed.min() > -TAIL:
            ratio = np.exp(-0.5 * signed**2) / (ROOT_TWO_PI * ndtr(signed))
        else:  # both vanish further out; their ratio does not
            ratio = ROOT_2_OVER_PI / erfcx(-ROOT_HALF * signed)
        return sign * ratio, ratio * (ratio + signed)

    def start(self, share):
        return float(ndtri(share))

    def probability(self, index):
        return ndtr(index)

    def density(self, index):
        return np.exp(-0.5 * index**2) / ROOT_TWO_PI

    def slope(self, index):
        return -index * self.density(index)


LINKS: dict[str, Link] = {link.name: link for link in (Probit(),)}
