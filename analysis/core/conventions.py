"""Choices that every study and every report shares: significance level, headline covariance, seed of random draws."""

SIGNIFICANCE_LEVEL = 0.05
"""Two-sided; intervals cover 1 - SIGNIFICANCE_LEVEL."""

HEADLINE_COVARIANCE = "cluster_state"
"""Covariance whose standard errors are reported first."""

SEED = 20100407
"""Seed of every random draw, so that the same data give the same bits."""
