"""Guns versus butter: solve a model of when a state contracts out its security to an ally.

Kimball (2010), Journal of Peace Research 47(4): 407-419, argues from a production possibilities frontier. The
functional forms and parameter values here are this project's own: illustrations, not estimates.

The model. A state turns its resources into guns g and butter b along (g/G)^rho + (b/B)^rho = 1. Its security is
z = g + a s, where a = 1 in an alliance and 0 alone, and must reach the requirement: z >= S. It chooses g, then a, for

    U = theta ln(b - a k) + sigma ln(z) - a c

theta: demand for social policy; sigma: taste for security beyond the requirement; s: the ally's contribution; k: the
alliance's cost in butter; c: its cost in autonomy. States differ in that last cost, c + tau e with e standard normal,
so that the probability of allying is a probit, Phi(gain / tau), gain = U(allied) - U(alone) at the best g of each.

The optimum. U is strictly concave in g, so one of two holds: tangency, sigma / z = theta (-db/dg) / (b - a k), or the
least guns allowed, g = max(S - a s, 0), where guns cost more than they bring. Alone and without a binding requirement
g = G (sigma / (sigma + theta))^(1/rho); the allied tangency is found as a root.

Comparative statics. Write b0 for butter alone and b1 for butter allied, before the cost k. By the envelope theorem

    d gain / d theta = ln(b1 - k) - ln(b0)

so a rise in demand makes an alliance more likely if and only if the alliance frees more butter than it costs,
b1 - b0 > k. If k = 0, s > 0 and guns are wanted at all (S > 0 or sigma > 0) this always holds: s lowers both the
benefit of guns, sigma / (g + s), and the least guns allowed, so g falls and b rises. The threshold is where gain = 0;
while the requirement binds alone and the least guns are best allied, it is
theta* = (c - sigma ln(max(S, s) / S)) / ln((b1 - k) / b0).

Where the argument fails.
- k exceeds what is freed: it reverses, rising demand ends alliances.
- The requirement does not bind: part of s is kept as security instead of being turned into butter (at k = 0,
  g0 - g1 < s). For some k this frees too little at low demand and enough once the requirement binds: the argument
  reverses, then holds, and the gain has its minimum between.
- Nothing to contract out (S = 0 and sigma = 0) or nothing offered (s = 0): flat if k = 0, reversed if k > 0.
- No choice: a state that cannot be secure alone (S >= G) allies, and one that k would leave without butter does not,
  whatever the demand: flat.
- Demand at the expense of security (sigma falls as theta rises, one for one): the slope is
  ln((b1 - k) / b0) - ln(z1 / z0), negative wherever the alliance adds more to security than to butter.
"""

from dataclasses import dataclass, fields
from math import inf, isfinite, log, nan
from numbers import Real

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtr

from analysis.core.errors import AnalysisError

TANGENCY, REQUIREMENT, NO_GUNS = "tangency", "requirement", "no_guns"
HOLDS, FLAT, REVERSES = "holds", "flat", "reverses"
FLAT_WITHIN = 1e-12  # slopes no larger than this are rounding


@dataclass(frozen=True)
class Parameters:
    """Parameters of the model, with its symbols.

    Attributes
    ----------
    most_guns : float
        G > 0: guns without any butter, in units of guns.
    most_butter : float
        B > 0: butter without any guns, in units of butter.
    curvature : float
        rho >= 1, dimensionless; at 1 the frontier is straight.
    requirement : float
        S >= 0: security required, in units of guns.
    ally_contribution : float
        s >= 0: security that the ally contributes, in units of guns.
    butter_cost : float
        k >= 0: cost of the alliance, in units of butter.
    autonomy_cost : float
        c >= 0: mean cost of the alliance in autonomy, in utility.
    cost_spread : float
        tau > 0: standard deviation of that cost between states, in utility.
    security_taste : float
        sigma >= 0: weight of the logarithm of security in utility.
    demand : float
        theta > 0: demand for social policy, the weight of the logarithm of butter in utility.

    Raises
    ------
    AnalysisError
        If a parameter is not a finite number or is outside its range.
    """

    most_guns: float = 100.0
    most_butter: float = 100.0
    curvature: float = 2.0
    requirement: float = 60.0
    ally_contribution: float = 35.0
    butter_cost: float = 0.0
    autonomy_cost: float = 0.5
    cost_spread: float = 0.1
    security_taste: float = 1.0
    demand: float = 0.75

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
                raise AnalysisError(f"{field.name} must be a finite number, found {value!r}")
        for name in ("most_guns", "most_butter", "cost_spread", "demand"):
            if getattr(self, name) <= 0:
                raise AnalysisError(f"{name} must be above 0, found {getattr(self, name):g}")
        for name in ("requirement", "ally_contribution", "butter_cost", "autonomy_cost", "security_taste"):
            if getattr(self, name) < 0:
                raise AnalysisError(f"{name} must be at least 0, found {getattr(self, name):g}")
        if self.curvature < 1:
            raise AnalysisError(
                f"curvature must be at least 1 (below it the frontier is not concave), found {self.curvature:g}"
            )


DEFAULT = Parameters()


@dataclass(frozen=True)
class Plan:
    """The optimum of a state alone, or allied.

    Attributes
    ----------
    guns : float
        The state's own guns.
    butter : float
        Butter less the cost of the alliance.
    security : float
        Guns and the ally's contribution, in units of guns.
    utility : float
        Utility less the cost in autonomy.
    gun_benefit, gun_cost : float
        Marginal utilities per gun, which are equal at a tangency.
    regime : {"tangency", "requirement", "no_guns"}
        requirement: security is just what is required; no_guns: the ally provides all of it, which happens only if
        sigma = 0 or the frontier is straight, as on a curved frontier the first gun costs no butter.
    """

    guns: float
    butter: float
    security: float
    utility: float
    gun_benefit: float
    gun_cost: float
    regime: str


@dataclass(frozen=True)
class Solution:
    """Both plans and the choice between them.

    Attributes
    ----------
    alone, allied : Plan or None
        The optima; None if no plan meets the requirement and leaves butter.
    gain : float
        Utility allied minus alone; infinite if only one plan is possible.
    probability : float
        Probability of allying, 0 to 1.
    gain_slope : float
        Derivative of the gain in demand, in utility per unit of demand.
    crowding_out_slope : float
        The same if the weight of security falls one for one as demand rises; NaN if security has no weight.
    prediction : {"holds", "reverses", "flat"}
        Whether rising demand makes an alliance more likely, less likely, or neither.
    """

    alone: Plan | None
    allied: Plan | None
    gain: float
    probability: float
    gain_slope: float
    crowding_out_slope: float
    prediction: str

    @property
    def allies(self) -> bool:
        """Whether a state with the mean cost in autonomy allies; an indifferent state does not."""
        return self.gain > 0


def solve(parameters: Parameters) -> Solution:
    """Solve the model: the optima alone and allied, and the choice between them.

    Parameters
    ----------
    parameters : Parameters
        The parameters.

    Returns
    -------
    Solution
        Both plans, the gain of allying and its comparative statics.

    Raises
    ------
    AnalysisError
        If no plan, alone or allied, meets the requirement and leaves butter.
    """
    alone = best_plan(parameters, contribution=0.0, butter_cost=0.0, autonomy_cost=0.0)
    allied = best_plan(
        parameters, parameters.ally_contribution, parameters.butter_cost, autonomy_cost=parameters.autonomy_cost
    )
    if alone is None and allied is None:
        raise AnalysisError(
            f"no plan meets the requirement of {parameters.requirement:g} and leaves butter: at most"
            f" {parameters.most_guns:g} guns alone, and {parameters.ally_contribution:g} more allied at a cost of"
            f" {parameters.butter_cost:g} butter; lower requirement or butter_cost, or raise ally_contribution"
        )
    if alone is None or allied is None:
        gain = inf if alone is None else -inf
        return Solution(alone, allied, gain, float(gain > 0), 0.0, 0.0, FLAT)
    gain = allied.utility - alone.utility
    slope = log(allied.butter / alone.butter)
    crowding_out = slope - log(allied.security / alone.security) if parameters.security_taste > 0 else nan
    direction = HOLDS if slope > 0 else REVERSES
    prediction = FLAT if abs(slope) <= FLAT_WITHIN else direction
    probability = float(ndtr(gain / parameters.cost_spread))
    return Solution(alone, allied, gain, probability, slope, crowding_out, prediction)


def best_plan(parameters: Parameters, contribution: float, butter_cost: float, autonomy_cost: float) -> Plan | None:
    """Maximise utility in guns, given the contribution of an ally and the costs of the alliance.

    Parameters
    ----------
    parameters : Parameters
        The parameters, of which those of the alliance are replaced by the next three.
    contribution : float
        Security that the ally contributes, in units of guns.
    butter_cost : float
        Cost of the alliance, in units of butter.
    autonomy_cost : float
        Cost of the alliance, in utility.

    Returns
    -------
    Plan or None
        The optimum; None if no plan meets the requirement and leaves butter.

    Raises
    ------
    AnalysisError
        If demand is so small that the optimal butter is 0 in double precision.

    Notes
    -----
    Computed in shares u = g / G of guns. The first-order condition is multiplied by (b - k) (g + s) (1 - u^rho) / b,
    which is positive. This gives a decreasing function of u that is finite at both ends, and its root is the tangency.
    """
    rho, theta, sigma = parameters.curvature, parameters.demand, parameters.security_taste
    s, k = contribution / parameters.most_guns, butter_cost / parameters.most_butter
    least = max(parameters.requirement - contribution, 0.0) / parameters.most_guns
    if k >= 1 or least >= (most := (1 - k**rho) ** (1 / rho)):
        return None

    def net_benefit(u: float) -> float:
        left = 1 - u**rho
        difference: float = sigma * (left - k * left ** (1 - 1 / rho)) - theta * u ** (rho - 1) * (u + s)
        return difference

    if net_benefit(least) > 0:
        share, regime = brentq(net_benefit, least, most, xtol=1e-15), TANGENCY
    else:
        share, regime = least, REQUIREMENT if least > 0 else NO_GUNS
    left = 1 - share**rho
    butter = parameters.most_butter * left ** (1 / rho) - butter_cost
    if butter <= 0:
        raise AnalysisError(f"demand {theta:g} is too small beside security_taste {sigma:g}; raise demand")
    guns = share * parameters.most_guns
    security = guns + contribution
    price = parameters.most_butter / parameters.most_guns * share ** (rho - 1) * left ** (1 / rho - 1)
    taste = sigma * log(security) if sigma > 0 else 0.0
    return Plan(
        guns=guns,
        butter=butter,
        security=security,
        utility=theta * log(butter) + taste - autonomy_cost,
        gun_benefit=sigma / security if sigma > 0 else 0.0,
        gun_cost=theta * price / butter,
        regime=regime,
    )


def frontier(parameters: Parameters, points: int = 201) -> pd.DataFrame:
    """Points of the production possibilities frontier, from all butter to all guns.

    Parameters
    ----------
    parameters : Parameters
        The parameters; only those of the frontier are used.
    points : int, default 201
        Number of points, at least 2.

    Returns
    -------
    DataFrame
        Columns ``guns``, ``butter`` and ``butter_per_gun``, the opportunity cost of one more gun, which is infinite at
        the last point unless the frontier is straight.

    Raises
    ------
    AnalysisError
        If there are fewer than 2 points.
    """
    if points < 2:
        raise AnalysisError(f"a frontier needs at least 2 points, found {points}")
    rho = parameters.curvature
    angle = np.linspace(0.0, np.pi / 2, points)
    guns, butter = np.sin(angle) ** (2 / rho), np.cos(angle) ** (2 / rho)
    butter[-1] = 0.0  # the cosine has a rounding error here
    with np.errstate(divide="ignore"):
        price = guns ** (rho - 1) * butter ** (1 - rho)
    return pd.DataFrame(
        {
            "guns": parameters.most_guns * guns,
            "butter": parameters.most_butter * butter,
            "butter_per_gun": parameters.most_butter / parameters.most_guns * price,
        }
    )
