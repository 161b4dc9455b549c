"""Duration dependence: time since the last event as a natural cubic spline or a cubic polynomial."""

import numpy as np

from analysis.core.specification import TimeDependence


def natural_spline(time: np.ndarray, knots: tuple[float, ...], boundary: tuple[float, float]) -> np.ndarray:
    """The nonlinear terms of a natural (restricted) cubic spline, shape (n, len(knots)); the linear term is `time`.

    `knots` are the interior ones, which must lie strictly between the two boundary knots. Each term is a combination of
    truncated cubes whose cubic and quadratic parts cancel beyond the last knot, so that the curve is straight outside
    the boundary; with K knots in all there are K - 2 terms. They are divided by the squared range up to the last
    interior knot, which leaves them in the unit of time and their coefficients of a readable size. Source: Durrleman & Simon (1989), Statistics in Medicine 8:551-561.
    """
    time = np.asarray(time, dtype="float64")
    low, high = boundary
    if not all(low < knot < high for knot in knots):
        raise ValueError(f"interior knots {knots} must lie strictly between {low:g} and {high:g}")
    places = (low, *sorted(knots), high)
    last, before_last = places[-1], places[-2]

    def cube(knot):
        return np.maximum(time - knot, 0.0) ** 3

    columns = [
        cube(knot)
        - cube(before_last) * (last - knot) / (last - before_last)
        + cube(last) * (before_last - knot) / (last - before_last)
        for knot in places[:-2]
    ]
    return np.column_stack(columns) / (before_last - low) ** 2


def time_terms(time: np.ndarray, dependence: TimeDependence) -> tuple[list[str], np.ndarray, list[str]]:
    """Names and values, shape (n, terms), of the time dependence, and a note for each knot outside the sample's
    range."""
    name = dependence.column
    if dependence.form == "linear":
        return [name], time[:, None], []
    if dependence.form == "cubic":
        return [name, f"{name}_squared", f"{name}_cubed"], np.column_stack([time, time**2, time**3]), []
    boundary = (min(0.0, time.min()), time.max())  # lagged terms leave out the years of entry, where time is 0
    inside = tuple(knot for knot in dependence.knots if boundary[0] < knot < boundary[1])
    notes = [
        f"{name} spline knot {knot:g}: outside the sample's range {boundary[0]:g} to {boundary[1]:g}"
        for knot in dependence.knots
        if knot not in inside
    ]
    if not inside:
        return [name], time[:, None], notes
    names = [name] + [f"{name}_spline_{number}" for number in range(1, len(inside) + 1)]
    return names, np.column_stack([time, natural_spline(time, inside, boundary)]), notes
