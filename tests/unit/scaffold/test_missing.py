"""Missing codes are proposed at the edge of a column, with a reason, and never inside its values."""

import pytest

from orchestration.scaffold.missing import propose_missing_codes


def codes(*values: float) -> set[int]:
    return {code.code for code in propose_missing_codes(dict.fromkeys(values, 2))}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((-9, 0, 1.5, 20), {-9}),  # the only negative value
        ((-9, -8, 0, 700), {-9, -8}),
        ((-88, -77, -66, -10, 0, 10), {-88, -77, -66}),  # negative values of its own, far away
        ((-9, -8.5, -3, 4, 10), set()),  # one of many negative values
        ((-99, -60, 0, 40), set()),  # a growth rate may be that low
        ((1, 2, 3, 99), {99}),
        ((1, 2, 3, 88, 99), {88, 99}),
        ((0, 50, 98.5, 99), set()),  # a percentage
        ((0, 400, 999, 1500), set()),  # not at the edge
        ((-9,), set()),  # nothing to compare with
    ],
)
def test_codes_at_the_edge(values: tuple[float, ...], expected: set[int]) -> None:
    assert codes(*values) == expected


def test_a_high_value_that_occurs_once_is_a_value() -> None:
    assert propose_missing_codes({1: 5, 2: 5, 999: 1}) == ()
    (code,) = propose_missing_codes({1: 5, 2: 5, 999: 7})
    assert (code.code, code.rows) == (999, 7)
    assert code.reason == "far above the other values: 1 to 2"
