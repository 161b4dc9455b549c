"""Lineage of the results: the columns that the models of a results table read, from their specifications."""

from collections.abc import Iterable

from analysis.core.specification import Model
from analysis.core.tables import COLUMN_DOCS

PANEL, PUBLISHED_MEASURES = "marts.country_years", "marts.published_measures"
REPLICATION_FILE, ENTRIES = "raw.allen_digiuseppe_2013", "marts.alliance_entries"
DYAD_YEARS = "marts.dyad_years"
KEY = {"cow_code", "year"}  # every model clusters by state and looks up lags by year
# Columns computed from the data, in any results table; the others are specifications or choices.
COMPUTED = {
    *("n", "events", "dyads", "states", "clusters", "n_dropped_missing", "terms_dropped", "converged", "problem"),
    *("log_likelihood", "null_log_likelihood", "pseudo_r2", "auc"),
    *("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "difference"),
    *("conf_low_simulated", "conf_high_simulated", "value", "probability", "probability_without_mortality"),
    *("observed", "null_median", "null_95", "null_mean", "rank", "share", "share_low", "share_high"),
    *("weight", "median_z", "share_positive", "share_positive_significant", "share_negative_significant"),
    *("mean", "std_dev", "median", "probability_positive", "probability_of_interest", "r_hat", "effective_size"),
    *("prior_low", "prior_high", "posterior_median", "posterior_low", "posterior_high", "divergences", "years"),
    *("n_coefficients", "agrees", "coefficient_difference", "robust_difference", "cluster_difference"),
}


def results_lineage(table: str) -> dict[str, list[tuple[str, str]]]:
    """Find the columns from which a results table is computed.

    Parameters
    ----------
    table : str
        Results table, without the schema.

    Returns
    -------
    dict of str to list of (str, str)
        For each computed column the (table, column) pairs that any model of the table reads, sorted; empty for a table
        that reads no data.
    """
    if table in ("choices", "crosswalk", "multiverse_dimensions"):
        return {}
    read = []
    if table != "replications":
        read += [(_mart_of(column), column) for column in sorted(panel_columns(table))]
    if table in ("replications", "estimator_agreement"):
        read += [(REPLICATION_FILE, column) for column in sorted(replication_columns())]
    if table == "leave_out":
        read = [(ENTRIES, column) for column in sorted(entry_columns())] + read
    if table == "network":
        read = [(ENTRIES, column) for column in sorted(pair_columns())] + read
        read += [(DYAD_YEARS, column) for column in sorted(dyad_columns())]
    copied = {column: [(PANEL, column)] for column in COLUMN_DOCS[table] if column in KEY}
    return {column: read for column in COLUMN_DOCS[table] if column in COMPUTED} | copied


def replication_columns() -> set[str]:
    """List the columns of the replication file that the published models read."""
    from analysis.studies.allen_digiuseppe import ALLEN_DIGIUSEPPE_2013

    return {"ccode", "year"} | _columns_of(ALLEN_DIGIUSEPPE_2013)


def entry_columns() -> set[str]:
    """List the columns of marts.alliance_entries from which the state-years of a treaty are known."""
    from analysis.studies.kimball import headline_model

    return {"cow_code", "atop_id", "entry_year", "is_new", f"has_{headline_model().rule}"}


def pair_columns() -> set[str]:
    """List the columns of marts.alliance_entries from which the formations by pairs of states are known."""
    return entry_columns() | {"phase", "entry_date", "exit_date", "is_bilateral"}


def dyad_columns() -> set[str]:
    """List the columns of marts.dyad_years that the models of pairs of states read."""
    from analysis.studies.evidence.dyads import DYAD_COLUMNS

    return set(DYAD_COLUMNS)


def panel_columns(table: str) -> set[str]:
    """List the columns of the panel that the models of a results table read.

    Parameters
    ----------
    table : str
        Results table, without the schema.

    Returns
    -------
    set of str
        Key columns included.
    """
    from analysis.studies.kimball import HEADLINE_MODEL, KIMBALL_2010

    headline = _columns_of(model for model in KIMBALL_2010 if model.name == HEADLINE_MODEL)
    if table in ("specification_curve", "specification_tests", "multiverse_shares"):
        from analysis.studies.multiverse.dimensions import specifications
        from analysis.studies.multiverse.fitting import panel_columns as columns_of_choice

        columns = set().union(*(columns_of_choice(choice) for choice in specifications()))
    elif table == "robustness":
        from analysis.studies.imputation import PREDICTORS
        from analysis.studies.robustness import SOURCES, WITHOUT_SUSPECT

        columns = headline | {*SOURCES, *(term.column for term in PREDICTORS), str(WITHOUT_SUSPECT.where)}
    elif table in ("validation", "separation", "evidence", "leave_out", "multilevel", "multilevel_checks"):
        columns = headline
    elif table == "dose_response":
        from analysis.studies.evidence.dose_response import SUSPECT

        columns = headline | {SUSPECT}
    elif table == "network":
        from analysis.studies.evidence.dyads import SUMMED

        columns = set(SUMMED)
    else:
        columns = _columns_of(KIMBALL_2010)
    return KEY | columns


def _mart_of(column: str) -> str:
    from analysis.studies.kimball import PUBLISHED_COLUMNS

    return PUBLISHED_MEASURES if column in PUBLISHED_COLUMNS else PANEL


def _columns_of(models: Iterable[Model]) -> set[str]:
    """Columns of outcome, terms, time dependence and sample condition of every model."""
    columns: set[str] = set()
    for model in models:
        columns |= {model.outcome, *(term.column for term in model.terms)}
        columns |= {model.time.column} if model.time else set()
        columns |= {model.sample.where} if model.sample.where else set()
    return columns
