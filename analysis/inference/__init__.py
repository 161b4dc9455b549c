"""What follows a fit: checks, covariance matrices, tests, intervals, marginal effects and predictive scores.

Belongs here: methods that serve any binary-outcome model, each with its reference. Functions take a
``analysis.estimators.likelihood.Fit`` and cluster codes, or predictions, and return numbers or arrays.

Does not belong here: maximising a likelihood (``analysis.estimators``; the reference by statsmodels is in
``reference_fit``, because it comes with its covariances), the choice of models and samples, and the
layout of results tables (both ``analysis.studies``).
"""
