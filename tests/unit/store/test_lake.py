"""The lake's settings without a server: the address is a secret, and what cannot be used is told plainly."""

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
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PGPASSWORD", "")  # put back afterwards, whatever the test sets
    return Settings(data_dir=tmp_path, lake_address=ADDRESS)


def test_the_address_without_its_password(settings: Settings) -> None:
    assert sorted(server.connection_string(settings).split()) == [
        "dbname=lake",
        "host=db.example.org",
        "port=5433",
        "sslmode=require",
        "user=me",
    ]
    assert server.shown(settings) == "me@db.example.org:5433/lake"
    assert server.storage_address(settings) == "postgresql+psycopg2://me@db.example.org:5433/lake?sslmode=require"
    assert settings.lake_password() == {"PGPASSWORD": SECRET}


def test_the_address_is_told_nowhere(settings: Settings) -> None:
    told = repr(settings) + str(settings.environment()) + str(WarehouseError("No.", found=f"at {ADDRESS}"))
    assert "s3cret" not in told


@pytest.mark.parametrize("address", ["mysql://me:s3cret@db/lake", "postgresql://me:s3cret%zz@db/lake", "s3cret"])
def test_an_address_that_is_none_is_refused_without_repeating_it(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_LAKE", address)
    monkeypatch.setenv("PGPASSWORD", "")
    with pytest.raises(WarehouseError, match="WAREHOUSE_LAKE") as refused:
        server.shown(from_environment())
    assert "s3cret" not in str(refused.value)
    assert "postgresql:" in str(refused.value)


def test_no_server_is_told_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening
        address = f"postgresql://me:s3cret@127.0.0.1:{taken.getsockname()[1]}/lake"
        with (
            pytest.raises(WarehouseError, match="PostgreSQL server cannot be used") as refused,
            server.server_connection(Settings(data_dir=tmp_path, lake_address=address)),
        ):
            pass
    assert "s3cret" not in str(refused.value)
    assert "next:" in str(refused.value)


def test_absent_packages_are_told_plainly(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(server, "find_spec", lambda name: None if name == "psycopg2" else find_spec(name))
    with pytest.raises(WarehouseError, match="no psycopg2"):
        server.shown(settings)


def test_the_place_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for given, meant in (("lake", str(tmp_path / "lake")), ("s3://bucket/lake/", "s3://bucket/lake")):
        monkeypatch.setenv("WAREHOUSE_LAKE_DATA", given)
        assert from_environment().lake_data == meant
        assert from_environment().environment()["WAREHOUSE_LAKE_DATA"] == meant
