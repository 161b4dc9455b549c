"""The warehouse: from the publishers' bytes to a publication, and the ways to use it.

Each package has one job and imports only from those before it::

    core < store < ingest < build < modelling < publication < query < upgrade < outputs, monitoring < defs
         < definitions < runtime < cli

``analysis`` holds the statistics and knows nothing of this package; ``sources/`` holds one record per data source.
"""
