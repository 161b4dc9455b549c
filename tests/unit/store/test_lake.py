"""The lake's settings without a server: no message contains the password, and unusable values are errors."""

import importlib.util
import socket
from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings, from_environment
from orchestration.store.lake import server

SECRET = "s3cret/pass"
ADDRESS = "postgresql://me:s3cret%2Fpass@db.example.org:5433/lake?sslmode=require"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, lake_address=ADDRESS)


def test_addresses_omit_the_password(settings: Settings) -> None:
    assert sorted(server.connection_string(settings).split()) == [
        "dbname=lake",
        "host=db.example.org",
        "port=5433",
        "sslmode=require",
        "user=me",
    ]
    assert server.public_address(settings) == "me@db.example.org:5433/lake"
    assert server.storage_address(settings) == "postgresql+psycopg2://me@db.example.org:5433/lake?sslmode=require"


def test_child_processes_receive_the_decoded_password(settings: Settings) -> None:
    assert settings.environment()["PGPASSWORD"] == SECRET
    assert settings.environment()["WAREHOUSE_LAKE"] == ADDRESS
    assert "PGPASSWORD" not in settings.without_lake().environment()


def test_repr_and_messages_omit_the_password(settings: Settings) -> None:
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(WarehouseError("No.", found=f"at {ADDRESS}"))


@pytest.mark.parametrize("address", ["mysql://me:s3cret@db/lake", "postgresql://me:s3cret%zz@db/lake", "s3cret"])
def test_an_invalid_address_is_an_error_that_omits_it(address: str) -> None:
    with pytest.raises(WarehouseError, match="WAREHOUSE_LAKE") as refused:
        server.public_address(from_environment({"WAREHOUSE_LAKE": address}))
    assert "s3cret" not in str(refused.value)
    assert "postgresql:" in str(refused.value)


def test_a_server_that_does_not_run_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # without listening
        address = f"postgresql://me:s3cret@127.0.0.1:{taken.getsockname()[1]}/lake"
        with (
            pytest.raises(WarehouseError, match="PostgreSQL server is not available") as refused,
            server.server_connection(Settings(data_dir=tmp_path, lake_address=address)),
        ):
            pass
    assert "s3cret" not in str(refused.value)
    assert "next:" in str(refused.value)


def test_missing_packages_are_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(server, "find_spec", lambda name: None if name == "psycopg2" else find_spec(name))
    with pytest.raises(WarehouseError, match="no psycopg2"):
        server.public_address(settings)


def test_the_location_of_the_data_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for given, expected in (("lake", str(tmp_path / "lake")), ("s3://bucket/lake/", "s3://bucket/lake")):
        settings = from_environment({"WAREHOUSE_LAKE_DATA": given})
        assert settings.lake_data == expected
        assert settings.environment()["WAREHOUSE_LAKE_DATA"] == expected
