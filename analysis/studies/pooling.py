"""Rubin's rules: one estimate and its standard error from several completed panels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Pooled:
    """A coefficient pooled over completed panels.

    Parameters
    ----------
    estimate : float
        Mean of the estimates.
    std_error : float
        Standard error, in the unit of the estimate.
    degrees_of_freedom : float
        Of the t distribution of estimate / std_error.
    missing_information : float
        Share of the information that is lost with the missing values, 0 to 1.
    """

    estimate: float
    std_error: float
    degrees_of_freedom: float
    missing_information: float


def pool(
    estimates: npt.NDArray[np.float64], variances: npt.NDArray[np.float64], complete_degrees_of_freedom: float
) -> Pooled:
    """Pool the estimates of one coefficient.

    Parameters
    ----------
    estimates : ndarray of shape (m,)
        Estimate on each of the m completed panels, at least two.
    variances : ndarray of shape (m,)
        Their estimated variances.
    complete_degrees_of_freedom : float
        Degrees of freedom if no value were missing.

    Returns
    -------
    Pooled

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys: total variance.
    Barnard & Rubin (1999), Biometrika 86: 948-955: degrees of freedom.
    """
    m = len(estimates)
    between = (1.0 + 1.0 / m) * float(estimates.var(ddof=1))
    within = float(variances.mean())
    total = within + between
    share = between / total
    complete = complete_degrees_of_freedom
    observed = (complete + 1.0) / (complete + 3.0) * complete * (1.0 - share)
    degrees = 1.0 / (share**2 / (m - 1) + 1.0 / observed)
    odds = between / within
    lost = (odds + 2.0 / (degrees + 3.0)) / (odds + 1.0)
    return Pooled(float(estimates.mean()), float(np.sqrt(total)), degrees, lost)
