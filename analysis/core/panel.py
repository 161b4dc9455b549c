"""The state-year panel as arrays: numbers out of any column type, and lags by calendar year (never by row)."""

import numpy as np
import pandas as pd

from analysis.core.errors import AnalysisError, ModelError

KEY = ["cow_code", "year"]
YEARS_PER_STATE = 100_000  # cow_code * this + year is one sortable integer per state-year


def prepare(panel: pd.DataFrame) -> pd.DataFrame:
    """The panel sorted by state and year, so that no result depends on the order of its rows.

    Raises AnalysisError where the key is absent, empty, not whole numbers, or not unique.
    """
    absent = [name for name in KEY if name not in panel.columns]
    if absent:
        raise AnalysisError(
            f"the panel has no column {' and no column '.join(absent)}; one row per cow_code and year is expected"
        )
    if panel.empty:
        raise AnalysisError("the panel has no rows; one row per cow_code and year is expected")
    keys = {}
    for name in KEY:
        try:
            values = as_floats(panel[name], name)
        except ModelError as error:
            raise AnalysisError(f"the panel's {error}") from error
        if not np.all(np.isfinite(values)) or np.any(values != np.round(values)):
            raise AnalysisError(f"the panel's column {name} has values that are not whole numbers, or are missing")
        keys[name] = values.astype("int64")
    panel = panel.assign(**keys).sort_values(KEY, kind="stable").reset_index(drop=True)
    repeated = panel.duplicated(KEY)
    if repeated.any():
        first = panel.loc[repeated.idxmax(), KEY]
        raise AnalysisError(
            f"the panel has {int(repeated.sum())} repeated state-years, the first cow_code {first.cow_code} "
            f"year {first.year}; one row per cow_code and year is expected"
        )
    return panel


def as_floats(column: pd.Series, name: str) -> np.ndarray:
    """A column as float64, missing (None, NA, NaN) as NaN, booleans as 0 and 1. Raises ModelError on text that is no
    number."""
    if pd.api.types.is_numeric_dtype(column.dtype):  # counts nullable and boolean types in
        return column.to_numpy(dtype="float64", na_value=np.nan)
    try:
        return pd.to_numeric(column.astype(object)).to_numpy(dtype="float64", na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ModelError(f"column {name} is not numeric: {error}") from error


def column_values(panel: pd.DataFrame, name: str) -> np.ndarray:
    """A panel column as float64; ModelError if there is none of that name."""
    if name not in panel.columns:
        raise ModelError(f"unknown column {name}: the panel does not have it")
    return as_floats(panel[name], name)


def lag(panel: pd.DataFrame, column: str, years: int) -> pd.Series:
    """The column's value in the same state `years` calendar years before (after, if negative), aligned to the panel's
    rows.

    Where that calendar year has no row (entry, gap, re-entry) the lag is missing, whatever the row above holds.
    """
    values = column_values(panel, column)
    return pd.Series(shift(panel, values, years), index=panel.index, name=column)


def shift(panel: pd.DataFrame, values: np.ndarray, years: int) -> np.ndarray:
    """lag() for an array that already lies along the panel's rows."""
    key = panel["cow_code"].to_numpy("int64") * YEARS_PER_STATE + panel["year"].to_numpy("int64")
    order = np.argsort(key, kind="stable")
    position = np.searchsorted(key[order], key - years)
    found = np.take(order, position, mode="clip")
    return np.where(key[found] == key - years, values[found], np.nan)
