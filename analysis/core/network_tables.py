"""Columns of the results table on formations by pairs of states."""

from analysis.core.column_docs import INDEX, OURS, SPECIFIED, SYNTHETIC, ColumnDoc

DYAD_YEARS = "dyad-years"

NETWORK_DOCS: dict[str, dict[str, ColumnDoc]] = {
    "network": {
        "model": ColumnDoc(
            "VARCHAR",
            None,
            "Probit on undirected dyad-years to 2000, already allied ones included. dyads/military: a treaty with a "
            "military obligation begins to bind both members, and is new for the one that entered last; "
            "dyads/military_bilateral: the same, treaties of two members only. /within_dyads: with the means of the "
            "mortality terms by dyad, so that the terms compare years of one dyad; /decades: with effects of decades.",
            SPECIFIED,
        ),
        "term": ColumnDoc(
            "VARCHAR",
            None,
            "Term, with its lag in calendar years. _sum: of both members, so that the coefficient is that of one "
            "member, as in the state-year models; infant_mortality_rose_sum is the number of members (0, 1, 2) in "
            "which infant mortality rose. _dyad_mean: mean over the years of the dyad. Effects of decades are not "
            "listed.",
            SPECIFIED,
        ),
        "covariance": ColumnDoc(
            "VARCHAR",
            None,
            "Which rows may depend on each other: cluster_dyad (years of one dyad), cluster_treaty (formations by one "
            "treaty; a dyad's years without a formation are a cluster of their own), cluster_year, cluster_members "
            "(two-way by the member with the lower and the one with the higher code, Cameron, Gelbach & Miller 2011), "
            "dyadic_robust (all rows whose dyads share a member, Aronow, Samii & Assenova 2015).",
            OURS,
        ),
        "n": ColumnDoc("BIGINT", DYAD_YEARS, "Rows estimated on.", OURS),
        "events": ColumnDoc("BIGINT", DYAD_YEARS, "Rows with a formation.", OURS),
        "dyads": ColumnDoc("BIGINT", "dyads", "Dyads among the rows.", OURS),
        "states": ColumnDoc("BIGINT", "states", "States among their members.", OURS),
        "clusters": ColumnDoc(
            "BIGINT", None, "Clusters; the fewer of a two-way covariance, the states of a dyadic one.", OURS
        ),
        "estimate": ColumnDoc("DOUBLE", INDEX, "Maximum likelihood estimate; the same for every covariance.", OURS),
        "std_error": ColumnDoc("DOUBLE", INDEX, "Standard error.", OURS),
        "statistic": ColumnDoc("DOUBLE", None, "estimate / std_error.", OURS),
        "p_value": ColumnDoc(
            "DOUBLE", "probability", "Two-sided, t(clusters - 1), of the hypothesis that the coefficient is 0.", OURS
        ),
        "conf_low": ColumnDoc("DOUBLE", INDEX, "Lower end of the 95 per cent interval.", OURS),
        "conf_high": ColumnDoc("DOUBLE", INDEX, "Upper end of it.", OURS),
        "problem": ColumnDoc(
            "VARCHAR", None, "What failed, or what to know before using the figures; NULL where nothing.", OURS
        ),
        "is_synthetic": SYNTHETIC,
    }
}
