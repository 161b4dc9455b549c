"""The results tables: their descriptions, and the step that makes each."""

ESTIMATE_TABLES = {
    "models": "One row per fitted model: outcome, sample, n, events, fit, what was dropped and why.",
    "coefficients": "Every coefficient of every model under each covariance.",
    "marginal_effects": "Average marginal effects at observed values.",
    "predicted_probabilities": "Predicted probability of alliance formation over the observed range of each term.",
    "choices": "What the published commands fix, what they leave open, and what was chosen here.",
    "crosswalk": "The published commands and variables beside ours, and what differs.",
    "estimator_agreement": (
        "Largest differences between statsmodels, which gives the published estimates, and the own estimator, by model."
    ),
    "replications": (
        "The models of Allen and DiGiuseppe (2013) refitted on their own file, beside the figures of others."
    ),
    "dose_response": "Share of state-years with a formation, and probit coefficient, by change of infant mortality.",
    "evidence": (
        "What the headline finding rests on: measures, lags and leads, comparisons within states and years, dependence"
        " by year, power, equivalence, and sensitivity to an unobserved confounder."
    ),
}

# Made on request only (warehouse run --with inference): tables by step.
INFERENCE_TABLES = {
    "specification_curve": {
        "multiverse_dimensions": "Dimensions of the multiverse: every option with its status, reason and weight.",
        "specification_curve": (
            "The frozen multiverse fitted to the panel, to a placebo and to planted effects, in order of z."
        ),
        "specification_tests": "Each curve tested as a whole, with dependence by state and by year.",
        "multiverse_shares": "Weighted shares of positive and significant specifications, by dimension and option.",
    },
    "robustness": {
        "robustness": (
            "The headline model re-estimated with one thing changed at a time, placebo and permutation included."
        ),
    },
    "evidence": {
        "leave_out": "The headline model without each calendar year, and without the formations of each treaty.",
    },
    "validation": {
        "validation": "Out-of-sample scores with and without the mortality terms, and their differences.",
        "separation": "Out-of-sample predictions in order, with what happened: the separation plot's data.",
    },
}

# Made only if both the inference and the dyad-years are asked for (warehouse run --with inference --with dyads).
NETWORK_TABLES = {
    "network": (
        "Formation by pairs of states: probits on dyad-years, with errors that allow for what dyads, treaties, years"
        " and states share."
    ),
}

# Made on request only (warehouse run --with bayes), by packages of the extra bayes.
BAYES_TABLES = {
    "multilevel": (
        "The headline model as a multilevel Bayesian probit with effects of states and years: posterior of the"
        " coefficients and of the average effect of a rise, and convergence of the sampler."
    ),
    "multilevel_checks": "Counts in the data beside those in data drawn from the multilevel models.",
}

RESULT_TABLES = (
    ESTIMATE_TABLES
    | {table: text for tables in INFERENCE_TABLES.values() for table, text in tables.items()}
    | NETWORK_TABLES
    | BAYES_TABLES
)
