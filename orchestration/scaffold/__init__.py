"""Write the files of a new source or model, and the files that follow from the source records.

Belongs here: reading a file whose contract is not known yet (``reading``), what its cells show about types, missing
codes, key, years and countries (``columns``, ``missing``, ``country_codes``, ``findings``), the text of each new file
(``record``, ``source_models``, ``model``), writing all of them or none (``files``), and the files that are generated
from the records (``generated``).
Does not belong here: reading a file under its contract (``ingest``), running dbt (``build``), or a decision that only
a person can make: a licence, a citation, a unit. Those are written as ``undecided``, which loading a record refuses.
"""
