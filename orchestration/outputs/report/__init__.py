"""The report: one self-contained HTML page about a publication.

Belongs here: the order of the page, its sentences, its tables and its style.

Does not belong here: drawing figures and laying out regression tables (``analysis.reporting``), and the files of tables
and figures (``orchestration.outputs.presentation``).
"""
