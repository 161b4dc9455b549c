"""Publications: what one contains, how it is written and audited, which are kept, and how two of them differ.

Belongs here: the codebook, the tables of schema meta, the audit, replacing the current file, checks of a load against
the current publication, and comparing publications. Does not belong here: fitting models (``modelling``), where
publications are stored (``store``), statements of users (``query``), and other formats (``outputs``).
"""
