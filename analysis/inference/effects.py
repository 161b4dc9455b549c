"""Coefficients as probabilities: average marginal effects and predictions at observed values, by the delta method."""

from dataclasses import dataclass

import numpy as np

from analysis.estimators.likelihood import Fit


@dataclass(frozen=True)
class Quantity:
    """An estimated quantity and its gradient (k,) in the coefficients, from which any covariance gives the standard
    error."""

    estimate: float
    gradient: np.ndarray

    def std_error(self, covariance: np.ndarray) -> float:
        return float(np.sqrt(max(self.gradient @ covariance @ self.gradient, 0.0)))


def is_binary(values: np.ndarray) -> bool:
    """True for a term that is 0 or 1 throughout."""
    return bool(np.isin(values, (0.0, 1.0)).all())


def average_marginal_effect(fit: Fit, matrix: np.ndarray, term: int) -> Quantity:
    """The derivative of the probability in one term, averaged over the n rows as observed (Hanmer & Kalkan 2013).

    For a term of 0 and 1: the average change of the probability from 0 to 1.
    """
    if is_binary(matrix[:, term]):
        ones, zeros = average_probability(fit, matrix, term, 1.0), average_probability(fit, matrix, term, 0.0)
        return Quantity(ones.estimate - zeros.estimate, ones.gradient - zeros.gradient)
    density = fit.link.density(fit.index).mean()
    gradient = fit.coefficients[term] * (fit.link.density_slope(fit.index) @ matrix) / len(matrix)
    gradient[term] += density
    return Quantity(float(fit.coefficients[term] * density), gradient)


def average_probability(fit: Fit, matrix: np.ndarray, term: int, value: float) -> Quantity:
    """The probability with one term set to `value` in all n rows, everything else as observed, averaged over the
    rows."""
    index = fit.index + fit.coefficients[term] * (value - matrix[:, term])
    density = fit.link.density(index)
    gradient = density @ matrix / len(matrix)
    gradient[term] = density.mean() * value
    return Quantity(float(fit.link.probability(index).mean()), gradient)
