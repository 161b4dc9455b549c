"""The frozen multiverse: its dimensions, its specifications, and the statistics over all of them.

Belongs here: which options are reasonable and why, the balanced subset of their combinations, what one specification
estimates, and tests and shares over all.

Does not belong here: running the multiverse on a panel (``analysis.studies.specification_curve``).
"""
