"""Names that the definitions share: jobs, asset keys, the owner."""

from dagster import AssetKey

from orchestration.modelling.result_tables import INFERENCE_TABLES, NETWORK_TABLES

REFRESH_JOB, REFRESH_WITH_EXTRAS_JOB = "refresh", "refresh_with_extras"
OWNER = "team:warehouse"
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


def inference_keys() -> list[AssetKey]:
    """Asset keys of the results tables that are made only on request."""
    return [result_key(table) for tables in INFERENCE_TABLES.values() for table in tables]


def network_keys() -> list[AssetKey]:
    """Asset keys of the results tables that are made only if inference and dyad-years are both asked for."""
    return [result_key(table) for table in NETWORK_TABLES]
