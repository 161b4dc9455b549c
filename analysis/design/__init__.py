"""From a panel and a specification to the arrays of an estimation sample.

Belongs here: selecting rows, lags and transformations of terms, spline and polynomial time dependence, and dropping of
perfect predictors and of constant or collinear terms.

Does not belong here: fitting (``analysis.estimators``), the specifications of particular models
(``analysis.studies``), and the checks of the panel's key (``analysis.core.panel``).
"""
