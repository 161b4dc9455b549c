"""Dimensions of the multiverse with a reason for each option, and the frozen specifications."""

from typing import Any, NamedTuple

import numpy as np

from analysis.core.conventions import SEED
from analysis.core.specification import Term
from analysis.studies import kimball
from analysis.studies.kimball import FIXED, OPEN

ROBUSTNESS = "robustness"
SIZE = 480  # specifications; a multiple of the number of options of every dimension
MUNDLAK, TWO_WAY, LEFT_OUT = "state means", "two-way", "left out"
POSITIVE_PART, BESIDE_LEVEL = "positive part", "rise beside level"
SINCE_ANY = "spline since any formation"
SOURCES = {
    "preferred": kimball.RATE,
    "abouharb_kimball": "imr_abouharb_kimball",
    "gapminder": "imr_gapminder",
    "world_bank": "imr_world_bank",
    "un_igme": "imr_un_igme",
}
CONTROLS: dict[str, tuple[Term, ...]] = {
    "none": (),
    "published": kimball.CONTROLS,
    "with environment": (*kimball.CONTROLS, kimball.ENVIRONMENT_DISPUTES),
}
Choice = dict[str, Any]  # one option for each of CHOICES, and the number under "specification"


class Option(NamedTuple):
    """One option of a dimension.

    Attributes
    ----------
    option : str or int
        Its value in results.specification_curve.
    status : {"fixed", "open", "robustness"}
        fixed: that of the published commands; open: they leave it open; robustness: beyond the article.
    reason : str
        Why it belongs to the multiverse.
    """

    option: str | int
    status: str
    reason: str


DIMENSIONS: dict[str, tuple[Option, ...]] = {
    "rule": (
        Option(
            "military", OPEN, "Chosen here: an alliance that saves military expenditure promises help or restraint."
        ),
        Option("defense", OPEN, "The narrowest reading of contracting out security: help if attacked."),
        Option("any", OPEN, "The widest reading: every obligation that ATOP records."),
    ),
    "mortality_source": (
        Option("preferred", OPEN, "Chosen here: the longest series of each state."),
        Option("abouharb_kimball", OPEN, "The series of the article's author."),
        Option("gapminder", OPEN, "Another historical series, with more interpolation."),
        Option("world_bank", OPEN, "Official figures since 1960, without historical estimates."),
        Option("un_igme", OPEN, "The estimates behind the official figures, from a model of all surveys."),
    ),
    "measure": (
        Option(BESIDE_LEVEL, FIXED, "The published model: an indicator of a rise beside the level."),
        Option("rise", OPEN, "The indicator alone: the level may take up part of the effect."),
        Option("change", OPEN, "The abstract speaks of changes; a larger change is a larger demand."),
        Option(POSITIVE_PART, OPEN, "Only rises raise demand, and larger rises more."),
    ),
    "mortality_lag": (
        Option(0, FIXED, "The commands have no lag of mortality."),
        Option(1, ROBUSTNESS, "A treaty takes time, and its cause comes first."),
    ),
    "time_dependence": (
        Option("spline", FIXED, "The commands have three spline terms of the alliance years."),
        Option("cubic", ROBUSTNESS, "A cubic polynomial needs no knots (Carter & Signorino 2010)."),
        Option(SINCE_ANY, ROBUSTNESS, "Any treaty may make the next one more or less likely."),
    ),
    "controls": (
        Option("published", FIXED, "Table 1: capabilities, rivals, W/S."),
        Option("with environment", FIXED, "Table 2: these and disputes in the relevant environment."),
        Option("none", ROBUSTNESS, "A control that mortality itself affects would hide an effect."),
    ),
    "sample": (
        Option("1816-2000", FIXED, "The models a: all years."),
        Option("1900-2000", FIXED, "The models b: the years after 1899."),
        Option("1946-2000", ROBUSTNESS, "The years with the best data, after the world wars."),
    ),
    "family": (
        Option("probit", FIXED, "Every command is a probit."),
        Option("cloglog", ROBUSTNESS, "A proportional hazard in discrete time; logit is too near to probit to count."),
        Option("linear", ROBUSTNESS, "Needs no link and is consistent with many effects."),
    ),
    "unit_effects": (
        Option("none", FIXED, "The commands pool all states."),
        Option(MUNDLAK, ROBUSTNESS, "The claim is about changes within a state (Mundlak 1978)."),
    ),
    "calendar_effects": (
        Option("none", FIXED, "The commands have no calendar effects."),
        Option("decade", ROBUSTNESS, "Mortality and alliances both follow the century."),
        Option("year", ROBUSTNESS, "Many states join the same treaty in the same year."),
    ),
    "covariance": (
        Option(
            "state", ROBUSTNESS, "The years of one state depend on each other; the published robust errors ignore it."
        ),
        Option(TWO_WAY, ROBUSTNESS, "So do the states of one year (Cameron, Gelbach & Miller 2011)."),
    ),
    "flagged_values": (
        Option("kept", FIXED, "The commands exclude no value."),
        Option(LEFT_OUT, ROBUSTNESS, "The mart flags rates that look like errors of a source."),
    ),
}
CHOICES = {dimension: tuple(option.option for option in options) for dimension, options in DIMENSIONS.items()}


def specifications() -> list[Choice]:
    """The frozen specifications: a balanced random subset of all combinations of DIMENSIONS.

    Every option of a dimension occurs equally often (a Latin hypercube), so that no dimension dominates by the number
    of its options, and each dimension is paired at random with the others. The seed is that of the project.

    Returns
    -------
    list of dict
        SIZE specifications: one option of each dimension, and a number from 1 under ``specification``.

    References
    ----------
    McKay, Beckman & Conover (1979), Technometrics 21(2): 239-245.
    """
    generator = np.random.default_rng(SEED)
    columns = {
        dimension: [options[code] for code in generator.permutation(np.arange(SIZE) % len(options))]
        for dimension, options in CHOICES.items()
    }
    rows = zip(*columns.values(), strict=True)
    return [{"specification": number, **dict(zip(columns, row, strict=True))} for number, row in enumerate(rows, 1)]


def dimension_rows() -> list[dict[str, Any]]:
    """Rows of results.multiverse_dimensions.

    Returns
    -------
    list of dict
        One row per dimension and option; the weights of a dimension sum to 1.
    """
    return [
        {"dimension": dimension, **option._asdict(), "option": str(option.option), "weight": 1.0 / len(options)}
        for dimension, options in DIMENSIONS.items()
        for option in options
    ]
