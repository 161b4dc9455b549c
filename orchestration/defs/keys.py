"""Names that the definitions share: jobs, stages, asset keys, the owner."""

from dagster import AssetKey

# Stages of a refresh, in order; each is a job of the same name.
INGEST, BUILD, ESTIMATE, PUBLISH = STAGES = ("ingest", "build", "estimate", "publish")
REFRESH_JOB, REFRESH_WITH_EXTRAS_JOB = "refresh", "refresh_with_extras"
OWNER = "team:warehouse"
NEWEST = "newest_version"  # check of a raw table, which the sensor also reports
PUBLICATION_KEY = AssetKey("publication")
PRESENTATION_KEY = AssetKey("presentation")
LAKE_KEY = AssetKey("lake_publication")


def raw_key(table: str) -> AssetKey:
    """Asset key of a raw table."""
    return AssetKey(["raw", table])


def mart_key(table: str) -> AssetKey:
    """Asset key of a mart."""
    return AssetKey(["marts", table])


def result_key(table: str) -> AssetKey:
    """Asset key of a results table."""
    return AssetKey(["results", table])
