"""Watch the sources and report failures.

Belongs here: finding out whether a source file changed in the mirror, on record or at its publisher (``watch``), and
keeping and posting alert records (``alerts``).

Does not belong here: the sensor that requests runs and the Dagster hook that raises alerts (``orchestration.defs``),
getting source files (``orchestration.ingest``) and recording a new version of one (``orchestration.upgrade``).
"""
