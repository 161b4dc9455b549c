"""A lake with its Parquet files in a local S3 store: refreshed, and read from a machine without data."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.support.postgresql import Server
from tests.support.shell import Shell

pytestmark = pytest.mark.slow


@pytest.fixture
def store() -> Iterator[str]:
    """HOST:PORT of an S3 server with an empty bucket "alliances"."""
    from moto.server import ThreadedMotoServer

    serving = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    serving.start()
    address = "{}:{}".format(*serving.get_host_and_port())
    urlopen(Request(f"http://{address}/alliances", method="PUT"), timeout=60).close()
    try:
        yield address
    finally:
        serving.stop()


def keys(store: str) -> list[str]:
    """List the keys in the bucket."""
    with urlopen(f"http://{store}/alliances?list-type=2", timeout=60) as answer:
        return re.findall("<Key>(.*?)</Key>", answer.read().decode())


def test_a_lake_in_a_bucket(server: Server, store: str, tmp_path: Path) -> None:
    variables = (
        ("WAREHOUSE_LAKE", server.new_database()),
        ("WAREHOUSE_LAKE_DATA", "s3://alliances/lake"),
        ("DUCKDB_S3_ENDPOINT", store),
        ("DUCKDB_S3_USE_SSL", "false"),
        ("AWS_ACCESS_KEY_ID", "somebody"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
    )
    machine, elsewhere = Shell(tmp_path / "data", variables), Shell(tmp_path / "elsewhere", variables)
    done = machine("run", "--sources", "sample")
    assert done.returncode == 0, done.stderr
    for query in (
        "select publication_id from meta.publication",
        "select count(*), count(infant_mortality_rate), round(sum(cinc), 9) from marts.country_years",
    ):
        assert elsewhere.sql(query) == Shell(machine.data_dir).sql(query)
    stored = keys(store)
    assert stored
    assert all(key.startswith(("lake/alliance_formation/", "lake/alliance_formation_build/")) for key in stored)
    assert not list(tmp_path.rglob("lake"))
