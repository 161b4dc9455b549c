"""The key of every published table, for primary keys and for comparing publications."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TableKey:
    """The key of one table.

    Attributes
    ----------
    columns : tuple of str
        Columns that identify a row.
    year : str or None
        SQL expression for the calendar year of a row; None if rows have no year.
    is_primary : bool
        Whether the published table has them as its primary key, which forbids NULL in them.
    """

    columns: tuple[str, ...]
    year: str | None = None
    is_primary: bool = True


TABLE_KEYS = {
    "marts.country_years": TableKey(("cow_code", "year"), "year"),
    "marts.countries": TableKey(("cow_code",)),
    "marts.alliance_entries": TableKey(("cow_code", "atop_id", "phase", "entry_date"), "year(entry_date)"),
    "marts.infant_mortality": TableKey(("cow_code", "year", "source"), "year"),
    "marts.published_measures": TableKey(("cow_code", "year"), "year"),
    "marts.coverage": TableKey(("variable", "decade", "region"), "decade"),
    # No primary key: its index on two million rows would double the file, and a dbt test checks that it is unique.
    "marts.dyad_years": TableKey(("cow_code", "partner_code", "year"), "year", is_primary=False),
    "results.models": TableKey(("model",)),
    "results.coefficients": TableKey(("model", "term", "covariance")),
    "results.marginal_effects": TableKey(("model", "term", "effect", "covariance")),
    "results.predicted_probabilities": TableKey(("model", "term", "value", "covariance")),
    "results.choices": TableKey(("choice",)),
    "results.crosswalk": TableKey(("published",)),
    "results.estimator_agreement": TableKey(("model",)),
    "results.replications": TableKey(("model", "term")),
    "results.dose_response": TableKey(("bin",)),
    # term, identifier and covariance are NULL where a check failed or is of no one term
    "results.evidence": TableKey(("check", "detail", "term", "quantity", "covariance"), is_primary=False),
    "results.leave_out": TableKey(("left_out", "identifier", "term"), is_primary=False),
    # term and covariance are NULL where a model failed
    "results.network": TableKey(("model", "term", "covariance"), is_primary=False),
    "results.multiverse_dimensions": TableKey(("dimension", "option")),
    "results.specification_curve": TableKey(("curve", "specification")),
    "results.specification_tests": TableKey(("curve", "statistic")),
    "results.multiverse_shares": TableKey(("curve", "dimension", "option")),
    "results.robustness": TableKey(("check", "detail", "term"), is_primary=False),  # term is NULL if the check failed
    # term is NULL for intercepts and where a model failed
    "results.multilevel": TableKey(("model", "quantity", "term"), is_primary=False),
    "results.multilevel_checks": TableKey(("model", "check", "detail")),
    "results.validation": TableKey(("model", "scheme", "score", "terms")),
    "results.separation": TableKey(("model", "scheme", "cow_code", "year"), "year"),
}
