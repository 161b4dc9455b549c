"""The published commands of Kimball (2010) beside our models and variables, published as results.crosswalk."""

from analysis.studies.kimball import AS_PUBLISHED, PUBLISHED_CONTROLS, PUBLISHED_COUNTER

CROSSWALK_COLUMNS = ("published", "kind", "command", "ours", "as_published", "differs")
_MORTALITY = {"1": "IMRlevel", "2": "IMRlevel IncDmdIMR"}
_DISPUTES = {"1": "", "2": " envmids1"}
_YEARS = {"A": "", "B": " if year > 1899"}
_TIME = "allyrs _spline1 _spline2 _spline3"
_RIVALS, _W_OVER_S = (term.column for term in PUBLISHED_CONTROLS[1:])

_MODELS = tuple(
    (
        f"Table {table} Model {number}{letter}",
        "model",
        f"probit AF_new {mortality} cap sumrival1 WoverS1{disputes} {_TIME}{years}, robust",
        (name := f"kimball_2010/t{table}_m{number}{letter.lower()}"),
        f"{name}/{AS_PUBLISHED}",
        "Terms, years and estimator are the same; the variables differ as below.",
    )
    for table, disputes in _DISPUTES.items()
    for number, mortality in _MORTALITY.items()
    for letter, years in _YEARS.items()
)

_VARIABLES = (
    (
        "AF_new",
        "variable",
        "Outcome",
        "forms_military_alliance",
        "forms_military_alliance",
        "The author's rule is not public: obligations, dates and renewals may differ. Ours is from ATOP 5.1.",
    ),
    (
        "IMRlevel",
        "variable",
        "Mortality, models 1 and 2",
        "infant_mortality_rate",
        "infant_mortality_rate",
        "The series is that of Abouharb & Kimball (2007), as in the file of Allen & DiGiuseppe (2013).",
    ),
    (
        "IncDmdIMR",
        "variable",
        "Mortality, models 2",
        "infant_mortality_rose",
        "infant_mortality_rose",
        "Not defined in public; read as an indicator of a rise. A change or another increase is possible.",
    ),
    ("cap", "variable", "Capabilities", "cinc", "cinc", "A later version of National Material Capabilities."),
    (
        "sumrival1",
        "variable",
        "Rivals, 1 year before",
        "dispute_rivals_lag_1",
        _RIVALS,
        "Ours is rebuilt from disputes. as_published is sumrival1 of the file of Allen & DiGiuseppe (2013).",
    ),
    (
        "WoverS1",
        "variable",
        "W/S, 1 year before",
        "w_over_s_lag_1",
        _W_OVER_S,
        "Ours is W/S by its formula, not observed where S is not. as_published is wovers_1 of the file of Allen & "
        "DiGiuseppe (2013), which has W alone where S is missing.",
    ),
    (
        "envmids1",
        "variable",
        "Disputes in the relevant environment, 1 year before, table 2",
        "relevant_environment_disputes_lag_1",
        "relevant_environment_disputes_lag_1",
        "Rebuilt from disputes and contiguity; the author's variable is not public.",
    ),
    (
        "allyrs",
        "variable",
        "Years since the last formation",
        "years_since_military_formation",
        PUBLISHED_COUNTER,
        "Ours is 1 in the year after a formation and starts again at re-entry. as_published is the counter of btscs: "
        "0 in the first row after a formation, across gaps of membership.",
    ),
    (
        "_spline1 _spline2 _spline3",
        "variable",
        "Natural cubic spline of allyrs",
        "knots at 1, 4 and 7 years",
        "knots of btscs: quartiles of the counter to 2000",
        "The author's knots are not public. Coefficients of the spline terms have another unit than those of btscs.",
    ),
    (
        "robust",
        "option",
        "Covariance, without clusters",
        "stata_robust and four others",
        "stata_robust and four others",
        "The headline of this project is cluster_state; the article's covariance is stata_robust.",
    ),
)

CROSSWALK = (*_MODELS, *_VARIABLES)
