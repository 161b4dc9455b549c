"""The shared lake: publications as snapshots of a DuckLake, with PostgreSQL for its catalogue and Parquet for its data.

Belongs here: the server connection, the catalogues, snapshots, locks between machines. Does not belong here: anything
that works on local files.
"""
