"""The connection between the warehouse and the statistical package ``analysis``.

Belongs here: reading the mart for the models, running the studies, writing the results tables, the workers that run
the estimation, and which columns each table is computed from. Does not belong here: statistics (``analysis``), which
knows nothing of files or DuckDB, and Dagster's assets (``defs.estimates``).
"""
