"""Effects of states and of periods as terms of a design: state means, and indicators of years or decades."""

from dataclasses import replace

import numpy as np

from analysis.core.arrays import Integers
from analysis.core.errors import ModelError
from analysis.core.specification import CONSTANT
from analysis.design.matrix import Design, codes, independent_columns, select_rows

STATE_MEAN = "_state_mean"
"""Ending of the names of the terms that `add_state_means` adds."""


def add_state_means(design: Design, names: list[str]) -> Design:
    """Add the state means of some terms, so that the terms themselves compare years of the same state.

    Parameters
    ----------
    design : Design
        The estimation sample, with n rows.
    names : list of str
        Terms of the design.

    Returns
    -------
    Design
        With the terms ``<term>_state_mean`` before the constant: means over the n rows. With them, the coefficient of a
        term is its effect within states.

    References
    ----------
    Mundlak (1978), Econometrica 46(1): 69-85.
    """
    counts = np.bincount(design.states)
    columns = [design.matrix[:, design.terms.index(name)] for name in names]
    means = [(np.bincount(design.states, weights=column) / counts)[design.states] for column in columns]
    return _with_columns(design, [name + STATE_MEAN for name in names], means)


def add_period_effects(design: Design, periods: Integers, name: str) -> tuple[Design, str]:
    """Add an indicator of every period but the first, without the periods that have one outcome only.

    Parameters
    ----------
    design : Design
        The estimation sample, with n rows.
    periods : ndarray of int, shape (n,)
        Period of each row, e.g. its year or decade.
    name : str
        Beginning of the names of the indicators, e.g. ``year``.

    Returns
    -------
    design : Design
        Without the rows of periods in which the outcome does not vary: the indicator of such a period predicts it
        perfectly and has no finite coefficient. With the terms ``<name>_<period>`` before the constant.
    note : str
        How many rows and periods were left out.

    Raises
    ------
    ModelError
        If the outcome varies in no period.
    """
    code = codes(periods)
    rows = np.bincount(code)
    events = np.bincount(code, weights=design.outcome)
    varies = (events > 0) & (events < rows)
    if not varies.any():
        raise ModelError(f"the outcome varies within no {name}")
    keep = varies[code]
    note = (
        f"{int((~keep).sum())} state-years left out: {int((events == 0).sum())} {name}s without a formation and "
        f"{int((events == rows).sum())} with nothing else predict the outcome perfectly"
    )
    kept_periods, kept = periods[keep], select_rows(design, keep)
    later = np.unique(kept_periods)[1:]
    indicators = [(kept_periods == period).astype(float) for period in later]
    return _with_columns(kept, [f"{name}_{period}" for period in later], indicators), note


def _with_columns(design: Design, names: list[str], columns: list[np.ndarray]) -> Design:
    """The design with further terms before the constant, without those that are constant or collinear."""
    terms = [*design.terms[:-1], *names, CONSTANT]
    matrix = np.column_stack([design.matrix[:, :-1], *columns, design.matrix[:, -1]])
    independent, notes = independent_columns(matrix, terms)
    kept = [terms[position] for position in independent]
    return replace(
        design,
        matrix=np.ascontiguousarray(matrix[:, independent]),
        terms=kept,
        plain=[name for name in design.plain if name in kept],
        dropped=design.dropped + notes,
    )
