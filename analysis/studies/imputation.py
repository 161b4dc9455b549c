"""Missing infant mortality drawn many times from what else is known, and the estimates of the completed panels pooled.

Own code, because the chained regressions at hand (scikit-learn's IterativeImputer, statsmodels' MICE) know neither
states nor calendar years: each rate they draw jumps by the whole error of the regression, next to an observed one too.
Nor do they know that a rise is made of two rates: drawn without that, its coefficient is drawn towards 0.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, stdtr, stdtrit

from analysis.core.errors import ModelError
from analysis.core.panel import column_values, shift
from analysis.core.specification import Model, Term
from analysis.design.matrix import build, independent_columns, sample_rows, term_values
from analysis.studies.estimation import fit_checked
from analysis.studies.kimball import MORTALITY

IMPUTATIONS = 20
SEED = 20100407
METHOD = "log rate by Bayesian regression, state intercepts, autoregressive errors, outcome model's likelihood"
ROUNDS, SWEEPS = 5, 10  # how often the outcome's model is drawn for a panel, and all rates anew for each
RATE, ROSE = MORTALITY
# Beside the model's own variables, where the panel has them. In the mart child mortality is observed wherever another
# series of infant mortality is and the preferred one is not, so it alone stands for the other series.
PREDICTORS = (
    Term("child_mortality_rate", 0, "log"),
    Term("gdp_per_capita", 0, "log"),
    Term("polity2"),
)
PRIOR_MEAN, PRIOR_SD = np.array([2.0, 0.0]), 2.0  # of logit(memory) and log(intercept variance / error variance)
STEP = 0.02  # of the differences that give the curvature of their posterior at its mode


@dataclass(frozen=True)
class Pooled:
    """By Rubin's rules: missing_information is the share of the information that is lost with the missing values."""

    estimate: float
    std_error: float
    degrees_of_freedom: float
    missing_information: float

    def row(self) -> dict:
        """Estimate, error, t, two-sided p and 95 per cent interval from Student's t, under the names of the tables."""
        statistic = self.estimate / self.std_error
        reach = float(stdtrit(self.degrees_of_freedom, 0.975)) * self.std_error
        return {
            "estimate": self.estimate,
            "std_error": self.std_error,
            "statistic": statistic,
            "p_value": float(2.0 * stdtr(self.degrees_of_freedom, -abs(statistic))),
            "conf_low": self.estimate - reach,
            "conf_high": self.estimate + reach,
        }


def pool(estimates: np.ndarray, variances: np.ndarray, complete: float) -> Pooled:
    """One coefficient from m completed panels: estimates (m,), their variances (m,); `complete` are the degrees of
    freedom there would be with nothing missing.

    Total variance: the mean of the variances, plus (1 + 1/m) times the variance between the estimates (Rubin 1987).
    Degrees of freedom: Barnard & Rubin (1999), Biometrika 86:948-955.
    """
    m = len(estimates)
    between = (1.0 + 1.0 / m) * float(estimates.var(ddof=1))
    total = float(variances.mean()) + between
    share = between / total
    observed = (complete + 1.0) / (complete + 3.0) * complete * (1.0 - share)
    freedom = 1.0 / (share**2 / (m - 1) + 1.0 / observed)
    odds = between / float(variances.mean())
    lost = (odds + 2.0 / (freedom + 3.0)) / (odds + 1.0)
    return Pooled(float(estimates.mean()), float(np.sqrt(total)), freedom, lost)


def completed_panels(panel: pd.DataFrame, model: Model, imputations: int = IMPUTATIONS) -> Iterator[pd.DataFrame]:
    """Copies of a prepared panel in which the missing rates of the model's sample are drawn, and whether they rose.

    Observed rates and rises stay as they are; a rise is taken between a state-year and the calendar year before, one or
    both of them drawn. The log rate is linear in: the lag of the outcome, the model's other variables, PREDICTORS (each
    with an indicator of its missing values), and a quadratic in time; with a normal intercept for every state, and an
    error that keeps a share (the memory) of itself from one calendar year to the next. Every panel has its own draw of
    all parameters and, given these and the observed rates of the state before and after, of the missing rates. These
    are then redrawn so that the outcome of the year, by the model itself (coefficients drawn too), is as likely as it
    should be given rate and rise: imputation compatible with the substantive model (Bartlett, Seaman, White & Carpenter
    2015, Statistical Methods in Medical Research 24:462-487). All that holds if rates are missing at random given all
    of it. ModelError where nothing is missing, or too little known.
    """
    rows = sample_rows(panel, model)
    rates = np.full(len(panel), np.nan)
    rates[rows] = term_values(panel, Term(RATE, 0, "log"))[rows]
    here = rates[rows]
    observed = ~np.isnan(here)
    if np.isinf(here).any():
        raise ModelError(f"{RATE} has {int(np.isinf(here).sum())} infinite values in the sample")
    if observed.all():
        raise ModelError(f"nothing to impute: {RATE} is missing nowhere in the sample {model.sample.name}")
    if not observed.any():
        raise ModelError(f"nothing to impute from: {RATE} is observed nowhere in the sample {model.sample.name}")
    sampler = _Sampler(
        here,
        predictor_matrix(panel, model, rows, observed),
        panel["cow_code"].to_numpy()[rows],
        panel["year"].to_numpy()[rows],
    )
    generator = np.random.default_rng(SEED)
    outcome, rose = (column_values(panel, name) for name in (model.outcome, ROSE))
    for path in sampler.draws(generator, imputations):
        for _ in range(ROUNDS):
            completed = with_rates(panel, rows[~observed], path.values[~observed], rose)
            likelihood = outcome_likelihood(completed, model, outcome, rose, rows, generator)
            for _ in range(SWEEPS):
                sampler.redraw(path, likelihood, generator)
        yield with_rates(panel, rows[~observed], path.values[~observed], rose)


def with_rates(panel: pd.DataFrame, rows: np.ndarray, logs: np.ndarray, rose: np.ndarray) -> pd.DataFrame:
    """A copy of the panel with rates of these logs in these rows, and the rises that follow where `rose` has none."""
    rate = column_values(panel, RATE).copy()
    rate[rows] = np.exp(logs)
    change = rate - shift(panel, rate, 1)
    new = np.isnan(rose) & ~np.isnan(change)
    return panel.assign(**{RATE: rate, ROSE: np.where(new, change > 0, rose)})


def outcome_likelihood(
    completed: pd.DataFrame,
    model: Model,
    outcome: np.ndarray,
    rose: np.ndarray,
    rows: np.ndarray,
    generator: np.random.Generator,
) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """The log likelihood of the outcome in given places of `rows`, as a function of these, of their log rates and of
    those of the year before; 0 in state-years the model is not estimated on. Its coefficients are drawn."""
    design = build(completed, model)
    fitted, _ = fit_checked(design, model)
    noise = np.linalg.cholesky(fitted.bread) @ generator.standard_normal(len(design.terms))
    coefficients = fitted.coefficients + fitted.to_terms @ noise
    index = np.full(len(completed), np.nan)
    index[design.rows] = design.matrix @ coefficients
    drawn = {name: coefficients[design.terms.index(name)] if name in design.terms else 0.0 for name in MORTALITY}
    index -= sum(drawn[name] * column_values(completed, name) for name in MORTALITY)
    rest, rose, event = index[rows], rose[rows], outcome[rows] == 1.0

    def at(places, logs, logs_before):
        rises = np.where(np.isnan(rose[places]), logs > logs_before, rose[places])
        chance = fitted.link.probability(rest[places] + drawn[RATE] * np.exp(logs) + drawn[ROSE] * rises)
        value = np.log(np.maximum(np.where(event[places], chance, 1.0 - chance), 1e-300))
        return np.where(np.isnan(value), 0.0, value)

    return at


def predictor_matrix(panel: pd.DataFrame, model: Model, rows: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """(rows, k): what the log rate is regressed on, scaled, the constant last; no column that the observed rows cannot
    tell from the others."""
    others = [term for term in model.terms if term.column not in MORTALITY]
    since = [Term(model.time.column)] if model.time is not None else []
    known = [term for term in PREDICTORS if term.column in panel.columns]
    columns, names = [], []
    for term in dict.fromkeys([Term(model.outcome, 1), *others, *since, *known]):
        values = term_values(panel, term)[rows]
        if np.isinf(values).any():
            raise ModelError(f"{term.name} has {int(np.isinf(values).sum())} infinite values in the sample")
        absent = np.isnan(values)
        if absent.all():
            continue
        centred = np.where(absent, 0.0, values - values[~absent].mean())
        columns += [centred, absent.astype(float)]
        names += [term.name, f"{term.name} missing"]
    century = (panel["year"].to_numpy()[rows] - 1900) / 100.0
    matrix = np.column_stack([*columns, century, century**2, np.ones(len(rows))])
    kept, _ = independent_columns(matrix[observed], [*names, "time", "time squared", "constant"])
    matrix = matrix[:, kept]
    return matrix / np.abs(matrix).max(axis=0)


@dataclass
class _Path:
    """values (n,): the entries, drawn where missing; their mean (n,) with the state's intercept; memory, sigma."""

    values: np.ndarray
    mean: np.ndarray
    memory: float
    sigma: float


class _Sampler:
    """Draws of the missing entries of y (n,), NaN where missing; rows sorted by state and year.

    y = matrix @ coefficients + intercept of the state + error; errors d years apart correlate by memory ** d.
    Memory and variance ratio are drawn from the normal approximation of their posterior (on the scales of PRIOR_MEAN),
    everything else exactly, so that no chain has to converge. Flat priors for coefficients and log error variance.
    """

    def __init__(self, y, matrix, states, years):
        self.matrix = matrix
        self.missing = np.isnan(y)
        self.states = np.unique(states, return_inverse=True)[1]
        self.count = int(self.states.max()) + 1
        seen = np.flatnonzero(~self.missing)
        if len(seen) <= matrix.shape[1] + 2:
            raise ModelError(f"{len(seen)} observed rates are too few for the {matrix.shape[1]} terms that impute them")
        self.seen, self.y = seen, y[seen]
        self.both = np.column_stack([matrix[seen], self.y, np.ones(len(seen))])
        self.gaps = years_since_previous(self.states[seen], years[seen])
        self.all_gaps = years_since_previous(self.states, years)
        following = np.searchsorted(seen, np.arange(len(y)))  # of each row, the next observed one
        self.next = seen[np.minimum(following, len(seen) - 1)]
        is_state = (following < len(seen)) & (self.states[self.next] == self.states)
        self.ahead = np.where(is_state, years[self.next] - years, np.inf)
        first = np.searchsorted(self.states, np.arange(self.count))
        rank = np.arange(len(y)) - first[self.states]
        lacking = np.flatnonzero(self.missing)
        lacking = lacking[np.argsort(rank[lacking], kind="stable")]
        self.alternate = [lacking[rank[lacking] % 2 == side] for side in (0, 1)]
        self.gap_after = np.append(self.all_gaps[1:], np.inf)
        self.by_rank = np.split(lacking, np.flatnonzero(np.diff(rank[lacking])) + 1)

    def moments(self, shape):
        """Log posterior of (logit memory, log variance ratio), less a constant; the precision of the coefficients over
        the error variance; their mean; the residual sum of squares."""
        memory, ratio = expit(shape[0]), np.exp(shape[1])
        white, logs = whitened(self.both, memory, self.gaps)
        z, ones = white[:, :-1], white[:, -1]
        groups = self.states[self.seen]
        sums = np.column_stack([np.bincount(groups, column * ones, self.count) for column in z.T])
        weights = np.bincount(groups, ones**2, self.count)
        products = z.T @ z - sums.T @ (sums * (ratio / (1.0 + ratio * weights))[:, None])
        precision, cross = products[:-1, :-1], products[:-1, -1]
        mean = np.linalg.solve(precision, cross)
        squares = float(products[-1, -1] - cross @ mean)
        posterior = -0.5 * (logs + np.log1p(ratio * weights).sum() + np.linalg.slogdet(precision)[1])
        posterior -= 0.5 * (len(self.y) - len(mean)) * np.log(squares)
        posterior -= 0.5 * (((shape - PRIOR_MEAN) / PRIOR_SD) ** 2).sum()
        return posterior, precision, mean, squares

    def draws(self, generator, count):
        """`count` paths."""
        mode = minimize(lambda shape: -self.moments(shape)[0], PRIOR_MEAN, method="Nelder-Mead").x
        try:
            spread = np.linalg.cholesky(np.linalg.inv(self.curvature(mode)))
        except np.linalg.LinAlgError as error:
            raise ModelError(f"the observed rates do not determine how errors depend on each other: {error}") from error
        for _ in range(count):
            shape = mode + spread @ generator.standard_normal(2)
            _, precision, mean, squares = self.moments(shape)
            sigma = np.sqrt(squares / generator.chisquare(len(self.y) - len(mean)))
            factor = np.linalg.cholesky(precision)
            coefficients = mean + sigma * np.linalg.solve(factor.T, generator.standard_normal(len(mean)))
            yield self.given(expit(shape[0]), np.exp(shape[1]), sigma, coefficients, generator)

    def curvature(self, mode):
        """Minus the second derivatives (2, 2) of the log posterior at its mode, by central differences."""
        steps = STEP * np.eye(2)

        def sums(step):
            return self.moments(mode + step)[0] + self.moments(mode - step)[0]

        own = [sums(step) - 2.0 * self.moments(mode)[0] for step in steps]
        cross = (sums(steps[0] + steps[1]) - sums(steps[0] - steps[1])) / 4.0
        return -np.array([[own[0], cross], [cross, own[1]]]) / STEP**2

    def given(self, memory, ratio, sigma, coefficients, generator):
        """A path, given the parameters: intercepts first, then year after year within all states, each
        error given the one before and the next observed one."""
        mean = self.matrix @ coefficients
        groups = self.states[self.seen]
        white, _ = whitened(np.column_stack([self.y - mean[self.seen], np.ones(len(self.seen))]), memory, self.gaps)
        precision = np.bincount(groups, white[:, 1] ** 2, self.count) + 1.0 / ratio
        centre = np.bincount(groups, white[:, 0] * white[:, 1], self.count) / precision
        mean += (centre + sigma / np.sqrt(precision) * generator.standard_normal(self.count))[self.states]
        error = np.zeros(len(mean))
        error[self.seen] = self.y - mean[self.seen]
        noise = sigma * generator.standard_normal(len(mean))
        kept, handed_on = memory**self.all_gaps, memory**self.ahead
        for rows in self.by_rank:
            before, after = error[np.maximum(rows - 1, 0)], error[self.next[rows]]
            expected, spread = between(kept[rows], before, handed_on[rows], after)
            error[rows] = expected + spread * noise[rows]
        return _Path(mean + error, mean, memory, sigma)

    def redraw(self, path, likelihood, generator):
        """One Metropolis step for each missing entry, every second row at a time: proposed from its neighbours in the
        state, taken by what it does to the likelihood of its own year and the next."""
        for rows in self.alternate:
            error = path.values - path.mean
            before, after = np.maximum(rows - 1, 0), np.minimum(rows + 1, len(error) - 1)
            kept, handed_on = path.memory ** self.all_gaps[rows], path.memory ** self.gap_after[rows]
            expected, spread = between(kept, error[before], handed_on, error[after])
            old = path.values[rows]
            new = path.mean[rows] + expected + path.sigma * spread * generator.standard_normal(len(rows))
            gain = likelihood(rows, new, path.values[before]) - likelihood(rows, old, path.values[before])
            following = likelihood(after, path.values[after], new) - likelihood(after, path.values[after], old)
            gain += np.where(np.isfinite(self.gap_after[rows]), following, 0.0)
            path.values[rows] = np.where(np.log(generator.random(len(rows))) < gain, new, old)


def between(kept, before, handed_on, after):
    """Mean of an error, and its standard deviation over sigma, given the errors before and after it and what is kept
    from the one to it, and from it to the other (0 where there is no such error)."""
    from_before, to_next = 1.0 / (1.0 - kept**2), handed_on / (1.0 - handed_on**2)
    variance = 1.0 / (from_before + handed_on * to_next)
    return variance * (kept * from_before * before + to_next * after), np.sqrt(variance)


def years_since_previous(states: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Years since the row before in the same state; infinite in a state's first row."""
    gaps = np.full(len(years), np.inf)
    gaps[1:] = np.where(np.diff(states) == 0, np.diff(years), np.inf)
    return gaps


def whitened(values: np.ndarray, memory: float, gaps: np.ndarray) -> tuple[np.ndarray, float]:
    """(n, c) with the autoregression taken out of every column, so that the errors are independent with one variance;
    and the log determinant of their correlation matrix."""
    kept = memory**gaps
    left = 1.0 - kept**2
    values = values - np.vstack([np.zeros(values.shape[1]), values[:-1]]) * kept[:, None]
    return values / np.sqrt(left)[:, None], float(np.log(left).sum())
