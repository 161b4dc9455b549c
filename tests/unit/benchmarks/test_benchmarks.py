"""The arithmetic of ``make bench``: growth exponents, targets, and which change between two runs counts."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks import record
from tests.benchmarks.measurement import Measurement, growth, ratio
from tests.benchmarks.record import Record, change, compare

FIVE = [1.00, 1.01, 1.02, 1.03, 1.04]


def run(*measurements: Measurement, yardstick: float = 1.0) -> Record:
    machine = {"cpus": 2}
    return Record("abc", "2026-01-01T00:00", machine, {}, {"only": []}, {"part": [yardstick]}, list(measurements))


def seconds(values: list[float], unit: str = "s", **rest) -> Measurement:
    return Measurement("part", "work", unit, values, **rest)


def test_growth_is_the_power_of_size() -> None:
    proportional, quadratic = growth("part", "work", {100: [900.0], 1: [1.0, 9.0, 0.1], 10: [9.0]})
    assert proportional.what == "growth of work, 1x to 10x"
    assert proportional.figure == pytest.approx(0.954, abs=0.001)
    assert quadratic.figure == pytest.approx(2.0)
    assert (proportional.is_met, quadratic.is_met) == (True, False)


def test_ratios_are_computed_within_a_round() -> None:
    found = ratio("part", "work", [1.0, 30.0, 1.0], [2.0, 60.0, 1.0], target=0.5)
    assert found.values == [0.5, 0.5, 1.0], "a slow round is slow for both"
    assert found.is_met


def test_a_rate_must_be_at_least_its_target() -> None:
    assert not seconds([40.0], "fits/s", target=41.0, more_is_better=True).is_met
    assert seconds([42.0], "fits/s", target=41.0, more_is_better=True).is_met


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (FIVE, [v * 1.2 for v in FIVE], 1.2),
        (FIVE, [v / 1.2 for v in FIVE], 1 / 1.2),
        (FIVE, [v * 1.08 for v in FIVE], None),  # beyond the spread, but less than 10 %
        (FIVE, [1.04, 2.0, 2.0, 2.0, 2.0], None),  # the ranges touch
        ([1.0], [1.2], None),  # too little for one round each
        ([1.0], [1.3], 1.3),
    ],
)
def test_only_a_change_beyond_the_spread_counts(
    before: list[float], after: list[float], expected: float | None
) -> None:
    assert change(before, after) == (None if expected is None else pytest.approx(expected))


def test_seconds_are_divided_by_the_yardstick() -> None:
    slow_day = seconds([2 * value for value in FIVE])
    assert not compare(run(seconds(FIVE)), run(slow_day, yardstick=2.0))[1]
    text, is_slower = compare(run(seconds(FIVE)), run(slow_day))
    assert is_slower
    assert "slower or larger:\n  part work: 1.02 to 2.04 s, x2 against the yardstick" in text


def test_a_lower_rate_is_slower() -> None:
    rates = [seconds([factor * value for value in FIVE], "fits/s", more_is_better=True) for factor in (1, 2)]
    text, is_slower = compare(run(rates[0]), run(rates[1]))
    assert not is_slower
    assert "faster or smaller:\n  part work" in text
    assert compare(run(rates[1]), run(rates[0]))[1]


def test_missing_and_new_measurements_are_named() -> None:
    text, is_slower = compare(run(seconds(FIVE)), run(replace(seconds(FIVE), what="other work")))
    assert not is_slower
    assert "missing:\n  part work" in text
    assert "new:\n  part other work: 1.02 s" in text


def test_a_record_is_read_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    before = run(ratio("part", "work", [1.0], [2.0], target=1.0, peak_mb=7.0))
    path = record.write(before)
    assert record.read(path) == before
    other = record.write(replace(before, commit="def", date="2026-01-02T00:00"))
    assert record.newest_other(path) == other
    other.unlink()
    with pytest.raises(FileNotFoundError, match="no other record"):
        record.newest_other(path)
