"""What every other package of the analysis imports: panel, model specifications, results tables, errors, conventions.

Belongs here: the checks of a panel and lags by calendar year, the description of a model as data, the columns of the
results tables, the two exceptions, array types, and constants shared by several packages (significance level,
headline covariance, seed).

Does not belong here: anything that estimates or tests (``analysis.estimators``, ``analysis.inference``), and
constants that only one module needs.
"""
