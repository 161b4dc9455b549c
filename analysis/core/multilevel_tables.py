"""Columns of the results tables of the multilevel Bayesian probit."""

from analysis.core.column_docs import OURS, SPECIFIED, SYNTHETIC, ColumnDoc

SIZE = "state-years"
MODEL = ColumnDoc(
    "VARCHAR",
    None,
    "Terms and sample of the headline model. pooled: flat priors and nothing that varies, which repeats the published "
    "probit; crossed: intercepts by state and by year and a coefficient of the rise by state, with weakly informative "
    "priors; crossed/state_means: the same with the state means of the mortality terms, so that the terms compare "
    "years of the same state.",
    SPECIFIED,
)

MULTILEVEL_DOCS: dict[str, dict[str, ColumnDoc]] = {
    "multilevel": {
        "model": MODEL,
        "quantity": ColumnDoc(
            "VARCHAR",
            None,
            "coefficient; average effect (of a rise on the probability of a formation, at observed values, by the "
            "definition of results.marginal_effects); standard deviation of intercepts by state, of intercepts by "
            "year, of coefficients of the rise by state.",
            OURS,
        ),
        "term": ColumnDoc("VARCHAR", None, "Term, as in results.coefficients; NULL for intercepts.", SPECIFIED),
        "n": ColumnDoc("BIGINT", SIZE, "Rows estimated on.", OURS),
        "events": ColumnDoc("BIGINT", SIZE, "Rows in which the outcome is 1.", OURS),
        "states": ColumnDoc("BIGINT", "states", "States among the rows.", OURS),
        "years": ColumnDoc("BIGINT", "years", "Calendar years among the rows.", OURS),
        "mean": ColumnDoc(
            "DOUBLE",
            "that of quantity",
            "Posterior mean: linear index per unit of the term; probability (0 to 1) for an effect.",
            OURS,
        ),
        "std_dev": ColumnDoc("DOUBLE", "that of quantity", "Posterior standard deviation.", OURS),
        "median": ColumnDoc("DOUBLE", "that of quantity", "Posterior median.", OURS),
        "conf_low": ColumnDoc("DOUBLE", "that of quantity", "Lower end of the central 95 per cent interval.", OURS),
        "conf_high": ColumnDoc("DOUBLE", "that of quantity", "Upper end of it.", OURS),
        "probability_positive": ColumnDoc(
            "DOUBLE", "probability", "Posterior probability that the quantity is above 0; NULL for deviations.", OURS
        ),
        "probability_of_interest": ColumnDoc(
            "DOUBLE",
            "probability",
            "Posterior probability that the effect is above the smallest effect of interest, 0.01; NULL for others.",
            OURS,
        ),
        "r_hat": ColumnDoc("DOUBLE", None, "Split R-hat; 1 where the chains agree.", OURS),
        "effective_size": ColumnDoc("DOUBLE", "draws", "Effective sample size of the draws.", OURS),
        "chains": ColumnDoc("BIGINT", "chains", "Chains of the no-U-turn sampler.", SPECIFIED),
        "warm_up": ColumnDoc("BIGINT", "draws", "Draws of each chain that only adapt the sampler.", SPECIFIED),
        "draws": ColumnDoc("BIGINT", "draws", "Draws of each chain that are used.", SPECIFIED),
        "divergences": ColumnDoc("BIGINT", "draws", "Divergent draws of all chains; should be 0.", OURS),
        "seed": ColumnDoc("BIGINT", None, "Seed of the chains.", SPECIFIED),
        "problem": ColumnDoc(
            "VARCHAR", None, "What failed, or why the draws must not be used; NULL where nothing.", OURS
        ),
        "is_synthetic": SYNTHETIC,
    },
    "multilevel_checks": {
        "model": MODEL,
        "check": ColumnDoc(
            "VARCHAR",
            None,
            "What is counted in the data and in data drawn from the model: formations; formations by decade; "
            "formations in the fullest year; formations of the most active state; states that never form.",
            OURS,
        ),
        "detail": ColumnDoc("VARCHAR", None, "The decade, by its first year; else all.", OURS),
        "observed": ColumnDoc("DOUBLE", "count", "Count in the data.", OURS),
        "prior_low": ColumnDoc(
            "DOUBLE", "count", "Lower end of the 95 per cent interval of data drawn before the fit.", OURS
        ),
        "prior_high": ColumnDoc("DOUBLE", "count", "Upper end of it.", OURS),
        "posterior_median": ColumnDoc("DOUBLE", "count", "Median of data drawn from the fitted model.", OURS),
        "posterior_low": ColumnDoc("DOUBLE", "count", "Lower end of their 95 per cent interval.", OURS),
        "posterior_high": ColumnDoc("DOUBLE", "count", "Upper end of it.", OURS),
        "is_synthetic": SYNTHETIC,
    },
}
