"""What identifies a row of every published table: the one place for primary keys and for comparing publications."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TableKey:
    """columns: those that identify a row. year: SQL that gives the row's calendar year, where it has one.

    is_primary: whether the published table has them as its primary key, which forbids NULL in them.
    """

    columns: tuple[str, ...]
    year: str | None = None
    is_primary: bool = True


TABLE_KEYS = {
    "marts.country_years": TableKey(("cow_code", "year"), "year"),
    "marts.countries": TableKey(("cow_code",)),
    "marts.alliance_entries": TableKey(("cow_code", "atop_id", "phase", "entry_date"), "year(entry_date)"),
    "marts.infant_mortality": TableKey(("cow_code", "year", "source"), "year"),
    "marts.coverage": TableKey(("variable", "decade", "region"), "decade"),
    # No index on two million rows: it would double the file, and the build has tested that the key is unique.
    "marts.dyad_years": TableKey(("cow_code", "partner_code", "year"), "year", is_primary=False),
    "results.models": TableKey(("model",)),
    "results.coefficients": TableKey(("model", "term", "covariance")),
    "results.marginal_effects": TableKey(("model", "term", "effect", "covariance")),
    "results.predicted_probabilities": TableKey(("model", "term", "value", "covariance")),
    "results.choices": TableKey(("choice",)),
    "results.replications": TableKey(("model", "term")),
    "results.specification_curve": TableKey(("specification",)),
    "results.specification_tests": TableKey(("statistic",)),
    "results.robustness": TableKey(("check", "detail", "term"), is_primary=False),  # a check that failed has no term
    "results.validation": TableKey(("model", "scheme", "score", "terms")),
    "results.separation": TableKey(("model", "scheme", "cow_code", "year"), "year"),
}
