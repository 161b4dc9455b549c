"""The lake's Parquet files in an S3 store of the tests' own: refreshed there, read from a machine without data."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.support.postgresql import Server
from tests.support.shell import Shell

pytestmark = pytest.mark.slow


@pytest.fixture
def store() -> Iterator[str]:
    """HOST:PORT of a server that speaks S3, with an empty bucket "alliances" in it."""
    from moto.server import ThreadedMotoServer

    serving = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    serving.start()
    place = "{}:{}".format(*serving.get_host_and_port())
    urlopen(Request(f"http://{place}/alliances", method="PUT"), timeout=60).close()
    try:
        yield place
    finally:
        serving.stop()


def keys(store: str) -> list[str]:
    """What lies in the bucket, asked of the store itself."""
    with urlopen(f"http://{store}/alliances?list-type=2", timeout=60) as answer:
        return re.findall("<Key>(.*?)</Key>", answer.read().decode())


def test_a_lake_in_a_bucket(server: Server, store: str, tmp_path: Path) -> None:
    place = (
        ("WAREHOUSE_LAKE", server.new_database(f"lake_{secrets.token_hex(4)}")),
        ("WAREHOUSE_LAKE_DATA", "s3://alliances/lake"),
        ("DUCKDB_S3_ENDPOINT", store),
        ("DUCKDB_S3_USE_SSL", "false"),
        ("AWS_ACCESS_KEY_ID", "somebody"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
    )
    machine, elsewhere = Shell(tmp_path / "data", place), Shell(tmp_path / "elsewhere", place)
    done = machine("run", "--sources", "sample")
    assert done.returncode == 0, done.stderr
    for told in (
        "select publication_id from meta.publication",
        "select count(*), count(infant_mortality_rate), round(sum(cinc), 9) from marts.country_years",
    ):
        assert elsewhere.sql(told) == Shell(machine.data_dir).sql(told)
    lies = keys(store)
    assert lies
    assert all(key.startswith(("lake/alliance_formation/", "lake/alliance_formation_build/")) for key in lies)
    assert not list(tmp_path.rglob("lake"))
