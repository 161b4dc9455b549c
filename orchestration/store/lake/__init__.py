"""The shared lake: publications as snapshots of a DuckLake, whose catalogue lies in PostgreSQL and whose data are Parquet files."""
