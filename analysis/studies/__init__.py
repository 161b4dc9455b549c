"""The studies of this project: which models are fitted to which samples, and the results tables they fill.

Belongs here: the specifications of Kimball (2010) and Allen & DiGiuseppe (2013), the estimation of their models, and
the analyses of the headline model (what the finding rests on in ``evidence``, specification curve, robustness checks,
permutation, multiple imputation, validation). Each study takes a panel as a frame and returns frames with the columns
of ``analysis.core.tables.COLUMN_DOCS``.

Does not belong here: estimators, covariances and tests that serve any model (``analysis.estimators``,
``analysis.inference``), text and figures (``analysis.reporting``), and reading or writing of files
(``orchestration.modelling``).
"""
