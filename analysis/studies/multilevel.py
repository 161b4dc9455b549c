"""The headline model as a multilevel Bayesian probit: posterior of the effect of a rise, and predictive checks."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.core import tables
from analysis.core.arrays import Floats, Integers
from analysis.core.conventions import INTERVAL_TAILS, SEED
from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.design.effects import STATE_MEAN, add_state_means
from analysis.design.matrix import Design, build
from analysis.inference.multilevel import (
    CHAINS,
    FLAT,
    WEAK,
    Length,
    Posterior,
    Priors,
    convergence,
    sample_posterior,
    sample_prior,
)
from analysis.studies.evidence.power import SMALLEST_EFFECT
from analysis.studies.kimball import MORTALITY, ROSE, headline_model

POOLED, CROSSED, CROSSED_WITHIN = "pooled", "crossed", "crossed/state_means"
MODELS: dict[str, Priors] = {POOLED: FLAT, CROSSED: WEAK, CROSSED_WITHIN: WEAK}
LENGTH = Length(warm_up=500, draws=1000)
LENGTH_OF_SAMPLE = Length(warm_up=150, draws=100)  # the figures of the synthetic sample say nothing
REPLICATIONS = 400
R_HAT_BELOW = 1.01
COUNTS = (  # in the whole sample
    "formations",
    "formations in the fullest year",
    "formations of the most active state",
    "states that never form",
)
COEFFICIENT, AVERAGE_EFFECT = "coefficient", "average effect"
Rows = list[dict[str, Any]]


def multilevel(
    panel: pd.DataFrame,
    is_synthetic: bool = False,
    length: Length | None = None,
    progress: Callable[[str], None] = lambda message: None,
) -> dict[str, pd.DataFrame]:
    """Sample the posterior of the headline model without and with effects of states and years.

    Parameters
    ----------
    panel : DataFrame
        One row per ``cow_code`` and ``year``, in any order.
    is_synthetic : bool, default False
        Whether the panel is the synthetic sample; written to the tables.
    length : Length, optional
        Draws of each chain; LENGTH, or LENGTH_OF_SAMPLE for the synthetic sample.
    progress : callable
        Receives the name of each model before it is sampled.

    Returns
    -------
    dict of str to DataFrame
        ``multilevel`` and ``multilevel_checks``, columns as in ``tables.COLUMN_DOCS``. Draws that must not be used
        have the reason in ``problem``.

    Raises
    ------
    AnalysisError
        If the panel has no valid key.

    References
    ----------
    Gelman, Carlin, Stern, Dunson, Vehtari & Rubin (2013), Bayesian Data Analysis, chapters 6, 11 and 15.
    """
    panel = prepare(panel)
    length = length or (LENGTH_OF_SAMPLE if is_synthetic else LENGTH)
    summaries, checks = [], []
    for name, priors in MODELS.items():
        progress(name)
        shared = {"model": name, "seed": SEED, "chains": CHAINS, "warm_up": length.warm_up, "draws": length.draws}
        empty = dict.fromkeys(tables.COLUMN_DOCS["multilevel"]) | shared
        try:
            design = build(panel, headline_model())
            if name == CROSSED_WITHIN:
                design = add_state_means(design, [term for term in MORTALITY if term in design.plain])
            posterior = sample_posterior(design, ROSE, priors, length)
            prior = sample_prior(design, ROSE, priors, REPLICATIONS)
        except ModelError as error:
            summaries.append(empty | {"problem": str(error)})
            continue
        summaries += [empty | row for row in summary_rows(design, posterior)]
        years = panel["year"].to_numpy()[design.rows]
        checks += [{"model": name} | row for row in check_rows(design, years, prior, posterior)]
    return {
        "multilevel": tables.frame("multilevel", summaries, is_synthetic),
        "multilevel_checks": tables.frame("multilevel_checks", checks, is_synthetic),
    }


def summary_rows(design: Design, posterior: Posterior) -> Rows:
    """Summarize the posterior of every coefficient and deviation, and of the average effect of a rise.

    Parameters
    ----------
    design : Design
        The estimation sample.
    posterior : Posterior
        Draws of its model.

    Returns
    -------
    list of dict
        Rows of results.multilevel.
    """
    scales = design.matrix.std(axis=0)
    means = {name + STATE_MEAN for name in MORTALITY}
    names = [name for name in design.terms if name in design.plain or name in means]
    positions = {name: design.terms.index(name) for name in names}
    signed: list[tuple[str, str | None, Floats]] = [
        (COEFFICIENT, name, posterior.coefficients[:, :, position] / scales[position])
        for name, position in positions.items()
    ]
    effects = posterior.average_effects()
    signed.append((AVERAGE_EFFECT, ROSE, effects))
    deviations = [
        ("standard deviation of intercepts by state", None, posterior.state_scale),
        ("standard deviation of intercepts by year", None, posterior.year_scale),
        ("standard deviation of coefficients by state", ROSE, posterior.slope_scale / posterior.rise_scale),
    ]
    size = {
        "n": len(design.outcome),
        "events": int(design.outcome.sum()),
        "states": int(design.states.max()) + 1,
        "years": int(design.years.max()) + 1,
        "divergences": posterior.divergences,
    }
    rows = [size | _summary(*part) | {"probability_positive": float((part[2] > 0).mean())} for part in signed]
    rows[-1]["probability_of_interest"] = float((effects > SMALLEST_EFFECT).mean())
    rows += [size | _summary(*part) for part in deviations if part[2].any()]
    worst = max(row["r_hat"] for row in rows)
    if worst >= R_HAT_BELOW or posterior.divergences:
        reason = f"not converged: largest R-hat {worst:.3f}, {posterior.divergences} divergences"
        rows = [row | {"problem": reason} for row in rows]
    return rows


def check_rows(design: Design, years: Integers, prior: Posterior, posterior: Posterior) -> Rows:
    """Compare counts in the data with those in data drawn from the prior and from the posterior.

    Parameters
    ----------
    design : Design
        The estimation sample, with n rows.
    years : ndarray of int, shape (n,)
        Calendar years.
    prior, posterior : Posterior
        Draws of its model; REPLICATIONS of them, evenly spaced, are used.

    Returns
    -------
    list of dict
        Rows of results.multilevel_checks.
    """
    decades, decade = np.unique(years // 10 * 10, return_inverse=True)
    keys = [("formations by decade", str(start)) for start in decades]
    keys += [(check, "all") for check in COUNTS]

    def counts(outcome: Floats) -> Floats:
        by_state = np.bincount(design.states, weights=outcome)
        by_year = np.bincount(design.years, weights=outcome)
        by_decade = np.bincount(decade, weights=outcome)
        return np.array([*by_decade, outcome.sum(), by_year.max(), by_state.max(), (by_state == 0).sum()])

    observed = counts(design.outcome)
    before, after = (_replicated(draws, counts) for draws in (prior, posterior))
    prior_low, prior_high = np.quantile(before, INTERVAL_TAILS, axis=0)
    low, high = np.quantile(after, INTERVAL_TAILS, axis=0)
    median = np.median(after, axis=0)
    return [
        {
            "check": check,
            "detail": detail,
            "observed": float(observed[place]),
            "prior_low": float(prior_low[place]),
            "prior_high": float(prior_high[place]),
            "posterior_median": float(median[place]),
            "posterior_low": float(low[place]),
            "posterior_high": float(high[place]),
        }
        for place, (check, detail) in enumerate(keys)
    ]


def _replicated(draws: Posterior, counts: Callable[[Floats], Floats]) -> Floats:
    """Counts in data drawn from REPLICATIONS draws, one row each."""
    generator = np.random.default_rng(SEED)
    chains, length = draws.intercept.shape
    chosen = np.unique(np.linspace(0, chains * length - 1, REPLICATIONS).astype(int))
    return np.array(
        [
            counts((generator.random(len(draws.states)) < ndtr(draws.index(*divmod(number, length)))).astype(float))
            for number in chosen
        ]
    )


def _summary(quantity: str, term: str | None, draws: Floats) -> dict[str, Any]:
    r_hat, effective = convergence(draws)
    low, median, high = np.quantile(draws, (INTERVAL_TAILS[0], 0.5, INTERVAL_TAILS[1]))
    return {
        "quantity": quantity,
        "term": term,
        "mean": float(draws.mean()),
        "std_dev": float(draws.std()),
        "median": float(median),
        "conf_low": float(low),
        "conf_high": float(high),
        "r_hat": r_hat,
        "effective_size": effective,
    }
