"""Build the estimation sample of a model: rows, design matrix and cluster codes."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.arrays import Floats, Integers, Mask
from analysis.core.errors import ModelError
from analysis.core.panel import column_values, lag
from analysis.core.specification import CONSTANT, Model, Term
from analysis.design.time_dependence import time_terms

COLLINEAR_BELOW = 1e-11  # share of a term's variance that the terms before it leave unexplained


@dataclass(frozen=True)
class Design:
    """The estimation sample of one model: n rows in the order of the prepared panel, k terms.

    Attributes
    ----------
    outcome : ndarray of shape (n,)
        0 or 1.
    matrix : ndarray of shape (n, k)
        Design matrix, in C order.
    terms : list of str
        Names of the columns of `matrix`, the constant last.
    rows : ndarray of shape (n,)
        Positions of the rows in the panel.
    states, years : ndarray of shape (n,)
        Cluster codes 0..G-1.
    n_dropped_missing : int
        Rows of the sample left out because a variable is missing.
    plain : list of str
        The terms that are neither time dependence nor constant.
    dropped : list of str
        One note per term left out, with the reason.
    """

    outcome: Floats
    matrix: Floats
    terms: list[str]
    rows: Integers
    states: Integers
    years: Integers
    n_dropped_missing: int
    plain: list[str]
    dropped: list[str] = field(default_factory=list)


def build(panel: pd.DataFrame, model: Model) -> Design:
    """Build the estimation sample of a model.

    Parameters
    ----------
    panel : DataFrame
        A panel from ``analysis.core.panel.prepare``.
    model : Model
        The specification.

    Returns
    -------
    Design
        Rows without missing values; without perfect predictors and without constant or collinear terms.

    Raises
    ------
    ModelError
        If the panel lacks a column, a value is infinite, the outcome does not vary or is not 0 and 1, or no row has all
        variables.
    """
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
    kept_columns = [values[keep] for name, values in zip(names, columns, strict=True) if name not in useless]
    terms = list(plain)
    if model.time is not None:
        time_names, time_matrix, notes = time_terms(
            time[0][complete][keep], model.time, _file_time(panel, model.time.column, model.sample.last_year)
        )
        terms, kept_columns = terms + time_names, [*kept_columns, *time_matrix.T]
        dropped += notes
    terms.append(CONSTANT)
    matrix = np.column_stack([*kept_columns, np.ones(len(rows))])
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


def select_rows(design: Design, keep: Mask) -> Design:
    """Select a part of an estimation sample.

    Parameters
    ----------
    design : Design
        The estimation sample, with n rows.
    keep : ndarray of bool, shape (n,)
        The rows to keep.

    Returns
    -------
    Design
        With these rows only; its states and years are numbered again from 0. Terms that have become constant or
        collinear are still there.
    """
    return replace(
        design,
        outcome=design.outcome[keep],
        matrix=np.ascontiguousarray(design.matrix[keep]),
        rows=design.rows[keep],
        states=codes(design.states[keep]),
        years=codes(design.years[keep]),
    )


def sample_rows(panel: pd.DataFrame, model: Model) -> Integers:
    """Select the rows of the panel that belong to the sample of a model.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        The specification, of which only the sample is used.

    Returns
    -------
    ndarray of int
        Positions of the rows, ascending.

    Raises
    ------
    ModelError
        If no row belongs to the sample, or the panel lacks the column that selects rows.
    """
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


def _file_time(panel: pd.DataFrame, column: str, last_year: int | None) -> Floats:
    """Observed values of a time since the last event, up to the last year of a sample, its first year disregarded."""
    values = column_values(panel, column)
    inside = ~np.isnan(values)
    if last_year is not None:
        inside &= panel["year"].to_numpy() <= last_year
    return values[inside]


def term_values(panel: pd.DataFrame, term: Term) -> Floats:
    """Values of a term along all rows of the panel, so that lags and changes can use years before the sample.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel with n rows.
    term : Term
        The term.

    Returns
    -------
    ndarray of shape (n,)
        In the unit of the column, its change, or its logarithm; missing as NaN.

    Raises
    ------
    ModelError
        If the panel lacks the column, or a logarithm is taken of a value that is not above 0.
    """
    values = column_values(panel, term.column)
    if term.transform in ("change", "rose"):
        change = values - lag(panel, values, 1)
        values = change if term.transform == "change" else np.where(np.isnan(change), np.nan, change > 0)
    elif term.transform == "log":
        if (values <= 0).any():
            raise ModelError(f"{term.name}: the logarithm of a value that is not above 0")
        values = np.log(values)
    return lag(panel, values, term.lag) if term.lag else values


def check_outcome(outcome: Floats, name: str) -> None:
    """Check that an outcome is binary and varies.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        Values without NaN.
    name : str
        Name of the outcome for the error message.

    Raises
    ------
    ModelError
        If a value is neither 0 nor 1, or all values are the same.
    """
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise ModelError(f"the outcome {name} has values other than 0 and 1")
    events = int(outcome.sum())
    if events == 0:
        raise ModelError(f"no events: {name} is 0 in all {len(outcome)} state-years of the sample")
    if events == len(outcome):
        raise ModelError(f"no non-events: {name} is 1 in all {len(outcome)} state-years of the sample")


def perfect_predictors(outcome: Floats, names: list[str], columns: list[Floats]) -> tuple[Mask, list[str], set[str]]:
    """Find binary terms that predict the outcome perfectly at one of their values, by the rule of Stata.

    Such a term has no finite coefficient. Stata's probit and logit drop it, together with the rows that have that
    value. This is repeated until no such term is left.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1, both present.
    names : list of str
        Names of the terms.
    columns : list of ndarray of shape (n,)
        Values of the terms.

    Returns
    -------
    keep : ndarray of bool, shape (n,)
        The rows to keep.
    notes : list of str
        One note per dropped term.
    dropped : set of str
        Names of the dropped terms.

    Raises
    ------
    ModelError
        If the remaining rows have one outcome only: one term alone separates events from non-events.
    """
    keep, notes, dropped = np.ones(len(outcome), dtype=bool), [], set()
    found = True
    while found:
        found = False
        for name, values in zip(names, columns, strict=True):
            if name in dropped:
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
                    dropped.add(name)
                    break
            if outcome[keep].min() == outcome[keep].max():
                raise ModelError(f"complete separation: {name} alone predicts every outcome")
    return keep, notes, dropped


def independent_columns(matrix: Floats, terms: list[str]) -> tuple[list[int], list[str]]:
    """Find the columns of a design matrix that are neither constant nor collinear with earlier columns.

    Parameters
    ----------
    matrix : ndarray of shape (n, k)
        Design matrix whose last column is the constant.
    terms : list of str
        Names of its columns.

    Returns
    -------
    kept : list of int
        Positions of the columns to keep. The constant is always kept; of a collinear set the last term is dropped, as
        in Stata.
    notes : list of str
        One note per dropped term.

    Notes
    -----
    Cholesky factorisation of the correlation matrix of the columns, which skips those whose remaining variance is below
    COLLINEAR_BELOW.
    """
    largest = np.abs(matrix[:, :-1]).max(axis=0)
    columns = matrix[:, :-1] / np.where(largest > 0.0, largest, 1.0)
    centred = columns - columns.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    varies = spread > 1e-12
    scaled = centred / np.where(varies, spread, 1.0)
    unexplained = scaled.T @ scaled / len(matrix)  # covariances that the columns kept so far leave unexplained
    kept, notes = [], []
    for column, name in enumerate(terms[:-1]):
        if not varies[column]:
            notes.append(f"{name}: constant in the sample ({matrix[0, column]:g})")
        elif unexplained[column, column] < COLLINEAR_BELOW:
            notes.append(f"{name}: collinear with the terms before it")
        else:
            kept.append(column)
            pivot = np.outer(unexplained[:, column], unexplained[column]) / unexplained[column, column]
            unexplained = unexplained - pivot
    return [*kept, len(terms) - 1], notes


def codes(values: npt.NDArray[Any]) -> Integers:
    """Number the distinct values of an array.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Values that can be sorted.

    Returns
    -------
    ndarray of shape (n,)
        Codes 0..G-1 in the order of the G distinct values.
    """
    return np.unique(values, return_inverse=True)[1]
