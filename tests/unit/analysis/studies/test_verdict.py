"""The rule of the verdict: each category, each check, and one interval for coefficient and effect."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from analysis.studies.verdict import (
    CATEGORIES,
    CHECKS,
    DECISIVE,
    FAILS,
    HOLDS,
    NOT_ROBUST,
    NOT_RUN,
    NOT_SUPPORTED,
    RULE,
    SUPPORTED,
    SUPPORTING,
    WEAK,
    Evidence,
    Finding,
    Interval,
    judge,
)

ALL_HOLD = Evidence(
    coefficient=Interval(0.13, 0.01, 0.25),
    effect=0.02,
    equivalence=0.8,
    within=Finding(0.12, 0.03),
    placebo=0.4,
    dependence=Finding(0.13, 0.04),
    calendar=Finding(0.15, 0.01),
    multiverse=0.01,
    out_of_sample=(Interval(0.004, -0.001, 0.009), Interval(-0.001, -0.003, 0.001)),
)
FAILURES = {
    "within states": {"within": Finding(0.12, 0.06)},
    "placebo": {"placebo": 0.049},
    "dependence": {"dependence": Finding(0.13, 0.09)},
    "calendar years": {"calendar": Finding(-0.15, 0.01)},
    "multiverse": {"multiverse": 0.05},
    "out of sample": {"out_of_sample": (Interval(0.004, -0.001, 0.009), Interval(-0.002, -0.003, -0.001))},
}


def test_supported_needs_every_check():
    found = judge(ALL_HOLD)
    assert found.category == SUPPORTED
    assert set(found.outcomes.values()) == {HOLDS}


@pytest.mark.parametrize("name", CHECKS)
def test_one_failure(name):
    found = judge(replace(ALL_HOLD, **FAILURES[name]))
    assert found.category == (NOT_ROBUST if name in DECISIVE else WEAK)
    assert found.checks(FAILS) == [name]


def test_two_supporting_failures_are_not_robust():
    found = judge(replace(ALL_HOLD, **FAILURES["dependence"], **FAILURES["multiverse"]))
    assert found.category == NOT_ROBUST


@pytest.mark.parametrize(
    "changes",
    [
        {"coefficient": Interval(0.13, 0.0, 0.25)},
        {"coefficient": Interval(-0.13, -0.25, -0.01)},
        {"coefficient": Interval(0.13, float("nan"), float("nan"))},
        {"equivalence": 0.04},
    ],
)
def test_no_finding_is_not_supported_whatever_the_checks(changes):
    assert judge(replace(ALL_HOLD, **changes)).category == NOT_SUPPORTED


@pytest.mark.parametrize("name", ["within", "placebo", "dependence", "calendar", "multiverse", "out_of_sample"])
def test_without_a_check_the_best_is_weakly_supported(name):
    found = judge(replace(ALL_HOLD, **{name: () if name == "out_of_sample" else None}))
    assert found.category == WEAK
    assert len(found.checks(NOT_RUN)) == 1


def test_a_failing_check_never_improves_the_verdict():
    """The category of the evidence at hand is final if it is one of the two lower ones."""
    order = {category: position for position, category in enumerate(CATEGORIES)}
    for first in FAILURES.values():
        for second in FAILURES.values():
            before, after = judge(replace(ALL_HOLD, **first)), judge(replace(ALL_HOLD, **{**first, **second}))
            assert order[after.category] >= order[before.category]


def test_the_effect_has_the_interval_of_the_coefficient():
    effect = ALL_HOLD.effect_interval
    assert effect.low / effect.estimate == pytest.approx(0.01 / 0.13)
    assert effect.high / effect.estimate == pytest.approx(0.25 / 0.13)
    assert replace(ALL_HOLD, effect=None).effect_interval is None


def test_rule_and_checks_are_complete_and_documented():
    assert set(RULE) == set(CATEGORIES)
    assert set(CHECKS) == {*DECISIVE, *SUPPORTING}
    assert len(fields(Evidence)) == 3 + len(CHECKS)
    page = " ".join((Path(__file__).parents[4] / "docs" / "verdict.md").read_text(encoding="utf-8").split())
    for text in (*RULE.values(), *CHECKS.values()):
        assert text in page
