"""The spline spans the natural cubic splines of scipy and patsy, and knots outside the sample are reported."""

import numpy as np
import pytest
from patsy import dmatrix
from scipy.interpolate import CubicSpline

from analysis.core.specification import TimeDependence
from analysis.design.time_dependence import btscs_knots, natural_spline, time_terms

TIME = np.arange(0, 121, dtype=float)
KNOTS = (1.0, 4.0, 7.0)


def full_basis(time, knots):
    return np.column_stack([np.ones_like(time), time, natural_spline(time, knots, (0.0, 120.0))])


def same_space(first, second):
    """Every column of each is a linear combination of the other's."""
    for a, b in ((first, second), (second, first)):
        a, b = a / np.abs(a).max(axis=0), b / np.abs(b).max(axis=0)
        fitted = b @ np.linalg.lstsq(b, a, rcond=None)[0]
        np.testing.assert_allclose(fitted, a, atol=1e-8)


def test_spans_the_natural_splines_through_the_knots():
    """scipy's natural interpolant of each unit vector at the five knots is the cardinal basis of the same space."""
    all_knots = np.array([0.0, *KNOTS, 120.0])
    cardinal = CubicSpline(all_knots, np.eye(5), bc_type="natural")(TIME)
    same_space(full_basis(TIME, KNOTS), cardinal)


def test_spans_the_space_of_patsys_natural_cubic_regression_spline():
    reference = np.asarray(dmatrix("cr(t, knots=(1, 4, 7)) - 1", {"t": TIME}))
    same_space(full_basis(TIME, KNOTS), reference)


def test_a_term_is_the_published_formula_at_a_point():
    """By hand at t = 3 with knots 0, 1, 4, 7, 120: only the cubes at 0 and 1 are not 0."""
    at_three = natural_spline(np.array([3.0]), KNOTS, (0.0, 120.0))[0]
    np.testing.assert_allclose(at_three, np.array([27.0, 8.0, 0.0]) / 7.0**2, rtol=1e-12)


def test_a_knot_outside_the_sample_is_left_out_with_a_note():
    names, values, notes = time_terms(np.arange(0, 6, dtype=float), TimeDependence("t", knots=KNOTS))
    assert names == ["t", "t_spline_1", "t_spline_2"]
    assert values.shape == (6, 3)
    assert notes == ["t spline knot 7: outside the sample's range 0 to 5"]


def test_three_spline_terms_without_years_of_entry_in_the_sample():
    """Lagged terms leave out the entry years, so that the smallest time is 1, a knot of its own."""
    names, values, notes = time_terms(TIME[1:], TimeDependence("t", knots=KNOTS))
    assert names == ["t", "t_spline_1", "t_spline_2", "t_spline_3"]
    assert notes == []
    assert np.linalg.matrix_rank(np.column_stack([np.ones(120), values / values.max(axis=0)]), tol=1e-8) == 5


def test_cubic_is_three_powers():
    names, values, _ = time_terms(np.array([0.0, 2.0]), TimeDependence("t", "cubic"))
    assert names == ["t", "t_squared", "t_cubed"]
    np.testing.assert_array_equal(values, [[0, 0, 0], [2, 4, 8]])


def test_btscs_takes_order_statistics_as_knots():
    """By hand: ranks int(j * 10 / 4 + 0.5) = 3, 5 and 8 of ten values; equal order statistics count once."""
    time = np.array([9.0, 0, 1, 2, 4, 3, 5, 6, 7, 8])
    assert btscs_knots(time) == (2.0, 4.0, 7.0)
    assert btscs_knots(np.array([0.0, 0, 0, 0, 5, 9])) == (0.0, 5.0)


def test_btscs_terms_span_the_spline_of_the_program():
    """The program's terms: -(kN - k) / (kN - k0) (t - k0)^3 + (t - k)^3 for t above k, with knots of the whole file."""
    of_file = np.r_[TIME, 150.0]
    names, values, notes = time_terms(TIME, TimeDependence("t", form="btscs"), of_file)
    assert names == ["t", "t_spline_1", "t_spline_2", "t_spline_3"]
    assert notes == []
    knots, first, last = btscs_knots(of_file), of_file.min(), of_file.max()
    program = [
        -(last - knot) / (last - first) * (TIME - first) ** 3 + np.maximum(TIME - knot, 0.0) ** 3 for knot in knots
    ]
    basis = np.column_stack([np.ones_like(TIME), values])
    scaled = np.column_stack(program) / last**3
    fitted = basis @ np.linalg.lstsq(basis, scaled, rcond=None)[0]
    np.testing.assert_allclose(fitted, scaled, atol=1e-9)


def test_knots_must_be_inside_the_boundary():
    with pytest.raises(ValueError, match="strictly between"):
        natural_spline(np.array([1.0, 9.0]), (1.0, 4.0), (1.0, 9.0))
