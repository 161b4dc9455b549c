"""The probits of Kimball (2010), and every choice the article leaves open.

References
----------
Kimball (2010), Journal of Peace Research 47(4): 407-419.
"""

from analysis.core.specification import Model, Sample, Term, TimeDependence

HEADLINE_RULE = "military"
RULES = (HEADLINE_RULE, "defense", "any")
HEADLINE_MODEL = "kimball_2010/t1_m1b"
TABLES = {"t1": Sample("1816-2000", 1816, 2000), "t2": Sample("1900-2000", 1900, 2000)}
RATE, ROSE = "infant_mortality_rate", "infant_mortality_rose"
MORTALITY = (RATE, ROSE)
MORTALITY_MEASURES = {"a": (RATE,), "b": (RATE, ROSE)}
CONTROLS = (Term("cinc"), Term("dispute_rivals", 1), Term("w_over_s", 1))
ENVIRONMENT_DISPUTES = Term("relevant_environment_disputes", 1)
THREAT_MEASURES = {"m1": CONTROLS, "m2": (*CONTROLS, ENVIRONMENT_DISPUTES)}


def kimball_models(rule: str = HEADLINE_RULE) -> tuple[Model, ...]:
    """The eight models of the article for one obligation rule.

    Parameters
    ----------
    rule : str, default HEADLINE_RULE
        One of RULES: which alliances count as a formation.

    Returns
    -------
    tuple of Model
        Named ``kimball_2010/<table>_<threat><mortality>``. Table t1 covers all years, t2 the years after 1899. Threat
        measure m1 is without disputes in the relevant environment, m2 with them. Mortality a is the level of infant
        mortality alone, b the level and whether it rose. The names end in ``/<rule>`` for rules other than the
        headline rule.
    """
    return tuple(
        _kimball_model(rule, f"{table}_{threat}{mortality}", sample, columns, controls)
        for table, sample in TABLES.items()
        for threat, controls in THREAT_MEASURES.items()
        for mortality, columns in MORTALITY_MEASURES.items()
    )


def headline_model() -> Model:
    """The model on which the claim, the robustness checks and the validation rest.

    Returns
    -------
    Model
        The one named HEADLINE_MODEL.
    """
    return next(model for model in KIMBALL_2010 if model.name == HEADLINE_MODEL)


def _kimball_model(
    rule: str, number: str, sample: Sample, mortality: tuple[str, ...], controls: tuple[Term, ...]
) -> Model:
    is_headline = rule == HEADLINE_RULE
    terms = (*(Term(column) for column in mortality), *controls)
    return Model(
        name=f"kimball_2010/{number}" + ("" if is_headline else f"/{rule}"),
        outcome=f"forms_{rule}_alliance",
        terms=terms,
        sample=sample,
        time=TimeDependence(f"years_since_{rule}_formation"),
        rule=rule,
        is_headline=is_headline,
        focus=tuple(term.name for term in terms),
    )


KIMBALL_2010 = tuple(model for rule in RULES for model in kimball_models(rule))

# Published as results.choices: choice, value, alternatives, why.
CHOICES = (
    (
        "obligation_rule",
        "military: any obligation but pure non-aggression",
        "defense; any (both fitted beside it, models ending in /defense and /any)",
        (
            "The article speaks of alliances as a way to contract out security and does not name the obligations it "
            "counts; a pact of non-aggression alone promises no help and so saves no military expenditure."
        ),
    ),
    (
        "spline_knots",
        "1, 4 and 7 years; boundary knots at 0 (the year of entry) and the largest time in the estimation sample",
        "other knots; a cubic polynomial of time (Carter & Signorino 2010)",
        (
            "The article uses splines of the time since the last formation without giving knots; 1, 4 and 7 are those "
            "of Beck, Katz & Tucker (1998) and of their software."
        ),
    ),
    (
        "mortality_lag",
        "0: mortality of the year itself",
        "1 year",
        "The article lags rivalry, institutions and disputes explicitly and says nothing of a lag for mortality.",
    ),
    (
        "mortality_rise",
        "1 if the rate is above that of the calendar year before, else 0; missing where either year is",
        "the change itself; changes over 3 or 5 years",
        "The argument is about rising demand for social policy; an indicator of a rise is its plainest reading.",
    ),
    (
        "mortality_series",
        "the preferred series of the mart",
        "imr_abouharb_kimball, imr_gapminder or imr_world_bank alone",
        "infant_mortality_source names the series behind every row of the mart.",
    ),
    (
        "table_structure",
        (
            "two tables (all years; years after 1899), each without and with environment disputes (m1, m2), "
            "and with the level of mortality alone or also its rise (a, b)"
        ),
        "any other arrangement of the same eight models",
        "The eight models differ in sample, threat measure and demand measure; their arrangement and names are ours.",
    ),
    ("last_year", "2000", "the last year of the mart", "The article's panel ends in 2000."),
    (
        "covariance",
        "stata_robust, and beside it cluster_state, cluster_state_jackknife, cluster_state_year and score_bootstrap",
        "any one alone",
        "The years of one state are not independent of each other; the reader sees what assuming so would cost.",
    ),
    (
        "bootstrap",
        (
            "score wild cluster bootstrap by state with the null imposed: 999 draws, seed 20100407, Rademacher weights "
            "(Webb's with at most 12 states); intervals by inversion of the test"
        ),
        "unrestricted bootstrap; resampling of whole states",
        "It keeps its size with few or unequal clusters (Kline & Santos 2012) and needs one refit per hypothesis.",
    ),
)
