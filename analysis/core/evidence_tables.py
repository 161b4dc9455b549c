"""Columns of the results tables on what the finding rests on: dose-response, further evidence, parts left out."""

from analysis.core.column_docs import INDEX, OURS, SPECIFIED, SYNTHETIC, ColumnDoc

SIZES = {
    "n": ColumnDoc("BIGINT", "state-years", "Rows estimated on.", OURS),
    "events": ColumnDoc("BIGINT", "state-years", "Rows in which the outcome is 1.", OURS),
    "clusters": ColumnDoc("BIGINT", "states", "States among the rows.", OURS),
}
PROBLEM = ColumnDoc("VARCHAR", None, "What failed, or what to know before using the figures; NULL where nothing.", OURS)

EVIDENCE_DOCS: dict[str, dict[str, ColumnDoc]] = {
    "dose_response": {
        "bin_order": ColumnDoc("BIGINT", None, "Place of the bin from the largest falls to the largest rises.", OURS),
        "bin": ColumnDoc(
            "VARCHAR",
            None,
            "Yearly change of infant mortality, deaths per 1,000 live births; an end belongs to the bin that is nearer "
            "to 0. flagged: a value that the mart marks as suspect, whatever its change. Primary key.",
            OURS,
        ),
        "n": ColumnDoc("BIGINT", "state-years", "Rows of the headline sample in the bin.", OURS),
        "events": ColumnDoc("BIGINT", "state-years", "Of these, rows with a formation.", OURS),
        "share": ColumnDoc("DOUBLE", "share", "events / n.", OURS),
        "share_low": ColumnDoc(
            "DOUBLE",
            "share",
            "Lower end of the 95 per cent interval of the share, clustered by state and symmetric in the log odds.",
            OURS,
        ),
        "share_high": ColumnDoc("DOUBLE", "share", "Upper end of it.", OURS),
        "estimate": ColumnDoc(
            "DOUBLE",
            INDEX,
            "Probit coefficient of the bin against no change, beside the level of mortality, the controls and the time "
            "dependence of the headline model; NULL for the bin of no change.",
            OURS,
        ),
        "std_error": ColumnDoc("DOUBLE", INDEX, "Standard error clustered by state.", OURS),
        "statistic": ColumnDoc("DOUBLE", None, "estimate / std_error.", OURS),
        "p_value": ColumnDoc("DOUBLE", "probability", "Two-sided, t(G-1), of the hypothesis of no difference.", OURS),
        "conf_low": ColumnDoc("DOUBLE", INDEX, "Lower end of the 95 per cent interval.", OURS),
        "conf_high": ColumnDoc("DOUBLE", INDEX, "Upper end of it.", OURS),
        "problem": PROBLEM,
        "is_synthetic": SYNTHETIC,
    },
    "evidence": {
        "check": ColumnDoc("VARCHAR", None, "Group of checks of the headline model, e.g. calendar effects.", SPECIFIED),
        "detail": ColumnDoc("VARCHAR", None, "The check within its group.", SPECIFIED),
        "term": ColumnDoc("VARCHAR", None, "Term the figures are about; NULL where the check is of no one term.", OURS),
        "quantity": ColumnDoc(
            "VARCHAR",
            None,
            "What estimate is: coefficient, average marginal effect, share of formations, joint test (no estimate), "
            "minimal detectable effect, robustness value, bounded coefficient.",
            SPECIFIED,
        ),
        "covariance": ColumnDoc(
            "VARCHAR",
            None,
            "How uncertainty is estimated, as in results.coefficients; also cluster_year, score_bootstrap_year, "
            "jackknife_state_refitted (CV3 with a full refit without each state), classical (least squares).",
            SPECIFIED,
        ),
        **SIZES,
        "estimate": ColumnDoc("DOUBLE", "that of quantity", "The quantity; effects and shares are from 0 to 1.", OURS),
        "std_error": ColumnDoc("DOUBLE", "that of quantity", "Its standard error; NULL where it has none.", OURS),
        "statistic": ColumnDoc(
            "DOUBLE", None, "estimate / std_error; F of a joint test; the score statistic of a bootstrap.", OURS
        ),
        "p_value": ColumnDoc(
            "DOUBLE", "probability", "Of the hypothesis that the quantity is 0, or of the one detail names.", OURS
        ),
        "conf_low": ColumnDoc(
            "DOUBLE", "that of quantity", "Lower end of the 95 per cent interval; 90 for an equivalence test.", OURS
        ),
        "conf_high": ColumnDoc("DOUBLE", "that of quantity", "Upper end of it.", OURS),
        "effect": ColumnDoc(
            "DOUBLE",
            "probability per unit of the term",
            "Average marginal effect of the term at observed values; NULL where the check has none.",
            OURS,
        ),
        "problem": PROBLEM,
        "is_synthetic": SYNTHETIC,
    },
    "leave_out": {
        "left_out": ColumnDoc("VARCHAR", None, "What is left out: one calendar year, or one treaty.", SPECIFIED),
        "identifier": ColumnDoc(
            "BIGINT",
            None,
            "The calendar year, or atop_id of the treaty, as in marts.alliance_entries: all state-years in which it "
            "forms an alliance are left out, also if another treaty does so too.",
            OURS,
        ),
        "term": ColumnDoc("VARCHAR", None, "Mortality term.", OURS),
        **SIZES,
        "estimate": ColumnDoc("DOUBLE", INDEX, "Coefficient in the headline model without that part.", OURS),
        "std_error": ColumnDoc("DOUBLE", INDEX, "Standard error clustered by state.", OURS),
        "statistic": ColumnDoc("DOUBLE", None, "estimate / std_error.", OURS),
        "p_value": ColumnDoc("DOUBLE", "probability", "Two-sided, of the hypothesis that the coefficient is 0.", OURS),
        "conf_low": ColumnDoc("DOUBLE", INDEX, "Lower end of the 95 per cent interval.", OURS),
        "conf_high": ColumnDoc("DOUBLE", INDEX, "Upper end of it.", OURS),
        "problem": PROBLEM,
        "is_synthetic": SYNTHETIC,
    },
}
