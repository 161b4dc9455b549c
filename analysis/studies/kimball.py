"""The probits of Kimball (2010) under their published names, and the choices behind them.

The author's commands are public, the data file they read is not. The commands fix estimator, terms, lags, years and
covariance; they leave open how some variables were measured (CHOICES).

References
----------
Kimball (2010), Journal of Peace Research 47(4): 407-419.
"""

from analysis.core.specification import Model, Sample, Term, TimeDependence

HEADLINE_RULE = "military"
RULES = (HEADLINE_RULE, "defense", "any")
HEADLINE_MODEL = "kimball_2010/t1_m2a"
HEADLINE_AFTER_1899 = "kimball_2010/t1_m2b"
AS_PUBLISHED = "as_published"
YEARS = {"a": Sample("1816-2000", 1816, 2000), "b": Sample("1900-2000", 1900, 2000)}
RATE, ROSE = "infant_mortality_rate", "infant_mortality_rose"
MORTALITY = (RATE, ROSE)
MORTALITY_TERMS = {"m1": (RATE,), "m2": (RATE, ROSE)}
CONTROLS = (Term("cinc"), Term("dispute_rivals", 1), Term("w_over_s", 1))
ENVIRONMENT_DISPUTES = Term("relevant_environment_disputes", 1)
DISPUTES = {"t1": (), "t2": (ENVIRONMENT_DISPUTES,)}
# Of marts.published_measures: lagged already in the file of Allen & DiGiuseppe (2013); the counter of btscs.
PUBLISHED_CONTROLS = (Term("cinc"), Term("published_dispute_rivals_lagged"), Term("published_w_over_s_lagged"))
PUBLISHED_COUNTER = "published_years_since_formation"
PUBLISHED_COLUMNS = {PUBLISHED_COUNTER, *(term.column for term in PUBLISHED_CONTROLS[1:])}


def kimball_models(rule: str = HEADLINE_RULE) -> tuple[Model, ...]:
    """The eight published models for one obligation rule, with the measures of the mart.

    Parameters
    ----------
    rule : str, default HEADLINE_RULE
        One of RULES: which alliances count as a formation.

    Returns
    -------
    tuple of Model
        Named ``kimball_2010/<table>_<number><letter>`` as in the article. Table t1 is without disputes in the relevant
        environment, t2 with them. Number m1 has the level of infant mortality, m2 also whether it rose. Letter a
        covers all years, b the years after 1899. The names end in ``/<rule>`` for rules other than the headline rule.
    """
    suffix = "" if rule == HEADLINE_RULE else f"/{rule}"
    time = TimeDependence(f"years_since_{rule}_formation")
    return _eight_models(rule, CONTROLS, time, suffix)


def models_as_published() -> tuple[Model, ...]:
    """The eight published models with the measures nearest to the article that public files allow.

    Returns
    -------
    tuple of Model
        Named as in `kimball_models`, with ``/as_published`` at the end. W/S and rivals are those of the file of Allen &
        DiGiuseppe (2013); counter and knots are those of Tucker's btscs, computed from the headline rule.
    """
    time = TimeDependence(PUBLISHED_COUNTER, form="btscs")
    return _eight_models(HEADLINE_RULE, PUBLISHED_CONTROLS, time, f"/{AS_PUBLISHED}")


def headline_model() -> Model:
    """The model on which the claim, the robustness checks and the validation rest.

    Returns
    -------
    Model
        The one named HEADLINE_MODEL.
    """
    return next(model for model in KIMBALL_2010 if model.name == HEADLINE_MODEL)


def _eight_models(rule: str, controls: tuple[Term, ...], time: TimeDependence, suffix: str) -> tuple[Model, ...]:
    return tuple(
        Model(
            name=f"kimball_2010/{table}_{number}{letter}{suffix}",
            outcome=f"forms_{rule}_alliance",
            terms=(terms := (*map(Term, mortality), *controls, *disputes)),
            sample=sample,
            time=time,
            rule=rule,
            is_headline=not suffix,
            focus=tuple(term.name for term in terms),
        )
        for table, disputes in DISPUTES.items()
        for number, mortality in MORTALITY_TERMS.items()
        for letter, sample in YEARS.items()
    )


KIMBALL_2010 = (*(model for rule in RULES for model in kimball_models(rule)), *models_as_published())

FIXED, OPEN, ADDED = "fixed", "open", "added"
CHOICE_COLUMNS = ("choice", "status", "value", "alternatives", "why")
# Published as results.choices.
CHOICES = (
    (
        "estimator",
        FIXED,
        "probit",
        "logit, cloglog and linear models (specification curve)",
        "Each of the eight published commands is a probit.",
    ),
    (
        "terms",
        FIXED,
        (
            "level of mortality (m1), or level and rise (m2); cinc, dispute_rivals, w_over_s; disputes in the relevant "
            "environment in table t2 only; years since the last formation and three spline terms"
        ),
        "none in the published commands",
        "The commands list the terms; the table says whether disputes are in, the number which mortality terms.",
    ),
    (
        "years",
        FIXED,
        "all years (a); the years after 1899 (b)",
        "1946-2000 (specification curve)",
        "The commands of the models b have the condition year > 1899, the others none.",
    ),
    (
        "lags",
        FIXED,
        "1 year for rivals, W/S and disputes; none for mortality and capabilities",
        "mortality lagged by 1 year (specification curve)",
        "In the commands the names of the three variables end in 1, read as a lag of one year; the others do not.",
    ),
    (
        "published_covariance",
        FIXED,
        "stata_robust",
        "cluster_state and the others of the choice covariance",
        "Every command has the option robust, without clusters.",
    ),
    (
        "counted_event",
        FIXED,
        "the time since the last event counts formations under the rule of the outcome",
        "time since any formation (specification curve)",
        "A comment in the commands says that the alliance years and the splines were computed from the outcome.",
    ),
    (
        "obligation_rule",
        OPEN,
        "military: any obligation but pure non-aggression; the year of entry; renewals are no formation",
        "defense; any (both fitted beside it, models ending in /defense and /any)",
        (
            "No public text defines the outcome AF_new. The article speaks of alliances as a way to contract out "
            "security; a pact of non-aggression alone promises no help and so saves no military expenditure."
        ),
    ),
    (
        "mortality_rise",
        OPEN,
        "1 if the rate is above that of the calendar year before, else 0; missing where either year is",
        "the change itself; changes over 3 or 5 years",
        (
            "The variable IncDmdIMR is not defined in public. Its name says increased demand; the abstract says "
            "changes in the infant mortality rate. Another variable of the author's file, worseIMR, may be the "
            "indicator of a rise."
        ),
    ),
    (
        "mortality_series",
        OPEN,
        "the preferred series of the mart",
        "imr_abouharb_kimball, imr_gapminder or imr_world_bank alone",
        "infant_mortality_source names the series behind every row of the mart.",
    ),
    (
        "spline_knots",
        OPEN,
        (
            "1, 4 and 7 years, boundary knots at 0 and the largest time in the estimation sample; as_published: "
            "quartiles of the counter over the panel to 2000, boundary knots at its smallest and largest value"
        ),
        "other knots; a cubic polynomial of time (Carter & Signorino 2010)",
        (
            "The commands name three spline terms without knots. 1, 4 and 7 are the example of Beck, Katz & Tucker "
            "(1998). The program btscs takes quartiles over the whole file if it is given a number of knots."
        ),
    ),
    (
        "counter_origin",
        OPEN,
        "0 in the year of entry, 1 in the year after a formation; as_published: 0 in the first row after a formation",
        "the other of the two",
        (
            "The program of the published counter is not named. btscs counts calendar years from the first row of a "
            "spell; by this rule the counter of Allen & DiGiuseppe (2013) follows from their outcome in every row."
        ),
    ),
    (
        "counter_reset",
        OPEN,
        "the counter starts again when a state re-enters the system; as_published: it runs across the gap",
        "the other of the two",
        "btscs knows only rows of a file, so that years outside the system are counted but start no spell.",
    ),
    (
        "last_year",
        OPEN,
        "2000",
        "the last year of the mart",
        "The commands name no last year; the article's panel ends in 2000.",
    ),
    (
        "covariance",
        ADDED,
        "cluster_state, cluster_state_jackknife, cluster_state_year and score_bootstrap beside stata_robust",
        "any one alone",
        "The years of one state are not independent of each other; the reader sees what assuming so would cost.",
    ),
    (
        "bootstrap",
        ADDED,
        (
            "score wild cluster bootstrap by state with the null imposed: 999 draws, seed 20100407, Rademacher weights "
            "(Webb's with at most 12 states); intervals by inversion of the test"
        ),
        "unrestricted bootstrap; resampling of whole states",
        "It keeps its size with few or unequal clusters (Kline & Santos 2012) and needs one refit per hypothesis.",
    ),
)
