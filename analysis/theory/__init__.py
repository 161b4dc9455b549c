"""Theoretical models of alliance formation, solved numerically.

Belongs here: assumptions as parameters, the optimum they imply, and its comparative statics. Functional forms and
parameter values are this project's own; nothing is estimated from data.

Does not belong here: statistics on the panel (``analysis.estimators``, ``analysis.inference``) and drawing
(``analysis.reporting``).
"""
