"""Statistics of the project: frames in, frames, arrays and figures out.

Belongs here: the estimation of binary-outcome models, inference, the studies made with them, the theoretical model,
and the text and figures made from results. Import order: core < estimators, design, theory < inference < studies <
reporting, where a package imports only from packages to its left.

Does not belong here: Dagster, dbt, database connections, reading or writing of files, and anything of
``orchestration``, which calls this package and is never imported by it.
"""
