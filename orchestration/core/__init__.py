"""What every other package may use: errors, settings, files, locks, DuckDB helpers and tables as text.

Belongs here: small functions that know nothing of sources, models, publications or Dagster.
Does not belong here: anything that reads the environment on its own (``settings.from_environment`` is called by the
entry points only), and anything that opens a publication or a build (``store``).
"""
