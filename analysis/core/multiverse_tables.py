"""Columns of the results tables of the multiverse: dimensions, specifications, joint tests, and shares."""

from analysis.core.column_docs import INDEX, OURS, SPECIFIED, SYNTHETIC, ColumnDoc

CURVE = ColumnDoc(
    "VARCHAR",
    None,
    "observed: the panel; placebo: mortality three years later; planted: a drawn world of the panel's size in which a "
    "rise has an effect of the smallest size of interest, or three times that.",
    OURS,
)
DIMENSION = ColumnDoc("VARCHAR", None, "Dimension: a column of results.specification_curve.", SPECIFIED)

MULTIVERSE_DOCS: dict[str, dict[str, ColumnDoc]] = {
    "multiverse_dimensions": {
        "dimension": DIMENSION,
        "option": ColumnDoc("VARCHAR", None, "Option of the dimension.", SPECIFIED),
        "status": ColumnDoc(
            "VARCHAR",
            None,
            "fixed: that of the published commands; open: they leave it open; robustness: beyond the article.",
            SPECIFIED,
        ),
        "reason": ColumnDoc("VARCHAR", None, "Why the option is in the multiverse.", SPECIFIED),
        "weight": ColumnDoc(
            "DOUBLE", "share", "Weight of the option; those of a dimension sum to 1 and are equal.", SPECIFIED
        ),
        "is_synthetic": SYNTHETIC,
    },
    "specification_curve": {
        "curve": CURVE,
        "specification": ColumnDoc("BIGINT", None, "Number of the specification, the same in all curves.", OURS),
        "rule": ColumnDoc("VARCHAR", None, "Obligation rule by which an alliance counts.", SPECIFIED),
        "mortality_source": ColumnDoc(
            "VARCHAR", None, "Series of infant mortality: preferred, or one source alone.", OURS
        ),
        "measure": ColumnDoc(
            "VARCHAR",
            None,
            "Rise (0 or 1) beside the level, rise alone, change from the year before, or its positive part.",
            OURS,
        ),
        "mortality_lag": ColumnDoc(
            "BIGINT", "years", "Lag of the mortality terms; in the placebo they are taken three years later.", OURS
        ),
        "time_dependence": ColumnDoc(
            "VARCHAR", None, "Form of the time since the last formation, and whose formation.", OURS
        ),
        "controls": ColumnDoc(
            "VARCHAR", None, "None; the published ones; those and disputes in the environment.", OURS
        ),
        "sample": ColumnDoc("VARCHAR", None, "Years of the sample.", OURS),
        "family": ColumnDoc("VARCHAR", None, "Link: probit, logit, cloglog, linear.", OURS),
        "unit_effects": ColumnDoc("VARCHAR", None, "None, or state means of the mortality terms (Mundlak).", OURS),
        "calendar_effects": ColumnDoc(
            "VARCHAR", None, "None, decade or year; periods with one outcome only are left out.", OURS
        ),
        "covariance": ColumnDoc("VARCHAR", None, "Clustered by state, or two-way by state and year.", OURS),
        "flagged_values": ColumnDoc(
            "VARCHAR", None, "Whether state-years with infant_mortality_is_suspect are kept or left out.", OURS
        ),
        "weight": ColumnDoc(
            "DOUBLE",
            "share",
            "Weight in the joint statistics, with which all options of a dimension have the same share; NULL where the "
            "specification could not be fitted.",
            OURS,
        ),
        "term": ColumnDoc("VARCHAR", None, "The mortality term under test.", OURS),
        "n": ColumnDoc("BIGINT", "state-years", "Rows estimated on.", OURS),
        "events": ColumnDoc("BIGINT", "state-years", "Rows in which the outcome is 1.", OURS),
        "estimate": ColumnDoc("DOUBLE", INDEX, "Coefficient of the mortality term under test.", OURS),
        "std_error": ColumnDoc("DOUBLE", INDEX, "Standard error, as covariance says.", OURS),
        "statistic": ColumnDoc("DOUBLE", None, "z = estimate / std_error; the rows of a curve are in its order.", OURS),
        "p_value": ColumnDoc("DOUBLE", "probability", "Two-sided, of the hypothesis that the coefficient is 0.", OURS),
        "effect": ColumnDoc(
            "DOUBLE", "probability", "Average marginal effect times the term's standard deviation in the sample.", OURS
        ),
        "problem": ColumnDoc("VARCHAR", None, "Why the specification could not be fitted; NULL where it was.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "specification_tests": {
        "curve": CURVE,
        "statistic": ColumnDoc("VARCHAR", None, "Joint statistic over all fitted specifications, weighted.", OURS),
        "is_primary": ColumnDoc(
            "BOOLEAN", None, "True for the one statistic named beforehand; the others are secondary.", SPECIFIED
        ),
        "specifications": ColumnDoc("BIGINT", "specifications", "Fits it is taken over.", OURS),
        "observed": ColumnDoc("DOUBLE", None, "Its value in the curve.", OURS),
        "null_median": ColumnDoc("DOUBLE", None, "Its median were there no effect in any specification.", OURS),
        "null_95": ColumnDoc("DOUBLE", None, "Its 95th percentile were there none.", OURS),
        "p_value": ColumnDoc(
            "DOUBLE", "probability", "Share of draws under no effect at least as large, one-sided.", OURS
        ),
        "draws": ColumnDoc("BIGINT", "draws", "Draws of all z values jointly, dependent by state and by year.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "multiverse_shares": {
        "curve": CURVE,
        "dimension": ColumnDoc("VARCHAR", None, "Dimension, or all.", SPECIFIED),
        "option": ColumnDoc("VARCHAR", None, "Option of the dimension, or all.", SPECIFIED),
        "specifications": ColumnDoc("BIGINT", "specifications", "Fitted specifications with the option.", OURS),
        "failed": ColumnDoc("BIGINT", "specifications", "Those that could not be fitted.", OURS),
        "weight": ColumnDoc("DOUBLE", "share", "Sum of the weights of the fitted ones.", OURS),
        "median_z": ColumnDoc("DOUBLE", None, "Weighted median of z.", OURS),
        "share_positive": ColumnDoc("DOUBLE", "share", "Weighted share with a positive estimate.", OURS),
        "share_positive_significant": ColumnDoc(
            "DOUBLE", "share", "Weighted share with a positive estimate and p < 0.05.", OURS
        ),
        "share_negative_significant": ColumnDoc(
            "DOUBLE", "share", "Weighted share with a negative estimate and p < 0.05.", OURS
        ),
        "is_synthetic": SYNTHETIC,
    },
}
