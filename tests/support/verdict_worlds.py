"""The verdict on a drawn world, with every check made: the operating characteristics of the rule."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.core.arrays import Floats, Integers
from analysis.core.conventions import INTERVAL_TAILS, SEED
from analysis.core.errors import ModelError
from analysis.core.panel import column_values
from analysis.core.specification import Model
from analysis.design.effects import add_period_effects, add_state_means
from analysis.design.matrix import Design, build
from analysis.inference.covariance import clustered, two_way
from analysis.inference.effects import average_marginal_effect
from analysis.inference.fitting import fit_checked
from analysis.inference.scores import auc
from analysis.inference.wald import wald
from analysis.studies.evidence.lags_and_leads import WITHIN, lag_and_lead_rows
from analysis.studies.evidence.power import SMALLEST_EFFECT, equivalence_p_value
from analysis.studies.evidence.rows import term_row
from analysis.studies.kimball import MORTALITY, ROSE, headline_model
from analysis.studies.multiverse.dimensions import Choice
from analysis.studies.multiverse.statistics import PRIMARY
from analysis.studies.specification_curve import fit_curve
from analysis.studies.validation import forward, predict, states_left_out
from analysis.studies.verdict import NOT_ROBUST, NOT_SUPPORTED, Evidence, Finding, Interval, Verdict, judge

RESAMPLES = 199


def judge_world(panel: pd.DataFrame, choices: Sequence[Choice]) -> Verdict:
    """Apply the rule of the verdict to a panel.

    A check that fails never improves the verdict. The checks that take seconds are therefore left out where the others
    decide already that the claim is not robust or not supported.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel, e.g. from `planted_world`.
    choices : sequence of dict
        Specifications of the multiverse.

    Returns
    -------
    Verdict
        That of `judge` on all checks.

    Raises
    ------
    ModelError
        If the headline model cannot be estimated.
    """
    model = headline_model()
    design = build(panel, model)
    evidence = _pooled(design, model)
    found = judge(evidence)
    if found.category == NOT_SUPPORTED:
        return found
    evidence = Evidence(
        **{**vars(evidence), **_checks(panel, design, model)},
    )
    found = judge(evidence)
    if found.category in (NOT_SUPPORTED, NOT_ROBUST):
        return found
    gains = tuple(_gain(panel, design, model, scheme) for scheme in ("forward", "states"))
    _, tests = fit_curve(panel, choices)
    primary = next(row["p_value"] for row in tests if row["statistic"] == PRIMARY)
    return judge(Evidence(**{**vars(evidence), "multiverse": primary, "out_of_sample": gains}))


def _pooled(design: Design, model: Model) -> Evidence:
    fitted, _ = fit_checked(design, model)
    position, degrees = design.terms.index(ROSE), int(design.states.max())
    covariance = clustered(fitted, design.states)
    estimate = float(fitted.coefficients[position])
    test = wald(estimate, float(np.sqrt(covariance[position, position])), degrees)
    effect = average_marginal_effect(fitted, design.matrix, position)
    both, _ = two_way(fitted, design.states, design.years)
    both_ways = wald(estimate, float(np.sqrt(both[position, position])), min(degrees, int(design.years.max())))
    return Evidence(
        coefficient=Interval(estimate, test["conf_low"], test["conf_high"]),
        effect=effect.estimate,
        equivalence=equivalence_p_value(effect.estimate, effect.std_error(covariance), degrees, SMALLEST_EFFECT),
        dependence=Finding(estimate, both_ways["p_value"]),
    )


def _checks(panel: pd.DataFrame, design: Design, model: Model) -> dict[str, Any]:
    means = add_state_means(design, [name for name in design.plain if name in MORTALITY])
    years, _ = add_period_effects(design, panel["year"].to_numpy()[design.rows], "year")
    findings = {}
    for name, changed in (("within", means), ("calendar", years)):
        row = term_row(fit_checked(changed, model)[0], changed, ROSE)
        findings[name] = Finding(row["estimate"], row["p_value"])
    rows = lag_and_lead_rows(panel, model)
    leads = (row["p_value"] for row in rows if row["check"] == WITHIN and row["detail"].startswith("all leads"))
    return {**findings, "placebo": next(leads)}


def _gain(panel: pd.DataFrame, design: Design, model: Model, scheme: str) -> Interval:
    """Gain in AUC by the mortality terms, with its interval from resamples of whole states."""
    if model.time is None:
        raise ModelError(f"{model.name} has no time dependence")
    blocks = forward(panel["year"].to_numpy()[design.rows]) if scheme == "forward" else states_left_out(design.states)
    time = column_values(panel, model.time.column)[design.rows]
    predictions, _ = predict(design, time, model, blocks)
    known = np.isfinite(predictions[:, 0])
    outcome, predicted, states = design.outcome[known], predictions[known], design.states[known]
    low, high = np.quantile(_resampled(outcome, predicted, states), INTERVAL_TAILS)
    return Interval(float(auc(outcome, predicted[:, 0], None) - auc(outcome, predicted[:, 1], None)), low, high)


def _resampled(outcome: Floats, predicted: Floats, states: Integers) -> Floats:
    count = int(states.max()) + 1
    drawn = np.random.default_rng(SEED).multinomial(count, np.full(count, 1.0 / count), size=RESAMPLES)
    weights = drawn[:, states].astype(np.float64)
    with_mortality, without = (auc(outcome, predicted[:, column], weights) for column in (0, 1))
    difference: Floats = np.subtract(with_mortality, without)
    return difference
