"""Turn published results into what a reader sees: regression tables, figures and the sentence on the claim.

Belongs here: layout, wording, number formats, figure style and the alternative text of figures. Every function takes
frames with the columns of the results tables (``analysis.core.tables.COLUMN_DOCS``) or of the marts, and returns text
or a figure.

Does not belong here: estimation, tests and resampling (``analysis.inference``, ``analysis.studies``), reading from the
warehouse, and the choice of what a publication contains (``orchestration.outputs``).
"""
