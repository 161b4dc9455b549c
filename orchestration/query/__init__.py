"""Queries of a publication by users: one read-only statement at a time, or the SQL shell.

Belongs here: running a statement without access to files, network or settings, explaining DuckDB's errors, formatting
results, and the shell. Does not belong here: opening stored publications (``store``), choosing one by its id
(``publication.kept``), and the commands' options (``cli``).
"""
