"""What size of effect the data can show: minimal detectable effect, and tests against a smallest effect of interest."""

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from analysis.core.conventions import HEADLINE_COVARIANCE, SIGNIFICANCE_LEVEL
from analysis.core.errors import ModelError
from analysis.core.specification import Model
from analysis.design.matrix import build
from analysis.inference.covariance import clustered
from analysis.inference.effects import average_marginal_effect
from analysis.inference.fitting import fit_checked
from analysis.inference.wald import wald
from analysis.studies.estimation import sample_size
from analysis.studies.evidence.rows import EFFECT, Rows, checked
from analysis.studies.kimball import ROSE

CHECK = "power and equivalence"
POWER = 0.8
SMALLEST_EFFECT = 0.01
"""Smallest effect of interest: one percentage point more formations in years in which mortality rises.

States form an alliance in 8.4 per cent of the state-years, so that this is an eighth of the base rate; in a state whose
mortality rises in one of five years, as on average, it is one formation more in 500 years. A smaller effect would have
no consequence for who is allied with whom, even if it were known without error.
"""


def power_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """Compare the average marginal effect of a rise of mortality with what can be detected and with what matters.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        A model with the rise of infant mortality.

    Returns
    -------
    list of dict
        Rows of results.evidence, all with errors clustered by state: the effect; the effect that a two-sided test at
        SIGNIFICANCE_LEVEL detects with probability POWER; two one-sided tests of equivalence to 0 within
        SMALLEST_EFFECT; and the test that the effect is larger than SMALLEST_EFFECT.

    References
    ----------
    Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15(6): 657-680.
    Bloom (1995), Evaluation Review 19(5): 547-556.
    """
    return checked(CHECK, "estimate", lambda: _rows(panel, model))


def detectable_effect(error: float, degrees: int) -> float:
    """Minimal detectable effect of a two-sided t test.

    Parameters
    ----------
    error : float
        Standard error of the effect.
    degrees : int
        Degrees of freedom.

    Returns
    -------
    float
        In the unit of the error: the true effect that is found at SIGNIFICANCE_LEVEL with probability POWER.
    """
    return float((stdtrit(degrees, 1.0 - SIGNIFICANCE_LEVEL / 2) + stdtrit(degrees, POWER)) * error)


def equivalence_p_value(estimate: float, error: float, degrees: int, bound: float) -> float:
    """Two one-sided tests of the hypothesis that an effect is at least as far from 0 as a bound.

    Parameters
    ----------
    estimate, error : float
        The effect and its standard error.
    degrees : int
        Degrees of freedom of the t distribution.
    bound : float
        The bound, above 0, in the unit of the effect.

    Returns
    -------
    float
        The larger p-value of both tests; a small one means that the effect is closer to 0 than the bound.
    """
    return float(max(stdtr(degrees, (estimate - bound) / error), stdtr(degrees, -(estimate + bound) / error)))


def _rows(panel: pd.DataFrame, model: Model) -> Rows:
    design = build(panel, model)
    if ROSE not in design.terms:
        raise ModelError(f"{ROSE} is not in the fit")
    fitted, _ = fit_checked(design, model)
    effect = average_marginal_effect(fitted, design.matrix, design.terms.index(ROSE))
    error, degrees = effect.std_error(clustered(fitted, design.states)), int(design.states.max())
    shared = sample_size(design) | {"term": ROSE, "quantity": EFFECT, "covariance": HEADLINE_COVARIANCE}
    test = shared | wald(effect.estimate, error, degrees)
    critical = float(stdtrit(degrees, 1.0 - SIGNIFICANCE_LEVEL))
    points = f"{100 * SMALLEST_EFFECT:g} percentage point"
    above = (effect.estimate - SMALLEST_EFFECT) / error
    inside = equivalence_p_value(effect.estimate, error, degrees, SMALLEST_EFFECT)
    nearer = min(SMALLEST_EFFECT - effect.estimate, SMALLEST_EFFECT + effect.estimate) / error
    return [
        test,
        shared
        | {
            "detail": f"detectable with {POWER:.0%} power",
            "quantity": "minimal detectable effect",
            "estimate": detectable_effect(error, degrees),
        },
        test
        | {
            "detail": f"equivalence: within {points} of 0",
            "statistic": nearer,
            "p_value": inside,
            "conf_low": effect.estimate - critical * error,
            "conf_high": effect.estimate + critical * error,
        },
        test
        | {
            "detail": f"larger than {points}",
            "statistic": above,
            "p_value": float(stdtr(degrees, -above)),
            "conf_low": effect.estimate - critical * error,
            "conf_high": np.inf,
        },
    ]
