"""The verdict on the claim: a written rule from the evidence to one of four categories."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from analysis.core.conventions import SIGNIFICANCE_LEVEL

SUPPORTED, WEAK = "supported", "weakly supported"
NOT_ROBUST, NOT_SUPPORTED = "not robust", "not supported"
CATEGORIES = (SUPPORTED, WEAK, NOT_ROBUST, NOT_SUPPORTED)
HOLDS, FAILS, NOT_RUN = "holds", "fails", "not run"
WITHIN, PLACEBO = "within states", "placebo"
DEPENDENCE, CALENDAR = "dependence", "calendar years"
MULTIVERSE, OUT_OF_SAMPLE = "multiverse", "out of sample"
DECISIVE = (WITHIN, PLACEBO)
SUPPORTING = (DEPENDENCE, CALENDAR, MULTIVERSE, OUT_OF_SAMPLE)
# The rule in words, as docs/verdict.md and the report print it.
RULE = {
    NOT_SUPPORTED: (
        "The coefficient of a rise in the published model is not above zero by its 95% interval, clustered by state; "
        "or its average effect is shown to be smaller than the smallest effect of interest."
    ),
    NOT_ROBUST: (
        "The published model finds the effect, but a decisive check fails (within states, placebo), or at least two of "
        "the four supporting checks fail (dependence, calendar years, multiverse, out of sample)."
    ),
    WEAK: (
        "The published model finds the effect and no decisive check fails, but one supporting check fails, or a check "
        "was not run."
    ),
    SUPPORTED: "The published model finds the effect, and all six checks were run and hold.",
}
CHECKS = {
    WITHIN: (
        "With the state means of mortality in the model, which leaves the comparison of years of the same state, the "
        "coefficient of a rise is positive with p < 0.05."
    ),
    PLACEBO: (
        "Rises one, two and three years after the formation, which cannot have caused it, are jointly not significant "
        "(p >= 0.05), with rises before it and state means in the model."
    ),
    DEPENDENCE: "With errors clustered by state and by year, the coefficient is positive with p < 0.05.",
    CALENDAR: "With an effect of every calendar year, the coefficient is positive with p < 0.05.",
    MULTIVERSE: "The median z over the frozen multiverse has a one-sided p < 0.05 (its primary statistic).",
    OUT_OF_SAMPLE: (
        "With mortality, the area under the ROC curve is on average larger over predictions forward in time and of "
        "states left out, and in neither smaller by its 95% interval."
    ),
}


class Finding(NamedTuple):
    """A coefficient of the rise of infant mortality.

    Attributes
    ----------
    estimate : float
        The coefficient.
    p_value : float
        Two-sided, of the hypothesis that it is 0.
    """

    estimate: float
    p_value: float


class Interval(NamedTuple):
    """A quantity with the ends of its 95 per cent interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """What the verdict rests on; None for what was not run or could not be estimated.

    Attributes
    ----------
    coefficient : Interval
        Coefficient of a rise in the published model, clustered by state.
    effect : float or None
        Its average marginal effect, in probability.
    equivalence : float or None
        p-value of the hypothesis that the effect is at least the smallest effect of interest, in either direction.
    within, dependence, calendar : Finding or None
        The coefficient with state means of mortality, with errors clustered by state and year, with year effects.
    placebo : float or None
        p-value of the joint test of the leads within states.
    multiverse : float or None
        p-value of the primary statistic of the multiverse.
    out_of_sample : sequence of Interval
        Gain in AUC by scheme of prediction; empty if not run.
    """

    coefficient: Interval
    effect: float | None = None
    equivalence: float | None = None
    within: Finding | None = None
    placebo: float | None = None
    dependence: Finding | None = None
    calendar: Finding | None = None
    multiverse: float | None = None
    out_of_sample: Sequence[Interval] = ()

    @property
    def effect_interval(self) -> Interval | None:
        """The average effect, with the interval of the coefficient in its unit.

        A rise is 0 or 1, so that its effect has the sign of the coefficient and is 0 where that is 0. An interval of
        its own, by the delta method, could include 0 where that of the coefficient does not, or the reverse.
        """
        if self.effect is None or self.coefficient.estimate == 0.0:
            return None
        scale = self.effect / self.coefficient.estimate
        return Interval(self.effect, self.coefficient.low * scale, self.coefficient.high * scale)


@dataclass(frozen=True)
class Verdict:
    """A category, and what each check found.

    Attributes
    ----------
    category : str
        One of CATEGORIES.
    outcomes : dict of str to str
        HOLDS, FAILS or NOT_RUN for each key of CHECKS.
    """

    category: str
    outcomes: dict[str, str]

    def checks(self, outcome: str) -> list[str]:
        """The checks with an outcome, decisive ones first."""
        return [name for name in (*DECISIVE, *SUPPORTING) if self.outcomes[name] == outcome]


def judge(evidence: Evidence) -> Verdict:
    """Apply RULE.

    Parameters
    ----------
    evidence : Evidence
        What was run.

    Returns
    -------
    Verdict
        A check that was not run neither fails nor holds: without it the best category is WEAK.
    """
    outcomes = {
        WITHIN: _positive(evidence.within),
        PLACEBO: _outcome(evidence.placebo, lambda p_value: p_value >= SIGNIFICANCE_LEVEL),
        DEPENDENCE: _positive(evidence.dependence),
        CALENDAR: _positive(evidence.calendar),
        MULTIVERSE: _outcome(evidence.multiverse, lambda p_value: p_value < SIGNIFICANCE_LEVEL),
        OUT_OF_SAMPLE: _predicts(evidence.out_of_sample),
    }
    failed = {name for name, outcome in outcomes.items() if outcome == FAILS}
    is_negligible = evidence.equivalence is not None and evidence.equivalence < SIGNIFICANCE_LEVEL
    if not evidence.coefficient.low > 0.0 or is_negligible:
        category = NOT_SUPPORTED
    elif failed & {*DECISIVE} or len(failed) > 1:
        category = NOT_ROBUST
    elif failed or NOT_RUN in outcomes.values():
        category = WEAK
    else:
        category = SUPPORTED
    return Verdict(category, outcomes)


def _positive(finding: Finding | None) -> str:
    if finding is None:
        return NOT_RUN
    return HOLDS if finding.estimate > 0.0 and finding.p_value < SIGNIFICANCE_LEVEL else FAILS


def _outcome(value: float | None, holds: Callable[[float], bool]) -> str:
    return NOT_RUN if value is None else HOLDS if holds(value) else FAILS


def _predicts(gains: Sequence[Interval]) -> str:
    if not gains:
        return NOT_RUN
    is_worse = any(gain.high < 0.0 for gain in gains)
    return HOLDS if sum(gain.estimate for gain in gains) > 0.0 and not is_worse else FAILS
