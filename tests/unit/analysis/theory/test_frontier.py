"""The guns-and-butter model equals closed forms, a search of the optimum and its comparative statics."""

from dataclasses import replace
from math import inf, log, nan, sqrt

import numpy as np
import pytest
from scipy.stats import norm

from analysis.core.errors import AnalysisError
from analysis.theory.comparative_statics import comparative_statics, thresholds
from analysis.theory.frontier import DEFAULT, Parameters, frontier, solve


def random_parameters(seed, draws, **fixed):
    """States that can be secure alone and afford the alliance."""
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        guns, butter = generator.uniform(1, 200, 2)
        values = {
            "most_guns": guns,
            "most_butter": butter,
            "curvature": generator.uniform(1, 5),
            "requirement": guns * generator.uniform(0, 0.95),
            "ally_contribution": guns * generator.uniform(0, 1.5),
            "butter_cost": butter * generator.uniform(0, 0.15),
            "security_taste": generator.uniform(0, 3),
            "demand": generator.uniform(0.1, 5),
        }
        parameters = Parameters(**{**values, **fixed})
        if solve(parameters).allied is not None:
            yield parameters


def best_utility_by_search(parameters, contribution, butter_cost):
    """The largest utility among 200,001 plans evenly spread along the frontier."""
    angle = np.linspace(0, np.pi / 2, 200_001)[:-1]
    guns = parameters.most_guns * np.sin(angle) ** (2 / parameters.curvature)
    butter = parameters.most_butter * np.cos(angle) ** (2 / parameters.curvature) - butter_cost
    guns = np.append(guns, max(parameters.requirement - contribution, 0))
    least_share = guns[-1] / parameters.most_guns
    least_butter = parameters.most_butter * (1 - least_share**parameters.curvature) ** (1 / parameters.curvature)
    butter = np.append(butter, least_butter - butter_cost)
    allowed = (guns + contribution >= parameters.requirement * (1 - 1e-12)) & (butter > 0)
    with np.errstate(divide="ignore"):
        taste = parameters.security_taste * np.log(guns[allowed] + contribution) if parameters.security_taste else 0.0
    return (parameters.demand * np.log(butter[allowed]) + taste).max()


def test_the_optimum_beats_every_plan_of_a_search():
    for parameters in random_parameters(1, 40):
        solution = solve(parameters)
        alone = best_utility_by_search(parameters, 0.0, 0.0)
        allied = best_utility_by_search(parameters, parameters.ally_contribution, parameters.butter_cost)
        assert solution.alone.utility == pytest.approx(alone, abs=1e-7)
        assert solution.allied.utility + parameters.autonomy_cost == pytest.approx(allied, abs=1e-7)


def test_plans_are_feasible_and_meet_their_first_order_conditions():
    regimes = set()
    for parameters in [*random_parameters(2, 300), *random_parameters(2, 30, security_taste=0.0)]:
        solution = solve(parameters)
        for plan, contribution, cost in (
            (solution.alone, 0.0, 0.0),
            (solution.allied, parameters.ally_contribution, parameters.butter_cost),
        ):
            gross, rho = plan.butter + cost, parameters.curvature
            share = (plan.guns / parameters.most_guns) ** rho + (gross / parameters.most_butter) ** rho
            assert share == pytest.approx(1.0)
            assert plan.security == pytest.approx(plan.guns + contribution)
            assert plan.security >= parameters.requirement * (1 - 1e-12)
            if plan.regime == "tangency":
                assert plan.gun_cost == pytest.approx(plan.gun_benefit, rel=1e-6)
            else:
                assert plan.gun_cost >= plan.gun_benefit
                assert plan.guns == pytest.approx(max(parameters.requirement - contribution, 0.0))
            regimes.add(plan.regime)
    assert regimes == {"tangency", "requirement", "no_guns"}


@pytest.mark.parametrize("rho", [1.0, 1.5, 2.0, 4.0])
def test_guns_alone_in_closed_form(rho):
    parameters = replace(DEFAULT, curvature=rho, requirement=0.0, demand=2.0, security_taste=0.5)
    alone = solve(parameters).alone
    assert alone.guns == pytest.approx(100 * (0.5 / 2.5) ** (1 / rho))
    assert alone.butter == pytest.approx(100 * (2.0 / 2.5) ** (1 / rho))


def test_guns_allied_in_closed_form():
    """The tangency is quadratic on a circular frontier without a butter cost, and linear on a straight one with it."""
    theta, sigma, s, k = 0.75, 1.0, 35.0, 4.0
    circular = (-theta * s + sqrt((theta * s) ** 2 + 4 * (theta + sigma) * sigma * 100**2)) / (2 * (theta + sigma))
    assert solve(DEFAULT).allied.guns == pytest.approx(circular)
    straight = solve(replace(DEFAULT, curvature=1.0, butter_cost=k, requirement=0.0)).allied
    assert straight.guns == pytest.approx((sigma * (100 - k) - theta * s) / (theta + sigma))


def test_corners():
    bound = solve(replace(DEFAULT, security_taste=0.0))
    assert (bound.alone.guns, bound.alone.butter, bound.alone.regime) == (60.0, pytest.approx(80.0), "requirement")
    assert (bound.allied.guns, bound.allied.regime) == (25.0, "requirement")
    provided = solve(replace(DEFAULT, security_taste=0.0, ally_contribution=80.0)).allied
    assert (provided.guns, provided.butter, provided.security, provided.regime) == (0.0, 100.0, 80.0, "no_guns")


def test_the_slope_is_the_derivative_of_the_gain_and_the_sign_of_that_of_the_probability():
    """The envelope theorem by finite differences, with demand rising alone and at the expense of security."""
    for parameters in random_parameters(3, 100, cost_spread=5.0):
        step = 1e-5
        more, less = (solve(replace(parameters, demand=parameters.demand + sign * step)) for sign in (1, -1))
        solution = solve(parameters)
        assert solution.gain_slope == pytest.approx((more.gain - less.gain) / (2 * step), abs=1e-5)
        assert np.sign(more.probability - less.probability) == np.sign(solution.gain_slope)
        assert solution.probability == pytest.approx(norm.cdf(solution.gain / 5.0))
        weight, demand = parameters.security_taste, parameters.demand
        ahead, behind = (
            solve(replace(parameters, demand=demand + sign * step, security_taste=weight - sign * step)).gain
            for sign in (1, -1)
        )
        assert solution.crowding_out_slope == pytest.approx((ahead - behind) / (2 * step), abs=1e-5)


def test_rising_demand_favours_alliance_if_and_only_if_it_frees_more_butter_than_it_costs():
    found = set()
    for parameters in random_parameters(4, 300):
        solution = solve(parameters)
        freed = solution.allied.butter + parameters.butter_cost - solution.alone.butter
        assert solution.prediction == ("holds" if freed > parameters.butter_cost else "reverses")
        found.add(solution.prediction)
    assert found == {"holds", "reverses"}


def test_without_a_butter_cost_the_argument_always_holds_and_there_is_one_threshold():
    for parameters in random_parameters(5, 15, butter_cost=0.0):
        assert solve(parameters).prediction == "holds"
        gains = comparative_statics(parameters, np.geomspace(0.05, 50, 60))["gain"]
        assert (gains.diff().dropna() > 0).all()
        assert [threshold.is_rising for threshold in thresholds(parameters, 1e-3, 1e4)] in ([True], [])


@pytest.mark.parametrize(
    ("change", "prediction"),
    [
        ({"butter_cost": 20.0}, "reverses"),  # more than the alliance frees
        ({"ally_contribution": 0.0}, "flat"),  # nothing offered
        ({"ally_contribution": 0.0, "butter_cost": 1.0}, "reverses"),
        ({"requirement": 0.0, "security_taste": 0.0}, "flat"),  # nothing to contract out
        ({"requirement": 0.0, "security_taste": 0.0, "butter_cost": 1.0}, "reverses"),
        ({"requirement": 100.0}, "flat"),  # no choice: not secure alone
        ({"butter_cost": 100.0}, "flat"),  # no choice: no butter allied
    ],
)
def test_where_the_argument_fails(change, prediction):
    assert solve(replace(DEFAULT, **change)).prediction == prediction


def test_a_slack_requirement_reverses_the_effect_of_a_binding_one():
    frame = comparative_statics(replace(DEFAULT, butter_cost=12.0), [0.1, 0.5, 1.0, 5.0, 10.0, 20.0])
    assert list(frame["prediction"]) == ["reverses"] * 3 + ["holds"] * 3
    assert list(frame["alone_regime"]) == ["tangency"] * 3 + ["requirement"] * 3
    slack = solve(DEFAULT)
    assert 0 < slack.alone.guns - slack.allied.guns < DEFAULT.ally_contribution


def test_demand_at_the_expense_of_security_can_reverse_the_argument():
    solution = solve(DEFAULT)
    assert solution.gain_slope > 0 > solution.crowding_out_slope
    assert np.isnan(solve(replace(DEFAULT, security_taste=0.0)).crowding_out_slope)


def test_a_state_without_a_choice():
    insecure, penniless = solve(replace(DEFAULT, requirement=120.0)), solve(replace(DEFAULT, butter_cost=100.0))
    assert (insecure.alone, insecure.gain, insecure.probability, insecure.allies) == (None, inf, 1.0, True)
    assert (penniless.allied, penniless.gain, penniless.probability, penniless.allies) == (None, -inf, 0.0, False)
    row = comparative_statics(replace(DEFAULT, requirement=120.0), [1.0]).iloc[0]
    assert np.isnan(row["alone_guns"])
    assert row["alone_regime"] is None
    assert np.isnan(row["butter_freed"])
    assert thresholds(replace(DEFAULT, requirement=120.0), 0.1, 10.0) == ()
    with pytest.raises(AnalysisError, match="no plan meets the requirement of 140"):
        solve(replace(DEFAULT, requirement=140.0))


@pytest.mark.parametrize("k", [0.0, 6.0])
def test_threshold_in_closed_form_if_only_the_requirement_needs_guns(k):
    parameters = replace(DEFAULT, security_taste=0.0, butter_cost=k)
    (threshold,) = thresholds(parameters, 0.01, 100.0)
    assert threshold.demand == pytest.approx(0.5 / log((sqrt(100**2 - 25**2) - k) / 80))
    assert threshold.is_rising
    assert not solve(replace(parameters, demand=threshold.demand * 0.999)).allies
    assert solve(replace(parameters, demand=threshold.demand * 1.001)).allies


def test_an_alliance_for_security_ends_when_demand_rises_far_enough():
    (threshold,) = thresholds(replace(DEFAULT, butter_cost=30.0, autonomy_cost=0.0), 0.01, 100.0)
    assert not threshold.is_rising


def test_comparative_statics_are_the_solutions_in_the_given_order():
    frame = comparative_statics(DEFAULT, iter([3, 0.75]))
    assert list(frame["demand"]) == [3.0, 0.75]
    assert list(frame["allies"]) == [True, False]
    assert frame.loc[0, "alone_butter"] == pytest.approx(80.0)
    costly = comparative_statics(replace(DEFAULT, security_taste=0.0, butter_cost=6.0), [3.0]).iloc[0]
    assert costly["butter_freed"] == pytest.approx(sqrt(100**2 - 25**2) - 80)
    assert costly["allied_butter"] == pytest.approx(sqrt(100**2 - 25**2) - 6)


def test_the_frontier_runs_from_all_butter_to_all_guns():
    curve = frontier(Parameters(most_guns=50.0, most_butter=80.0, curvature=3.0), points=101)
    assert curve.iloc[0].tolist() == [0.0, 80.0, 0.0]
    assert curve.iloc[-1].tolist() == [pytest.approx(50.0), 0.0, inf]
    assert ((curve["guns"] / 50) ** 3 + (curve["butter"] / 80) ** 3).to_numpy() == pytest.approx(np.ones(101))
    middle = curve.iloc[50]
    ahead, behind = (80 * (1 - ((middle["guns"] + step) / 50) ** 3) ** (1 / 3) for step in (1e-5, -1e-5))
    assert middle["butter_per_gun"] == pytest.approx((behind - ahead) / 2e-5, rel=1e-6)
    assert frontier(replace(DEFAULT, curvature=1.0))["butter_per_gun"].to_numpy() == pytest.approx(np.ones(201))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"curvature": 0.9}, "curvature must be at least 1"),
        ({"most_guns": 0.0}, "most_guns must be above 0"),
        ({"demand": -1.0}, "demand must be above 0"),
        ({"cost_spread": 0.0}, "cost_spread must be above 0"),
        ({"butter_cost": -0.1}, "butter_cost must be at least 0"),
        ({"requirement": nan}, "requirement must be a finite number"),
        ({"most_butter": inf}, "most_butter must be a finite number"),
        ({"autonomy_cost": "high"}, "autonomy_cost must be a finite number, found 'high'"),
        ({"security_taste": True}, "security_taste must be a finite number"),
    ],
)
def test_a_parameter_out_of_range_is_named_in_the_error(change, message):
    with pytest.raises(AnalysisError, match=message):
        replace(DEFAULT, **change)


def test_invalid_arguments_are_rejected():
    with pytest.raises(AnalysisError, match="at least one demand"):
        comparative_statics(DEFAULT, [])
    with pytest.raises(AnalysisError, match="demand must be above 0"):
        comparative_statics(DEFAULT, [1.0, 0.0])
    with pytest.raises(AnalysisError, match="0 < lowest < highest"):
        thresholds(DEFAULT, 2.0, 1.0)
    with pytest.raises(AnalysisError, match="at least 2 points"):
        frontier(DEFAULT, points=1)
    with pytest.raises(AnalysisError, match="too small beside security_taste"):
        solve(replace(DEFAULT, demand=1e-300))
