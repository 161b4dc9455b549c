"""What the finding rests on: analyses of the headline model, each in a module of its own.

Belongs here: dose-response, measures of mortality, lags and leads, comparisons within states and within years,
dependence by year, parts left out, power and equivalence, and sensitivity to an unobserved confounder. ``tables``
assembles them into the results tables of ``analysis.core.evidence_tables``. ``dyads`` and ``network`` repeat the model
on pairs of states, for the table of ``analysis.core.network_tables``.

Does not belong here: tests and covariances that serve any model (``analysis.inference``), and a judgement of the
claim (``analysis.reporting``).
"""
