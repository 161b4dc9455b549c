"""The export: a publication as Parquet, CSV and Stata files, with codebook, citations and a data package.

Belongs here: the formats, and the files that describe the data for readers of other programs.

Does not belong here: choosing the publication (``orchestration.publication.kept``) and the citation data of the sources
(``orchestration.ingest.citation``).
"""
