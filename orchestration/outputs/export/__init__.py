"""A publication handed on as files: Parquet, CSV and Stata with codebook, citations and a data package, in one folder."""
