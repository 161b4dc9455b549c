"""dbt as the warehouse uses it: its parse, its process, its results, column lineage, and the fingerprint of a build.

Belongs here: everything that knows dbt's files and commands, without Dagster. Does not belong here: the models
themselves (``dbt_project``) and Dagster's view of them (``defs.dbt_build``).
"""
