"""Describe a model as data: outcome, terms, sample, time dependence and link."""

from dataclasses import dataclass

TRANSFORMS = ("identity", "change", "rose", "log")
TIME_FORMS = ("natural_spline", "btscs", "cubic", "linear")
CONSTANT = "constant"
"""Name of the constant among the terms of a fit, of which it is the last."""


@dataclass(frozen=True)
class Term:
    """One right-hand-side variable: a panel column, transformed, then lagged.

    Attributes
    ----------
    column : str
        Column of the panel.
    lag : int
        Calendar years to look back; negative for a lead.
    transform : {"identity", "change", "rose", "log"}
        change: value minus that of the previous calendar year; rose: 1 if that change is above 0, else 0; log: natural
        logarithm.

    Raises
    ------
    ValueError
        If the transformation is unknown.
    """

    column: str
    lag: int = 0
    transform: str = "identity"

    def __post_init__(self) -> None:
        if self.transform not in TRANSFORMS:
            raise ValueError(
                f"unknown transformation {self.transform!r} of {self.column}; known: {', '.join(TRANSFORMS)}"
            )

    @property
    def name(self) -> str:
        """Name of the term in every results table, e.g. ``dispute_rivals_lag_1``."""
        suffix = "" if self.transform == "identity" else f"_{self.transform}"
        if self.lag:
            suffix += f"_lag_{self.lag}" if self.lag > 0 else f"_lead_{-self.lag}"
        return self.column + suffix


@dataclass(frozen=True)
class Sample:
    """The state-years that belong to the sample of a model.

    Attributes
    ----------
    name : str
        Name in results tables and messages.
    first_year, last_year : int or None
        Calendar years, inclusive; None for no limit.
    where : str or None
        Column of the panel by which rows are selected.
    equals : float or None
        Value of `where` in the selected rows. A missing value is not equal to any value, as in Stata.
    negate : bool
        Whether to select the rows in which `where` is not `equals`, missing values included.
    """

    name: str
    first_year: int | None = None
    last_year: int | None = None
    where: str | None = None
    equals: float | None = None
    negate: bool = False


@dataclass(frozen=True)
class TimeDependence:
    """How the time since the last event enters a model.

    Attributes
    ----------
    column : str
        Column of the panel with the time since the last event, in years.
    form : {"natural_spline", "btscs", "cubic", "linear"}
        natural_spline: the time and a natural cubic spline of it; btscs: the same with the knots of Tucker's program;
        cubic: the time, its square and its cube; linear: the time alone.
    knots : tuple of float
        Interior knots of natural_spline, in years; the boundary knots are 0 and the largest time in the sample.

    Raises
    ------
    ValueError
        If the form is unknown.

    References
    ----------
    Beck, Katz & Tucker (1998), American Journal of Political Science 42(4): 1260-1288.
    Carter & Signorino (2010), Political Analysis 18(3): 271-292.
    """

    column: str
    form: str = "natural_spline"
    knots: tuple[float, ...] = (1.0, 4.0, 7.0)

    def __post_init__(self) -> None:
        if self.form not in TIME_FORMS:
            raise ValueError(f"unknown form of time dependence {self.form!r}; known: {', '.join(TIME_FORMS)}")


@dataclass(frozen=True)
class Model:
    """One regression for a binary outcome.

    Attributes
    ----------
    name : str
        Publication and number, e.g. ``kimball_2010/t1_m1a``.
    outcome : str
        Column of the panel with values 0 and 1.
    terms : tuple of Term
        Right-hand-side variables, without time dependence and constant.
    sample : Sample
        State-years to estimate on.
    time : TimeDependence or None
        Time dependence, if any.
    link : str
        Key of ``analysis.estimators.links.LINKS``.
    rule : str or None
        Obligation rule by which an alliance counts, for results tables.
    is_headline : bool
        Whether the model uses the headline obligation rule and the measures of the mart.
    focus : tuple of str
        Names of the terms whose predicted probabilities are reported.
    """

    name: str
    outcome: str
    terms: tuple[Term, ...]
    sample: Sample
    time: TimeDependence | None = None
    link: str = "probit"
    rule: str | None = None
    is_headline: bool = False
    focus: tuple[str, ...] = ()
