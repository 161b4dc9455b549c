"""What a model is: small immutable objects (outcome, terms, sample, time dependence, link) that compute nothing."""

from dataclasses import dataclass

TRANSFORMS = ("identity", "change", "rose", "log")
TIME_FORMS = ("natural_spline", "cubic", "linear")


@dataclass(frozen=True)
class Term:
    """One right-hand-side variable: a panel column, transformed, then lagged by `lag` calendar years (negative: led).

    change: value minus that of the calendar year before; rose: 1 if that change is above 0, else 0; log: natural
    logarithm.
    """

    column: str
    lag: int = 0
    transform: str = "identity"

    def __post_init__(self):
        if self.transform not in TRANSFORMS:
            raise ValueError(f"unknown transform {self.transform!r} of {self.column}; known: {', '.join(TRANSFORMS)}")

    @property
    def name(self) -> str:
        """The term's name in every results table, e.g. dispute_rivals_lag_1."""
        suffix = "" if self.transform == "identity" else f"_{self.transform}"
        if self.lag:
            suffix += f"_lag_{self.lag}" if self.lag > 0 else f"_lead_{-self.lag}"
        return self.column + suffix


@dataclass(frozen=True)
class Sample:
    """Which state-years a model is about: first_year <= year <= last_year, and, if given, only rows where `where` is
    `equals`.

    With `negate` the rows where it is not; a missing value is not equal, as in Stata.
    """

    name: str
    first_year: int | None = None
    last_year: int | None = None
    where: str | None = None
    equals: float | None = None
    negate: bool = False


@dataclass(frozen=True)
class TimeDependence:
    """How the time since the last event enters: its column (years) and the form of its smooth effect.

    natural_spline: Beck, Katz & Tucker (1998), linear term plus one term per interior knot, boundary knots at 0 and
    at the largest time in the sample;
    cubic: Carter & Signorino (2010), t, t squared, t cubed; linear: t alone.
    """

    column: str
    form: str = "natural_spline"
    knots: tuple[float, ...] = (1.0, 4.0, 7.0)

    def __post_init__(self):
        if self.form not in TIME_FORMS:
            raise ValueError(f"unknown time dependence {self.form!r}; known: {', '.join(TIME_FORMS)}")


@dataclass(frozen=True)
class Model:
    """One regression for a binary outcome. `focus` names the terms whose predicted probabilities are wanted."""

    name: str
    outcome: str
    terms: tuple[Term, ...]
    sample: Sample
    time: TimeDependence | None = None
    link: str = "probit"
    rule: str | None = None
    is_headline: bool = False
    focus: tuple[str, ...] = ()
