"""Record a new version of a source file, after showing what it changes.

Belongs here: the proposed source record (``propose``, ``record_edit``), what the new file changes in the raw tables and
in a mart built from it in a scratch folder (``preview``), and the text of both (``text``).

Does not belong here: getting and reading source files (``orchestration.ingest``), comparing tables
(``orchestration.publication.compare``), publishing (the next refresh does that) and asking the user to confirm
(``orchestration.cli``).
"""
