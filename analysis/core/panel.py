"""The state-year panel as arrays: check its key, convert its columns to numbers, lag them by calendar year."""

from typing import Any

import numpy as np
import pandas as pd

from analysis.core.arrays import Floats
from analysis.core.errors import AnalysisError, ModelError

KEY = ["cow_code", "year"]
KEY_FACTOR = 100_000  # cow_code * KEY_FACTOR + year is one sortable integer per state-year


def prepare(panel: pd.DataFrame) -> pd.DataFrame:
    """Check the key of a panel and sort its rows, so that no result depends on their order.

    Parameters
    ----------
    panel : DataFrame
        One row per ``cow_code`` and ``year``, in any order and with any index.

    Returns
    -------
    DataFrame
        The panel sorted by ``cow_code`` and ``year``, both int64, with rows numbered from 0.

    Raises
    ------
    AnalysisError
        If the panel has no rows, or its key is absent, not whole numbers, missing or not unique.
    """
    absent = [name for name in KEY if name not in panel.columns]
    if absent:
        raise AnalysisError(
            f"the panel has no column {' and no column '.join(absent)}; expected one row per cow_code and year"
        )
    if panel.empty:
        raise AnalysisError("the panel has no rows; expected one row per cow_code and year")
    keys = {}
    for name in KEY:
        try:
            values = as_floats(panel[name], name)
        except ModelError as error:
            raise AnalysisError(f"the panel's key is invalid: {error}") from error
        if not np.all(np.isfinite(values)) or np.any(values != np.round(values)):
            raise AnalysisError(f"the panel's column {name} has values that are not whole numbers, or are missing")
        keys[name] = values.astype("int64")
    panel = panel.assign(**keys).sort_values(KEY, kind="stable").reset_index(drop=True)
    repeated = panel.duplicated(KEY)
    if repeated.any():
        first = panel[repeated].iloc[0]
        raise AnalysisError(
            f"the panel has {int(repeated.sum())} repeated state-years, the first cow_code {first['cow_code']} "
            f"year {first['year']}; expected one row per cow_code and year"
        )
    return panel


def as_floats(column: "pd.Series[Any]", name: str) -> Floats:
    """Convert a column of any type to float64.

    Parameters
    ----------
    column : Series of length n
        Numbers, booleans, or text that holds numbers.
    name : str
        Name of the column for the error message.

    Returns
    -------
    ndarray of shape (n,)
        Missing values (None, NA, NaN) as NaN, booleans as 0 and 1.

    Raises
    ------
    ModelError
        If a value is not a number.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):  # true for nullable and boolean types as well
        return column.to_numpy(dtype="float64", na_value=np.nan)
    try:
        return pd.to_numeric(column.astype(object)).to_numpy(dtype="float64", na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ModelError(f"column {name} is not numeric: {error}") from error


def column_values(panel: pd.DataFrame, name: str) -> Floats:
    """Values of one column of a panel.

    Parameters
    ----------
    panel : DataFrame
        A panel with n rows.
    name : str
        Column of the panel.

    Returns
    -------
    ndarray of shape (n,)
        As from `as_floats`.

    Raises
    ------
    ModelError
        If the panel has no such column, or it is not numeric.
    """
    if name not in panel.columns:
        raise ModelError(f"unknown column {name}: the panel does not have it")
    return as_floats(panel[name], name)


def lag(panel: pd.DataFrame, values: Floats, years: int) -> Floats:
    """Lag values by calendar years within each state, never by rows.

    Parameters
    ----------
    panel : DataFrame
        A panel with n rows in any order and an integer key.
    values : ndarray of shape (n,)
        Values along the rows of `panel`.
    years : int
        Calendar years to look back; negative for a lead.

    Returns
    -------
    ndarray of shape (n,)
        The value of the same state `years` earlier; NaN if the panel has no such state-year, as after an entry or a
        gap.
    """
    key = panel["cow_code"].to_numpy("int64") * KEY_FACTOR + panel["year"].to_numpy("int64")
    order = np.argsort(key, kind="stable")
    position = np.searchsorted(key[order], key - years)
    found = np.take(order, position, mode="clip")
    return np.where(key[found] == key - years, values[found], np.nan)
