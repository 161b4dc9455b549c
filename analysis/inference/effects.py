"""Average marginal effects and average predicted probabilities at observed values, with the delta method."""

from dataclasses import dataclass

import numpy as np

from analysis.core.arrays import Floats
from analysis.estimators.likelihood import Fit


@dataclass(frozen=True)
class Quantity:
    """An estimated quantity and its gradient in the k coefficients.

    Attributes
    ----------
    estimate : float
        The estimate.
    gradient : ndarray of shape (k,)
        Derivative of the quantity in each coefficient, at the estimates.
    """

    estimate: float
    gradient: Floats

    def std_error(self, covariance: Floats) -> float:
        """Standard error by the delta method.

        Parameters
        ----------
        covariance : ndarray of shape (k, k)
            Covariance of the coefficients.

        Returns
        -------
        float
            In the unit of the estimate.
        """
        variance = float(self.gradient @ covariance @ self.gradient)
        return float(np.sqrt(max(variance, 0.0)))


def is_binary(values: Floats) -> bool:
    """Whether all values are 0 or 1.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Values of a term.

    Returns
    -------
    bool
        False also if a value is NaN.
    """
    return bool(np.isin(values, (0.0, 1.0)).all())


def average_marginal_effect(fit: Fit, matrix: Floats, position: int) -> Quantity:
    """Average marginal effect of one term, by observed values.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    matrix : ndarray of shape (n, k)
        Design matrix of the estimation sample.
    position : int
        Column of the term in `matrix`.

    Returns
    -------
    Quantity
        Derivative of the probability in the term, averaged over the rows; for a term of 0 and 1, the average change of
        the probability from 0 to 1. In probability (0 to 1) per unit of the term.

    References
    ----------
    Hanmer & Kalkan (2013), American Journal of Political Science 57(1): 263-277.
    """
    if is_binary(matrix[:, position]):
        ones = average_probability(fit, matrix, position, 1.0)
        zeros = average_probability(fit, matrix, position, 0.0)
        return Quantity(ones.estimate - zeros.estimate, ones.gradient - zeros.gradient)
    density = fit.link.density(fit.index).mean()
    gradient = fit.coefficients[position] * (fit.link.density_slope(fit.index) @ matrix) / len(matrix)
    gradient[position] += density
    return Quantity(float(fit.coefficients[position] * density), gradient)


def average_probability(fit: Fit, matrix: Floats, position: int, value: float) -> Quantity:
    """Average predicted probability with one term set to a value, all else as observed.

    Parameters
    ----------
    fit : Fit
        A converged fit with n rows and k coefficients.
    matrix : ndarray of shape (n, k)
        Design matrix of the estimation sample.
    position : int
        Column of the term in `matrix`.
    value : float
        Value of the term in all rows, in its unit.

    Returns
    -------
    Quantity
        Probability (0 to 1), averaged over the rows.

    References
    ----------
    Hanmer & Kalkan (2013), American Journal of Political Science 57(1): 263-277.
    """
    index = fit.index + fit.coefficients[position] * (value - matrix[:, position])
    density = fit.link.density(index)
    gradient = density @ matrix / len(matrix)
    gradient[position] = density.mean() * value
    return Quantity(float(fit.link.probability(index).mean()), gradient)
