"""Guns versus butter: a small model of our own of when a state contracts out its security to an ally.

Kimball (2010), Journal of Peace Research 47(4):407-419, argues from a production possibilities frontier. That drawing
is not known to us: the functional forms and the parameters here are OURS, illustrations and not estimates.

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

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
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
SCAN_POINTS = 1000  # of the search for thresholds


@dataclass(frozen=True)
class Parameters:
    """The model's numbers; AnalysisError names the one that is out of its range.

    Guns and the security of S and s share one unit (guns), B and k another (butter); c and tau are in utility; rho,
    theta and sigma are pure numbers.
    """

    most_guns: float = 100.0  # G > 0
    most_butter: float = 100.0  # B > 0
    curvature: float = 2.0  # rho >= 1; at 1 the frontier is straight
    requirement: float = 60.0  # S >= 0
    ally_contribution: float = 35.0  # s >= 0
    butter_cost: float = 0.0  # k >= 0
    autonomy_cost: float = 0.5  # c >= 0
    cost_spread: float = 0.1  # tau > 0
    security_taste: float = 1.0  # sigma >= 0
    demand: float = 0.75  # theta > 0

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
                raise AnalysisError(f"{field.name} must be a finite number, found {value!r}")
        for name in ("most_guns", "most_butter", "cost_spread", "demand"):
            if getattr(self, name) <= 0:
                raise AnalysisError(f"{name} must be above 0, found {getattr(self, name):g}")
        for name in ("requirement", "ally_contribution", "butter_cost", "autonomy_cost", "security_taste"):
            if getattr(self, name) < 0:
                raise AnalysisError(f"{name} must not be below 0, found {getattr(self, name):g}")
        if self.curvature < 1:
            raise AnalysisError(
                f"curvature must be at least 1 (below it the frontier is not concave), found {self.curvature:g}"
            )


DEFAULT = Parameters()


@dataclass(frozen=True)
class Plan:
    """The best a state can do alone, or allied.

    guns (its own), butter (less the alliance's cost), security (the ally's contribution included), utility (less the
    cost in autonomy); gun_benefit and gun_cost are the marginal utilities that a tangency equates, per gun. regime:
    tangency; requirement (security is just what is required); no_guns (the ally provides all: only if sigma = 0 or the
    frontier is straight, for on a curved one the first gun costs no butter).
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
    """Both plans (None: no plan is secure and leaves butter) and the choice between them.

    gain: utility allied minus alone, infinite where there is only one plan; probability of allying; gain_slope: its
    derivative in demand, per unit of demand; crowding_out_slope: the same where demand takes its weight off security
    (NaN if that has no weight); prediction: whether rising demand makes an alliance more likely (holds), less likely
    (reverses) or neither (flat).
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
        """The choice of a state with the mean cost in autonomy; when indifferent it stays alone."""
        return self.gain > 0


@dataclass(frozen=True)
class Threshold:
    """A demand at which the gain of allying is 0; is_rising: alliance is the better choice above it, not below."""

    demand: float
    is_rising: bool


def solve(parameters: Parameters) -> Solution:
    """The best plans alone and allied, and the choice; AnalysisError where the state can be secure neither way."""
    alone = best_plan(parameters, contribution=0.0, butter_cost=0.0, autonomy_cost=0.0)
    allied = best_plan(
        parameters, parameters.ally_contribution, parameters.butter_cost, autonomy_cost=parameters.autonomy_cost
    )
    if alone is None and allied is None:
        raise AnalysisError(
            f"no plan meets the requirement of {parameters.requirement:g} and leaves butter: alone at most"
            f" {parameters.most_guns:g} guns, allied {parameters.ally_contribution:g} more at a cost of"
            f" {parameters.butter_cost:g} butter; lower the requirement or that cost, or raise the contribution"
        )
    if alone is None or allied is None:
        gain = inf if alone is None else -inf
        return Solution(alone, allied, gain, float(gain > 0), 0.0, 0.0, FLAT)
    gain = allied.utility - alone.utility
    slope = log(allied.butter / alone.butter)
    crowding_out = slope - log(allied.security / alone.security) if parameters.security_taste > 0 else nan
    if abs(slope) <= FLAT_WITHIN:
        prediction = FLAT
    else:
        prediction = HOLDS if slope > 0 else REVERSES
    probability = float(ndtr(gain / parameters.cost_spread))
    return Solution(alone, allied, gain, probability, slope, crowding_out, prediction)


def best_plan(parameters: Parameters, contribution: float, butter_cost: float, autonomy_cost: float) -> Plan | None:
    """The guns that maximise utility given the ally's contribution and the two costs; None where no plan is possible.

    Works in shares of G and B. The first-order condition is multiplied by (b - k) (g + s) (1 - u^rho) / b, which is
    positive and leaves a decreasing function of the guns that is finite at both ends.
    """
    rho, theta, sigma = parameters.curvature, parameters.demand, parameters.security_taste
    s, k = contribution / parameters.most_guns, butter_cost / parameters.most_butter
    least = max(parameters.requirement - contribution, 0.0) / parameters.most_guns
    if k >= 1 or least >= (most := (1 - k**rho) ** (1 / rho)):
        return None

    def net_benefit(u):
        left = 1 - u**rho
        return sigma * (left - k * left ** (1 - 1 / rho)) - theta * u ** (rho - 1) * (u + s)

    if net_benefit(least) > 0:
        share, regime = brentq(net_benefit, least, most, xtol=1e-15), TANGENCY
    else:
        share, regime = least, REQUIREMENT if least > 0 else NO_GUNS
    left = 1 - share**rho
    butter = parameters.most_butter * left ** (1 / rho) - butter_cost
    if butter <= 0:
        raise AnalysisError(f"demand {theta:g} is too small beside security_taste {sigma:g} to be told from 0")
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


def comparative_statics(parameters: Parameters, demands: Iterable[float]) -> pd.DataFrame:
    """One row per demand, in the order given; `demand` of the parameters is replaced.

    Columns: demand; alone_ and allied_ guns, butter, security (units of the parameters; NaN where there is no plan)
    and regime; butter_freed (by the alliance, before its cost); gain, gain_slope, crowding_out_slope (utility, and
    utility per unit of demand); probability; allies; prediction.
    """
    rows = []
    for demand in demands:
        solution = solve(replace(parameters, demand=demand))
        row = {"demand": float(demand)}
        for name, plan in (("alone", solution.alone), ("allied", solution.allied)):
            for quantity in ("guns", "butter", "security"):
                row[f"{name}_{quantity}"] = nan if plan is None else getattr(plan, quantity)
            row[f"{name}_regime"] = None if plan is None else plan.regime
        row["butter_freed"] = row["allied_butter"] + parameters.butter_cost - row["alone_butter"]
        for quantity in ("gain", "gain_slope", "crowding_out_slope", "probability", "allies", "prediction"):
            row[quantity] = getattr(solution, quantity)
        rows.append(row)
    if not rows:
        raise AnalysisError("comparative statics need at least one demand, found none")
    return pd.DataFrame(rows)


def thresholds(parameters: Parameters, lowest: float, highest: float) -> tuple[Threshold, ...]:
    """Every demand in [lowest, highest] at which allying starts or ceases to pay, in ascending order.

    Found between neighbours of 1,000 demands spaced evenly in logarithms: two closer to each other may be missed. With
    no alternative (no plan alone, or none allied) there is none.
    """
    if not 0 < lowest < highest < inf:
        raise AnalysisError(f"thresholds need 0 < lowest < highest, found {lowest!r} and {highest!r}")

    def gain(demand):
        return solve(replace(parameters, demand=float(demand))).gain

    demands = np.geomspace(lowest, highest, SCAN_POINTS)
    positive = np.array([gain(demand) > 0 for demand in demands])
    return tuple(
        Threshold(brentq(gain, demands[place], demands[place + 1], xtol=1e-14), bool(positive[place + 1]))
        for place in np.flatnonzero(positive[1:] != positive[:-1])
    )


def frontier(parameters: Parameters, points: int = 201) -> pd.DataFrame:
    """The curve from all butter to all guns: columns guns, butter and butter_per_gun, the butter one more gun costs
    there (infinite at the last point unless the frontier is straight)."""
    if points < 2:
        raise AnalysisError(f"a frontier needs at least 2 points, found {points}")
    rho = parameters.curvature
    angle = np.linspace(0.0, np.pi / 2, points)
    guns, butter = np.sin(angle) ** (2 / rho), np.cos(angle) ** (2 / rho)
    butter[-1] = 0.0  # where the cosine leaves a rounding error
    with np.errstate(divide="ignore"):
        price = guns ** (rho - 1) * butter ** (1 - rho)
    return pd.DataFrame(
        {
            "guns": parameters.most_guns * guns,
            "butter": parameters.most_butter * butter,
            "butter_per_gun": parameters.most_butter / parameters.most_guns * price,
        }
    )
