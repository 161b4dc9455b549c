"""Terms of duration dependence: time since the last event as a natural cubic spline or a polynomial."""

import numpy as np

from analysis.core.arrays import Floats
from analysis.core.specification import TimeDependence


def natural_spline(time: Floats, knots: tuple[float, ...], boundary: tuple[float, float]) -> Floats:
    """Nonlinear terms of a natural (restricted) cubic spline; its linear term is `time`.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Time since the last event, in years.
    knots : tuple of float
        Interior knots, strictly between the boundary knots.
    boundary : (float, float)
        Boundary knots, outside of which the curve is linear.

    Returns
    -------
    ndarray of shape (n, len(knots))
        One term per interior knot, in the unit of `time`.

    Raises
    ------
    ValueError
        If an interior knot is not strictly between the boundary knots.

    Notes
    -----
    With knots t_1 < ... < t_K, boundary included, and (x)_+ = max(x, 0), term j = 1..K-2 is

        [(x - t_j)_+^3 - (x - t_{K-1})_+^3 (t_K - t_j) / (t_K - t_{K-1})
         + (x - t_K)_+^3 (t_{K-1} - t_j) / (t_K - t_{K-1})] / (t_{K-1} - t_1)^2.

    References
    ----------
    Durrleman & Simon (1989), Statistics in Medicine 8(5): 551-561.
    """
    time = np.asarray(time, dtype="float64")
    low, high = boundary
    if not all(low < knot < high for knot in knots):
        raise ValueError(f"interior knots {knots} must be strictly between {low:g} and {high:g}")
    all_knots = (low, *sorted(knots), high)
    last, second_to_last = all_knots[-1], all_knots[-2]

    def cube(knot: float) -> Floats:
        return np.maximum(time - knot, 0.0) ** 3

    columns = [
        cube(knot)
        - cube(second_to_last) * (last - knot) / (last - second_to_last)
        + cube(last) * (second_to_last - knot) / (last - second_to_last)
        for knot in all_knots[:-2]
    ]
    return np.column_stack(columns) / (second_to_last - low) ** 2


def btscs_knots(time: Floats) -> tuple[float, ...]:
    """Quartiles of the time since the last event, as the Stata program btscs takes them for three knots.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Time since the last event in every row of a file, in years.

    Returns
    -------
    tuple of float
        The order statistics of rank j n / 4, rounded half up, for j = 1, 2, 3; equal ones once.

    References
    ----------
    Beck, Katz & Tucker (1998), American Journal of Political Science 42(4): 1260-1288. btscs.ado, version 4.0.4 (1999).
    """
    ordered, count = np.sort(time), len(time)
    ranks = [max(int(quarter * count / 4 + 0.5), 1) for quarter in (1, 2, 3)]
    return tuple(sorted({float(ordered[rank - 1]) for rank in ranks}))


def time_terms(
    time: Floats, dependence: TimeDependence, file_time: Floats | None = None
) -> tuple[list[str], Floats, list[str]]:
    """Terms of the time dependence in an estimation sample.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Time since the last event, in years.
    dependence : TimeDependence
        Form and knots.
    file_time : ndarray, optional
        The same in every row of the file, from which btscs takes its knots; `time` itself by default.

    Returns
    -------
    names : list of str
        Names of the m terms, each starting with the column of the time.
    values : ndarray of shape (n, m)
        Their values.
    notes : list of str
        One note per knot that is outside the range of the sample and therefore not used.
    """
    name = dependence.column
    if dependence.form == "linear":
        return [name], time[:, None], []
    if dependence.form == "cubic":
        return [name, f"{name}_squared", f"{name}_cubed"], np.column_stack([time, time**2, time**3]), []
    if dependence.form == "btscs":
        of_file = time if file_time is None else file_time
        knots, boundary = btscs_knots(of_file), (of_file.min(), of_file.max())
    else:
        # Lagged terms leave out the years of entry, where the time is 0; the boundary knot stays there.
        knots, boundary = dependence.knots, (min(0.0, time.min()), time.max())
    inside = tuple(knot for knot in knots if boundary[0] < knot < boundary[1])
    notes = [
        f"{name} spline knot {knot:g}: outside the sample's range {boundary[0]:g} to {boundary[1]:g}"
        for knot in knots
        if knot not in inside
    ]
    if not inside:
        return [name], time[:, None], notes
    names = [name] + [f"{name}_spline_{number}" for number in range(1, len(inside) + 1)]
    return names, np.column_stack([time, natural_spline(time, inside, boundary)]), notes
