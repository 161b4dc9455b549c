"""Complete a panel whose infant mortality is partly missing, several times, by draws from what else is known.

The imputers of scikit-learn (IterativeImputer) and statsmodels (MICE) do not fit: they know neither states nor calendar
years, so that each drawn rate deviates by the whole error of the regression, even next to an observed one; and they do
not know that a rise follows from two rates, which would bias its coefficient towards 0.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.core.arrays import Floats, Integers, Mask
from analysis.core.conventions import SEED
from analysis.core.errors import ModelError
from analysis.core.panel import column_values, lag
from analysis.core.specification import Model, Term
from analysis.design.matrix import build, codes, independent_columns, sample_rows, term_values
from analysis.inference.fitting import fit_checked
from analysis.studies.kimball import MORTALITY, RATE, ROSE
from analysis.studies.rate_sampler import Likelihood, RateSampler

IMPUTATIONS = 20
METHOD = (
    "log rate by Bayesian regression, state intercepts, autoregressive errors, outcome model's likelihood; years "
    "without change as often as observed in the same 20 years"
)
PERIOD = 20  # years; the share of years without change is that of the period
ROUNDS = 5  # draws of the outcome model's coefficients for each completed panel
SWEEPS = 10  # updates of all missing rates for each of them
# Predictors beside the model's own variables, if the panel has them. In the mart, child mortality is observed wherever
# the preferred series of infant mortality is missing and another one is not, so the other series would add nothing.
PREDICTORS = (
    Term("child_mortality_rate", 0, "log"),
    Term("gdp_per_capita", 0, "log"),
    Term("polity2"),
)
Positions = Integers


def completed_panels(panel: pd.DataFrame, model: Model, imputations: int = IMPUTATIONS) -> Iterator[pd.DataFrame]:
    """Complete a panel by drawing the missing rates of a model's sample, and whether they rose.

    Observed rates and rises are kept. A rise compares a state-year with the previous calendar year, one or both of
    them drawn. A series that is rounded or carried forward often has exactly the same rate in two years; a drawn
    one never has. Therefore a drawn state-year is without change, whatever the drawn rates, with the probability
    that observed ones of the same PERIOD are, and then counts as no rise. The log rate is linear in the lag of the
    outcome, the model's other variables, PREDICTORS (each with an indicator of its missing values) and a quadratic
    in time; it has state intercepts and autoregressive errors (see `RateSampler`). For every panel all parameters
    are drawn, then the missing rates given the observed rates of the state before and after. The rates are then
    updated so that the outcome of the year, under the model itself with drawn coefficients, is as likely as it
    should be given rate and rise: imputation compatible with the substantive model. The result is valid if rates
    are missing at random given all of these.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel; it is not changed.
    model : Model
        The model that will be estimated on the completed panels.
    imputations : int, default IMPUTATIONS
        Number of completed panels.

    Yields
    ------
    DataFrame
        A copy of `panel` with completed ``infant_mortality_rate`` (deaths per 1,000 live births) and
        ``infant_mortality_rose`` (0 or 1; 0 in a state-year without change).

    Raises
    ------
    ModelError
        If no rate of the sample is missing, or too few are observed.

    References
    ----------
    Bartlett, Seaman, White & Carpenter (2015), Statistical Methods in Medical Research 24: 462-487.
    """
    rows = sample_rows(panel, model)
    log_rates = _log_rates(panel, model, rows)
    missing = np.isnan(log_rates)
    sampler = RateSampler(
        log_rates,
        _predictor_matrix(panel, model, rows, ~missing),
        panel["cow_code"].to_numpy()[rows],
        panel["year"].to_numpy()[rows],
    )
    generator = np.random.default_rng(SEED)
    for path in sampler.draws(generator, imputations):
        chance = unchanged_chance(panel, rows, generator)
        unchanged = generator.random(len(rows)) < chance
        for _ in range(ROUNDS):
            completed = _with_rates(panel, rows, missing, path.values, unchanged)
            likelihood = _outcome_likelihood(panel, completed, model, rows, unchanged, generator)
            _redraw_unchanged(unchanged, chance, path.values, likelihood, generator)
            for _ in range(SWEEPS):
                sampler.redraw(path, likelihood, generator)
        yield _with_rates(panel, rows, missing, path.values, unchanged)


def unchanged_chance(panel: pd.DataFrame, rows: Positions, generator: np.random.Generator) -> Floats:
    """Draw the probability that infant mortality is exactly the same as in the year before.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    rows : ndarray of int, shape (n,)
        The rows of the sample.
    generator : Generator
        Source of random numbers.

    Returns
    -------
    ndarray of shape (n,)
        By row, the same in a PERIOD: drawn from the posterior of a share, given the observed changes of the period; the
        share in all periods where none is observed.
    """
    rate = column_values(panel, RATE)
    change = (rate - lag(panel, rate, 1))[rows]
    known = ~np.isnan(change)
    period = codes(panel["year"].to_numpy()[rows] // PERIOD)
    same = np.bincount(period[known & (change == 0.0)], minlength=period.max() + 1)
    other = np.bincount(period[known], minlength=period.max() + 1) - same
    share = same.sum() / max(known.sum(), 1)
    varies = (same > 0) & (other > 0)
    fixed = np.where(same + other > 0, same > 0, share)
    drawn = generator.beta(np.where(varies, same, 1.0), np.where(varies, other, 1.0))
    return np.where(varies, drawn, fixed)[period]


def _log_rates(panel: pd.DataFrame, model: Model, rows: Positions) -> Floats:
    """Log rates of the sample, some of them missing and some observed."""
    log_rates = term_values(panel, Term(RATE, 0, "log"))[rows]
    missing = np.isnan(log_rates)
    _require_finite(RATE, log_rates)
    if not missing.any():
        raise ModelError(f"nothing to impute: {RATE} is missing nowhere in the sample {model.sample.name}")
    if missing.all():
        raise ModelError(f"nothing to impute from: {RATE} is observed nowhere in the sample {model.sample.name}")
    return log_rates


def _require_finite(name: str, values: Floats) -> None:
    if np.isinf(values).any():
        raise ModelError(f"{name} has {int(np.isinf(values).sum())} infinite values in the sample")


def _with_rates(
    panel: pd.DataFrame, rows: Positions, missing: Mask, log_rates: Floats, unchanged: Mask
) -> pd.DataFrame:
    """A copy of the panel with the missing rates of the sample `rows`, and with the rises that follow.

    `missing`, `log_rates` and `unchanged` are along `rows`; observed rises are kept.
    """
    rate, rose = column_values(panel, RATE).copy(), column_values(panel, ROSE)
    rate[rows[missing]] = np.exp(log_rates[missing])
    rises = rate > lag(panel, rate, 1)
    rises[rows[unchanged]] = False
    is_new = np.isnan(rose) & ~np.isnan(rate - lag(panel, rate, 1))
    return panel.assign(**{RATE: rate, ROSE: np.where(is_new, rises, rose)})


def _redraw_unchanged(
    unchanged: Mask, chance: Floats, log_rates: Floats, likelihood: Likelihood, generator: np.random.Generator
) -> None:
    """Draw which state-years are without change, given rates and outcome; `unchanged` is changed in place."""
    every = np.arange(len(unchanged))
    before = log_rates[np.maximum(every - 1, 0)]
    unchanged[:] = False
    otherwise = likelihood(every, log_rates, before)
    unchanged[:] = True
    odds = chance * np.exp(likelihood(every, log_rates, before) - otherwise)
    unchanged[:] = generator.random(len(unchanged)) * (odds + 1.0 - chance) < odds


def _outcome_likelihood(
    panel: pd.DataFrame,
    completed: pd.DataFrame,
    model: Model,
    rows: Positions,
    unchanged: Mask,
    generator: np.random.Generator,
) -> Likelihood:
    """Log likelihood of the outcome in the sample `rows`, for coefficients drawn from a fit on the completed panel.

    It is 0 in state-years the model is not estimated on. `unchanged` is read at each call.
    """
    outcome, rose = (column_values(panel, name) for name in (model.outcome, ROSE))
    design = build(completed, model)
    fitted, _ = fit_checked(design, model)
    noise = np.linalg.cholesky(fitted.bread) @ generator.standard_normal(len(design.terms))
    coefficients = fitted.coefficients + fitted.to_terms @ noise
    index = np.full(len(completed), np.nan)
    index[design.rows] = design.matrix @ coefficients
    drawn = {name: coefficients[design.terms.index(name)] if name in design.terms else 0.0 for name in MORTALITY}
    index -= sum(drawn[name] * column_values(completed, name) for name in MORTALITY)
    index_of_others, observed_rose, event = index[rows], rose[rows], outcome[rows] == 1.0

    def likelihood(positions: Positions, log_rates: Floats, log_rates_before: Floats) -> Floats:
        known = observed_rose[positions]
        rises = np.where(np.isnan(known), (log_rates > log_rates_before) & ~unchanged[positions], known)
        linear = index_of_others[positions] + drawn[RATE] * np.exp(log_rates) + drawn[ROSE] * rises
        probability: Floats = fitted.link.probability(linear)
        logs = np.log(np.maximum(np.where(event[positions], probability, 1.0 - probability), 1e-300))
        return np.where(np.isnan(logs), 0.0, logs)

    return likelihood


def _predictor_matrix(panel: pd.DataFrame, model: Model, rows: Positions, observed: Mask) -> Floats:
    """Regressors of the log rate (n, k), scaled, the constant last, independent in the rows with observed rates."""
    others = [term for term in model.terms if term.column not in MORTALITY]
    since = [Term(model.time.column)] if model.time is not None else []
    known = [term for term in PREDICTORS if term.column in panel.columns]
    columns, names = [], []
    for term in dict.fromkeys([Term(model.outcome, 1), *others, *since, *known]):
        values = term_values(panel, term)[rows]
        _require_finite(term.name, values)
        absent = np.isnan(values)
        if absent.all():
            continue
        columns += [np.where(absent, 0.0, values - values[~absent].mean()), absent.astype(float)]
        names += [term.name, f"{term.name} missing"]
    century = (panel["year"].to_numpy()[rows] - 1900) / 100.0
    matrix: Floats = np.column_stack([*columns, century, century**2, np.ones(len(rows))])
    kept, _ = independent_columns(matrix[observed], [*names, "time", "time squared", "constant"])
    matrix = matrix[:, kept]
    largest: Floats = np.abs(matrix).max(axis=0)
    return matrix / largest
