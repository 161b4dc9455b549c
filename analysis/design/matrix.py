"""From a panel and a specification to the arrays a fit needs: rows chosen, terms built, useless ones dropped."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.core.errors import ModelError
from analysis.core.panel import column_values, shift
from analysis.core.specification import Model, Term
from analysis.design.time_dependence import time_terms

CONSTANT = "constant"
COLLINEAR_BELOW = 1e-11  # share of a term's variance that the terms before it leave unexplained


@dataclass(frozen=True)
class Design:
    """The estimation sample of one model: n rows in the order of the prepared panel.

    outcome (n,) of 0 and 1; matrix (n, k) whose columns are `terms`, the constant last; states and years (n,) code the
    clusters 0..G-1; rows (n,) are positions in the panel; dropped tells each term left out and why; plain are the terms
    that are neither time dependence nor constant.
    """

    outcome: np.ndarray
    matrix: np.ndarray
    terms: list[str]
    rows: np.ndarray
    states: np.ndarray
    years: np.ndarray
    n_dropped_missing: int
    plain: list[str]
    dropped: list[str] = field(default_factory=list)


def build(panel: pd.DataFrame, model: Model) -> Design:
    """The estimation sample of `model` on a prepared panel; ModelError where there is none to estimate on."""
    chosen = sample_rows(panel, model)
    outcome = column_values(panel, model.outcome)[chosen]
    names = [term.name for term in model.terms]
    columns = [term_values(panel, term)[chosen] for term in model.terms]
    time = [] if model.time is None else [column_values(panel, model.time.column)[chosen]]
    for name, values in zip([model.outcome, *names, "time"], [outcome, *columns, *time], strict=False):
        if np.isinf(values).any():
            raise ModelError(f"{name} has {int(np.isinf(values).sum())} infinite values in the sample")
    complete = ~np.isnan(np.column_stack([outcome, *columns, *time])).any(axis=1)
    if not complete.any():
        raise ModelError(f"no state-year of the sample {model.sample.name} has all of the model's variables")
    outcome, rows = outcome[complete], chosen[complete]
    columns = [values[complete] for values in columns]
    check_outcome(outcome, model.outcome)

    keep, dropped, useless = perfect_predictors(outcome, names, columns)
    outcome, rows = outcome[keep], rows[keep]
    plain = [name for name in names if name not in useless]
    matrix = [values[keep] for name, values in zip(names, columns, strict=True) if name not in useless]
    terms = list(plain)
    if time:
        time_names, time_matrix, notes = time_terms(time[0][complete][keep], model.time)
        terms, matrix = terms + time_names, [*matrix, *time_matrix.T]
        dropped += notes
    terms.append(CONSTANT)
    matrix = np.column_stack([*matrix, np.ones(len(rows))])
    independent, notes = independent_columns(matrix, terms)
    terms = [terms[column] for column in independent]
    return Design(
        outcome=outcome,
        matrix=np.ascontiguousarray(matrix[:, independent]),
        terms=terms,
        rows=rows,
        states=codes(panel["cow_code"].to_numpy()[rows]),
        years=codes(panel["year"].to_numpy()[rows]),
        n_dropped_missing=int((~complete).sum()),
        plain=[name for name in plain if name in terms],
        dropped=dropped + notes,
    )


def sample_rows(panel: pd.DataFrame, model: Model) -> np.ndarray:
    """Positions of the panel's rows that belong to the model's sample."""
    sample, year = model.sample, panel["year"].to_numpy()
    inside = np.ones(len(panel), dtype=bool)
    if sample.first_year is not None:
        inside &= year >= sample.first_year
    if sample.last_year is not None:
        inside &= year <= sample.last_year
    if sample.where is not None:
        inside &= (column_values(panel, sample.where) == sample.equals) != sample.negate
    if not inside.any():
        raise ModelError(f"the sample {sample.name} has no state-year in this panel")
    return np.flatnonzero(inside)


def term_values(panel: pd.DataFrame, term: Term) -> np.ndarray:
    """A term along all rows of the panel, so that lags and changes can look outside the sample. Missing as NaN."""
    values = column_values(panel, term.column)
    if term.transform in ("change", "rose"):
        change = values - shift(panel, values, 1)
        values = change if term.transform == "change" else np.where(np.isnan(change), np.nan, change > 0)
    elif term.transform == "log":
        if (values <= 0).any():
            raise ModelError(f"{term.name}: the logarithm of a value that is not above 0")
        values = np.log(values)
    return shift(panel, values, term.lag) if term.lag else values


def check_outcome(outcome: np.ndarray, name: str) -> None:
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise ModelError(f"the outcome {name} has values other than 0 and 1")
    events = int(outcome.sum())
    if events == 0:
        raise ModelError(f"no events: {name} is 0 in all {len(outcome)} state-years of the sample")
    if events == len(outcome):
        raise ModelError(f"nothing but events: {name} is 1 in all {len(outcome)} state-years of the sample")


def perfect_predictors(outcome, names, columns):
    """Stata's rule for probit and logit: a two-valued term one value of which always comes with the same outcome has no
    finite coefficient; the term is dropped together with the rows that have that value. Repeated until no such term is
    left.

    Returns a mask of the rows to keep, a note for each term dropped, and the set of their names.
    """
    keep, notes, useless = np.ones(len(outcome), dtype=bool), [], set()
    found = True
    while found:
        found = False
        for name, values in zip(names, columns, strict=True):
            if name in useless:
                continue
            low, high = values[keep].min(), values[keep].max()
            if low == high or not np.isin(values[keep], (low, high)).all():
                continue
            for value in (low, high):
                at_value = keep & (values == value)
                if outcome[at_value].min() == outcome[at_value].max():
                    result = "the event" if outcome[at_value].max() else "no event"
                    notes.append(
                        f"{name}: {name} = {value:g} always means {result}; {int(at_value.sum())} rows dropped with it"
                    )
                    keep, found = keep & ~at_value, True
                    useless.add(name)
                    break
            if outcome[keep].min() == outcome[keep].max():
                raise ModelError(f"perfect separation: {name} alone predicts every outcome")
    return keep, notes, useless


def independent_columns(matrix: np.ndarray, terms: list[str]) -> tuple[list[int], list[str]]:
    """Positions of the columns to keep, and a note for each one that is constant or collinear with columns before it.

    The constant (last) always stays; of a collinear set the last term goes, as Stata does. Works on the centred, scaled
    cross-products by a Cholesky factorisation that skips columns without variance of their own.
    """
    largest = np.abs(matrix[:, :-1]).max(axis=0)
    columns = matrix[:, :-1] / np.where(largest > 0.0, largest, 1.0)
    centred = columns - columns.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    varies = spread > 1e-12
    scaled = centred / np.where(varies, spread, 1.0)
    left = scaled.T @ scaled / len(matrix)  # what the columns kept so far do not explain
    kept, notes = [], []
    for column, name in enumerate(terms[:-1]):
        if not varies[column]:
            notes.append(f"{name}: constant in the sample ({matrix[0, column]:g})")
        elif left[column, column] < COLLINEAR_BELOW:
            notes.append(f"{name}: collinear with the terms before it")
        else:
            kept.append(column)
            left = left - np.outer(left[:, column], left[column]) / left[column, column]
    return [*kept, len(terms) - 1], notes


def codes(values: np.ndarray) -> np.ndarray:
    """Values numbered 0..G-1 in their sorted order."""
    return np.unique(values, return_inverse=True)[1]
