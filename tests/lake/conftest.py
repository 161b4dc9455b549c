"""A PostgreSQL server for the tests of the lake, and an empty lake in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.core.settings import Settings
from tests.support.postgresql import Server, find_programs, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server; tests are skipped if PostgreSQL is not installed."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: install Debian's package postgresql")
    with running_server(programs) as server:
        yield server


@pytest.fixture
def settings(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty data folder and an empty lake; libpq finds the password in the environment, as in a command."""
    settings = Settings(data_dir=tmp_path / "data", lake_address=server.new_database(), keep_publications=2)
    settings.data_dir.mkdir()
    monkeypatch.setenv("PGPASSWORD", settings.environment()["PGPASSWORD"])
    return settings
