"""One figure of a benchmark with the values of its rounds, and the arithmetic of ratios and growth."""

import itertools
import math
from dataclasses import dataclass, field
from statistics import median

MOST_GROWTH = 1.1  # maximum exponent of any stage in the size of its input


@dataclass(frozen=True)
class Measurement:
    """One line of the table.

    values: the figure of each round. unit: "ratio" (ours / theirs of the same round), "s", "fits/s", "MB", "exponent"
    (of growth in size) or "difference" (largest relative one between our results and theirs). ours, theirs: the seconds
    of a ratio. target: maximum of the median, or with more_is_better its minimum. peak_mb, their_peak_mb: peak memory.
    """

    part: str
    what: str
    unit: str
    values: list[float]
    target: float | None = None
    more_is_better: bool = False
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    peak_mb: float | None = None
    their_peak_mb: float | None = None

    @property
    def figure(self) -> float:
        return median(self.values)

    @property
    def is_met(self) -> bool:
        """Whether the median reaches the target; true if there is none."""
        if self.target is None:
            return True
        return self.figure >= self.target if self.more_is_better else self.figure <= self.target


def ratio(part: str, what: str, ours: list[float], theirs: list[float], **rest) -> Measurement:
    """Ours / theirs of each round."""
    values = [our / their for our, their in zip(ours, theirs, strict=True)]
    return Measurement(part, what, "ratio", values, ours=ours, theirs=theirs, **rest)


def exponent(small: float, large: float, seconds_small: float, seconds_large: float) -> float:
    """Exponent of time in size between two sizes; 1 is proportional."""
    return math.log(seconds_large / seconds_small) / math.log(large / small)


def growth(part: str, what: str, seconds: dict[float, list[float]], unit: str = "x") -> list[Measurement]:
    """One exponent for each step between sizes, from the medians; `seconds` of every round by size."""
    return [
        Measurement(
            part,
            f"growth of {what}, {small:g}{unit} to {large:g}{unit}",
            "exponent",
            [exponent(small, large, median(seconds[small]), median(seconds[large]))],
            target=MOST_GROWTH,
            ours=[median(seconds[small]), median(seconds[large])],
        )
        for small, large in itertools.pairwise(sorted(seconds))
    ]
