"""Turn a publication into files for readers: tables, figures, report, export and documentation pages.

Belongs here: writing what is published to files that need no warehouse, and the layout of those files. Everything is
made from one publication.

Does not belong here: estimates, and how tables and figures are drawn (``analysis``), what a publication contains
(``orchestration.publication``), and queries (``orchestration.query``).
"""
