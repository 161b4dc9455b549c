"""The Dagster assets: thin functions over the modules beside this package, one module per group of the lineage."""
