"""Choices that studies and reports share: significance level, headline covariance, seed of random draws."""

SIGNIFICANCE_LEVEL = 0.05
"""Two-sided level of tests; intervals cover 1 - SIGNIFICANCE_LEVEL."""

INTERVAL_TAILS = (SIGNIFICANCE_LEVEL / 2, 1 - SIGNIFICANCE_LEVEL / 2)
"""Probabilities below the lower and the upper end of an interval."""

HEADLINE_COVARIANCE = "cluster_state"
"""Covariance whose standard errors are reported first."""

SEED = 20100407
"""Seed of every random draw, so that the same data give the same results, bit for bit."""
