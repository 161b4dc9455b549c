"""The results tables: their columns with types, units and descriptions, and the conversion of rows to a frame."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analysis.core.column_docs import INDEX, OURS, SPECIFIED, SYNTHETIC, ColumnDoc
from analysis.core.evidence_tables import EVIDENCE_DOCS
from analysis.core.multilevel_tables import MULTILEVEL_DOCS
from analysis.core.multiverse_tables import MULTIVERSE_DOCS
from analysis.core.network_tables import NETWORK_DOCS

DTYPES = {"VARCHAR": "str", "BIGINT": "Int64", "DOUBLE": "float64", "BOOLEAN": "boolean"}


PUBLISHED = "the commands of Kimball (2010)"
MODEL = ColumnDoc("VARCHAR", None, "Model, as in results.models.", SPECIFIED)
OUTCOME = ColumnDoc("VARCHAR", None, "Outcome variable: a boolean column of the panel.", SPECIFIED)
RULE = ColumnDoc(
    "VARCHAR",
    None,
    "Obligation rule by which an alliance counts: military, defense, any; NULL for models without one.",
    SPECIFIED,
)
TERM = ColumnDoc(
    "VARCHAR",
    None,
    "Term: a panel column, with its transformation and its lag in calendar years; or constant.",
    SPECIFIED,
)
COVARIANCE = ColumnDoc(
    "VARCHAR",
    None,
    "How uncertainty is estimated: stata_robust (sandwich times n/(n-1)), cluster_state (by state, times G/(G-1), "
    "with t(G-1)), cluster_state_jackknife (linearised CV3: states left out in turn by one Newton step each, not by "
    "full refits, with t(G-1), MacKinnon, Nielsen & Webb 2023: for few or unequal states, where cluster_state is too "
    "small; results.evidence has the jackknife with full refits), cluster_state_year (two-way by state and year, "
    "with t of the fewer less 1, Cameron, Gelbach & Miller 2011), score_bootstrap (wild by state, Kline & Santos "
    "2012).",
    OURS,
)

COLUMN_DOCS: dict[str, dict[str, ColumnDoc]] = {
    "models": {
        "model": ColumnDoc("VARCHAR", None, "Name of the model: publication, then model; primary key.", SPECIFIED),
        "rule": RULE,
        "is_headline": ColumnDoc(
            "BOOLEAN", None, "True for the eight models with the headline obligation rule and our measures.", SPECIFIED
        ),
        "family": ColumnDoc("VARCHAR", None, "Link of the model, e.g. probit.", SPECIFIED),
        "sample": ColumnDoc("VARCHAR", None, "Years (and states) the model is about.", SPECIFIED),
        "outcome": OUTCOME,
        "n": ColumnDoc("BIGINT", "state-years", "Rows estimated on; NULL where the sample could not be formed.", OURS),
        "events": ColumnDoc("BIGINT", "state-years", "Rows in which the outcome is 1.", OURS),
        "clusters": ColumnDoc("BIGINT", "states", "States among the rows.", OURS),
        "n_dropped_missing": ColumnDoc(
            "BIGINT", "state-years", "Rows of the sample left out because a variable is missing.", OURS
        ),
        "log_likelihood": ColumnDoc("DOUBLE", "log likelihood", "At the maximum; NULL where there is none.", OURS),
        "null_log_likelihood": ColumnDoc("DOUBLE", "log likelihood", "With a constant alone, on the same rows.", OURS),
        "pseudo_r2": ColumnDoc("DOUBLE", "share", "McFadden's: 1 - log_likelihood / null_log_likelihood.", OURS),
        "auc": ColumnDoc("DOUBLE", "share", "Area under the ROC curve on the estimation sample; 0.5 is chance.", OURS),
        "converged": ColumnDoc("BOOLEAN", None, "True where a finite maximum was found.", OURS),
        "problem": ColumnDoc(
            "VARCHAR", None, "What failed, or what to know before using the figures; NULL where nothing.", OURS
        ),
        "terms_dropped": ColumnDoc(
            "VARCHAR", None, "Terms left out of the fit, each with the reason; NULL where none.", OURS
        ),
        "mart_fingerprint": ColumnDoc("VARCHAR", None, "Fingerprint of the panel the model was estimated on.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "coefficients": {
        "model": MODEL,
        "outcome": OUTCOME,
        "rule": RULE,
        "term": TERM,
        "term_order": ColumnDoc(
            "BIGINT", None, "Place of the term in the model, from 1; the constant last.", SPECIFIED
        ),
        "covariance": COVARIANCE,
        "estimate": ColumnDoc("DOUBLE", INDEX, "Maximum likelihood estimate; the same for every covariance.", OURS),
        "std_error": ColumnDoc(
            "DOUBLE", INDEX, "Standard error; NULL for score_bootstrap, which has none, and where not estimable.", OURS
        ),
        "statistic": ColumnDoc(
            "DOUBLE", None, "estimate / std_error; for score_bootstrap the score statistic at 0.", OURS
        ),
        "p_value": ColumnDoc("DOUBLE", "probability", "Two-sided, of the hypothesis that the coefficient is 0.", OURS),
        "conf_low": ColumnDoc(
            "DOUBLE",
            INDEX,
            "Lower end of the 95 per cent interval; for score_bootstrap by inverting the test (NULL: end not found).",
            OURS,
        ),
        "conf_high": ColumnDoc("DOUBLE", INDEX, "Upper end of the 95 per cent interval, likewise.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "marginal_effects": {
        "model": MODEL,
        "outcome": OUTCOME,
        "rule": RULE,
        "term": TERM,
        "effect": ColumnDoc("VARCHAR", None, "derivative, or for a term of 0 and 1 the change from 0 to 1.", OURS),
        "covariance": COVARIANCE,
        "estimate": ColumnDoc(
            "DOUBLE",
            "probability per unit of the term",
            "Average over the estimation sample at observed values (Hanmer & Kalkan 2013).",
            OURS,
        ),
        "std_error": ColumnDoc("DOUBLE", "probability per unit of the term", "By the delta method.", OURS),
        "statistic": ColumnDoc("DOUBLE", None, "estimate / std_error.", OURS),
        "p_value": ColumnDoc("DOUBLE", "probability", "Two-sided, of the hypothesis that the effect is 0.", OURS),
        "conf_low": ColumnDoc(
            "DOUBLE", "probability per unit of the term", "Lower end of the 95 per cent interval.", OURS
        ),
        "conf_high": ColumnDoc(
            "DOUBLE", "probability per unit of the term", "Upper end of the 95 per cent interval.", OURS
        ),
        "conf_low_simulated": ColumnDoc(
            "DOUBLE",
            "probability per unit of the term",
            "Lower end of the 95 per cent interval by simulation: 2.5th percentile over 1,000 draws of the "
            "coefficients from their normal distribution, fixed seed, set against the linear approximation over the "
            "same draws; for cluster_state only, NULL for the others.",
            OURS,
        ),
        "conf_high_simulated": ColumnDoc(
            "DOUBLE", "probability per unit of the term", "Upper end of it: 97.5th percentile.", OURS
        ),
        "is_synthetic": SYNTHETIC,
    },
    "predicted_probabilities": {
        "model": MODEL,
        "outcome": OUTCOME,
        "rule": RULE,
        "term": TERM,
        "value": ColumnDoc(
            "DOUBLE",
            "unit of the term",
            "Value the term is set to in every row, from its minimum to its maximum.",
            OURS,
        ),
        "covariance": COVARIANCE,
        "probability": ColumnDoc("DOUBLE", "probability", "Average predicted probability, all else as observed.", OURS),
        "std_error": ColumnDoc("DOUBLE", "probability", "By the delta method.", OURS),
        "conf_low": ColumnDoc(
            "DOUBLE",
            "probability",
            "Lower end of the 95 per cent interval, symmetric in the log odds so that it stays between 0 and 1.",
            OURS,
        ),
        "conf_high": ColumnDoc("DOUBLE", "probability", "Upper end of that interval.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "replications": {
        "model": ColumnDoc("VARCHAR", None, "Published model: publication, then its number in print.", SPECIFIED),
        "sample": ColumnDoc("VARCHAR", None, "States the model is about.", SPECIFIED),
        "outcome": ColumnDoc("VARCHAR", None, "Outcome, by its name in the published file.", SPECIFIED),
        "n": ColumnDoc("BIGINT", "state-years", "Rows estimated on.", OURS),
        "events": ColumnDoc("BIGINT", "state-years", "Rows in which the outcome is 1.", OURS),
        "log_likelihood": ColumnDoc("DOUBLE", "log likelihood", "At the maximum, refitted.", OURS),
        "reference_log_likelihood": ColumnDoc("DOUBLE", "log likelihood", "The same by others.", "reference_source"),
        "term": ColumnDoc("VARCHAR", None, "Term, by its name in the published file; or constant.", SPECIFIED),
        "term_order": ColumnDoc(
            "BIGINT", None, "Place of the term in the model, from 1; the constant last.", SPECIFIED
        ),
        "estimate": ColumnDoc("DOUBLE", INDEX, "Refitted coefficient.", OURS),
        "std_error": ColumnDoc("DOUBLE", INDEX, "Refitted standard error, Stata's robust.", OURS),
        "reference_estimate": ColumnDoc(
            "DOUBLE", INDEX, "The coefficient by others; NULL where none.", "reference_source"
        ),
        "reference_std_error": ColumnDoc("DOUBLE", INDEX, "Its robust standard error by others.", "reference_source"),
        "difference": ColumnDoc("DOUBLE", INDEX, "estimate - reference_estimate.", OURS),
        "reference_source": ColumnDoc("VARCHAR", None, "Where the reference figures are from; NULL where none.", OURS),
        "terms_dropped": ColumnDoc("VARCHAR", None, "Terms left out of the fit, each with the reason.", OURS),
        "problem": ColumnDoc("VARCHAR", None, "What failed, or what to know before using the figures.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "robustness": {
        "check": ColumnDoc("VARCHAR", None, "What was changed in the headline model.", OURS),
        "detail": ColumnDoc("VARCHAR", None, "To what.", OURS),
        "term": ColumnDoc("VARCHAR", None, "Mortality term; NULL where the check could not be made.", OURS),
        "n": ColumnDoc("BIGINT", "state-years", "Rows estimated on.", OURS),
        "events": ColumnDoc("BIGINT", "state-years", "Rows in which the outcome is 1.", OURS),
        "clusters": ColumnDoc("BIGINT", "states", "States among the rows.", OURS),
        "estimate": ColumnDoc("DOUBLE", INDEX, "Coefficient; NULL for permutation.", OURS),
        "std_error": ColumnDoc(
            "DOUBLE",
            INDEX,
            "Standard error, estimated as errors says; NULL for permutation.",
            OURS,
        ),
        "errors": ColumnDoc(
            "VARCHAR",
            None,
            "How std_error is estimated: clustered by state (cluster_state), the same pooled over completed panels, or "
            "from the expected information without clusters; NULL for permutation.",
            OURS,
        ),
        "statistic": ColumnDoc(
            "DOUBLE",
            None,
            "z = estimate / std_error (t for multiple imputation); for permutation that of the headline.",
            OURS,
        ),
        "null_mean": ColumnDoc(
            "DOUBLE",
            None,
            "For permutation: mean of the statistic over the draws, where it is centred; else NULL.",
            OURS,
        ),
        "p_value": ColumnDoc(
            "DOUBLE",
            "probability",
            "Two-sided; for permutation the share of draws at least as far from null_mean as the statistic.",
            OURS,
        ),
        "conf_low": ColumnDoc(
            "DOUBLE", None, "Lower end of the 95 per cent interval; for permutation of z itself.", OURS
        ),
        "conf_high": ColumnDoc("DOUBLE", None, "Upper end of it.", OURS),
        "problem": ColumnDoc("VARCHAR", None, "What failed, or what to know before using the figures.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "validation": {
        "model": MODEL,
        "scheme": ColumnDoc(
            "VARCHAR",
            None,
            "In sample; forward in time (decades from 1900, each from the years before it); states left out (tenths).",
            OURS,
        ),
        "score": ColumnDoc(
            "VARCHAR",
            None,
            "auc and average_precision (higher is better), brier (lower), log_score (mean log probability, higher).",
            OURS,
        ),
        "terms": ColumnDoc(
            "VARCHAR",
            None,
            "With the mortality terms; without them; time only (since the last formation, and the constant); or the "
            "difference of the first two.",
            OURS,
        ),
        "n": ColumnDoc("BIGINT", "state-years", "Rows predicted, the same for all terms; NULL with a problem.", OURS),
        "events": ColumnDoc("BIGINT", "state-years", "Rows predicted in which the outcome is 1.", OURS),
        "clusters": ColumnDoc("BIGINT", "states", "States among them.", OURS),
        "value": ColumnDoc("DOUBLE", "score", "The score, or the difference: with minus without.", OURS),
        "conf_low": ColumnDoc(
            "DOUBLE",
            "score",
            "Lower end of the 95 per cent interval: 999 resamples of whole states, the same for all terms, no refit; "
            "NULL with one state.",
            OURS,
        ),
        "conf_high": ColumnDoc("DOUBLE", "score", "Upper end of it.", OURS),
        "problem": ColumnDoc(
            "VARCHAR", None, "What could not be predicted (a decade, a tenth, everything), and why; else NULL.", OURS
        ),
        "is_synthetic": SYNTHETIC,
    },
    "separation": {
        "model": MODEL,
        "scheme": ColumnDoc("VARCHAR", None, "How the rows were predicted, as in results.validation.", OURS),
        "rank": ColumnDoc("BIGINT", None, "Place of the row by its probability, the least probable 1.", OURS),
        "cow_code": ColumnDoc("BIGINT", None, "State, as in marts.country_years.", OURS),
        "year": ColumnDoc("BIGINT", "year", "Calendar year.", OURS),
        "outcome": ColumnDoc("BIGINT", None, "1 if the event happened, else 0.", OURS),
        "probability": ColumnDoc("DOUBLE", "probability", "Predicted with the mortality terms, from other rows.", OURS),
        "probability_without_mortality": ColumnDoc("DOUBLE", "probability", "Predicted without them.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "estimator_agreement": {
        "model": MODEL,
        "reference": ColumnDoc("VARCHAR", None, "Software of the published estimates, with its version.", OURS),
        "n": ColumnDoc("BIGINT", "state-years", "Rows estimated on.", OURS),
        "n_coefficients": ColumnDoc("BIGINT", "coefficients", "Terms of the fit, the constant included.", OURS),
        "coefficient_difference": ColumnDoc(
            "DOUBLE", "standard errors", "Largest difference of a coefficient, in robust standard errors.", OURS
        ),
        "robust_difference": ColumnDoc("DOUBLE", "share", "Largest relative difference of stata_robust.", OURS),
        "cluster_difference": ColumnDoc(
            "DOUBLE", "share", "Largest relative difference of cluster_state; NULL with one state.", OURS
        ),
        "tolerance": ColumnDoc("DOUBLE", None, "Largest accepted value of each difference.", OURS),
        "agrees": ColumnDoc("BOOLEAN", None, "True where no difference exceeds the tolerance.", OURS),
        "problem": ColumnDoc("VARCHAR", None, "Why the reference could not fit the model; NULL where it did.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "crosswalk": {
        "published": ColumnDoc(
            "VARCHAR", None, "Model, variable or option of the published commands; primary key.", PUBLISHED
        ),
        "kind": ColumnDoc("VARCHAR", None, "model, variable or option.", OURS),
        "command": ColumnDoc("VARCHAR", None, "Command with the terms in our order; meaning of a variable.", PUBLISHED),
        "ours": ColumnDoc("VARCHAR", None, "Our model, or our variable in it.", OURS),
        "as_published": ColumnDoc(
            "VARCHAR", None, "The model nearest to the article on public files, or the variable in it.", OURS
        ),
        "differs": ColumnDoc("VARCHAR", None, "What differs from the article, or may differ.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    "choices": {
        "choice": ColumnDoc("VARCHAR", None, "What a model needs beyond its name; primary key.", OURS),
        "status": ColumnDoc(
            "VARCHAR",
            None,
            "fixed: by the published commands; open: not public, so that a choice had to be made; "
            "ours: a method of this project beyond the article.",
            OURS,
        ),
        "value": ColumnDoc("VARCHAR", None, "What was chosen.", OURS),
        "alternatives": ColumnDoc("VARCHAR", None, "What else would have been reasonable.", OURS),
        "why": ColumnDoc("VARCHAR", None, "Why this and not another.", OURS),
        "is_synthetic": SYNTHETIC,
    },
    **EVIDENCE_DOCS,
    **NETWORK_DOCS,
    **MULTILEVEL_DOCS,
    **MULTIVERSE_DOCS,
}


def frame(table: str, rows: Iterable[Mapping[str, Any]], is_synthetic: bool) -> pd.DataFrame:
    """Convert rows to a frame with the columns of a results table.

    Parameters
    ----------
    table : str
        Key of COLUMN_DOCS.
    rows : iterable of mapping
        Values by column; every column of the table except ``is_synthetic`` must be there. May be empty.
    is_synthetic : bool
        Value of the column ``is_synthetic``.

    Returns
    -------
    DataFrame
        One row per mapping, with the table's columns in their order and with their types.
    """
    rows = [{**row, "is_synthetic": is_synthetic} for row in rows]
    return pd.DataFrame({name: _column([row[name] for row in rows], doc) for name, doc in COLUMN_DOCS[table].items()})


def _column(values: list[Any], doc: ColumnDoc) -> "pd.Series[Any]":
    """The values with the type of the column; infinite and undefined numbers as missing, published as NULL."""
    if doc.type == "DOUBLE":
        return pd.Series(
            [value if value is not None and abs(value) < float("inf") else None for value in values], dtype="float64"
        )
    return pd.Series(values, dtype=DTYPES[doc.type])
