"""A PostgreSQL server of the tests' own: Debian's programs, an empty cluster in a temporary folder, a free port of localhost."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.core.settings import Settings

NOBODY = 65534
"""PostgreSQL refuses to run as root: then its programs run as the user that owns nothing else."""


@dataclass(frozen=True)
class Server:
    """A running server. password: of its only user, made for this run of the tests."""

    port: int
    password: str
    programs: Path

    def address(self, database: str) -> str:
        return f"postgresql://warehouse:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """The address of a database that is made now."""
        import psycopg2

        connection = psycopg2.connect(self.address("postgres"))
        connection.autocommit = True
        connection.cursor().execute(f"create database {name}")
        connection.close()
        return self.address(name)


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: Debian's package postgresql has it")
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="warehouse-postgresql-"))
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    if as_nobody:
        for path in (folder, folder / "password"):
            os.chown(path, NOBODY, NOBODY)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), "-D", str(folder / "data"), *arguments],
            cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120, **as_nobody,
        )  # fmt: skip

    run("initdb", "-U", "warehouse", "-A", "scram-sha-256", "--pwfile", "password", "-E", "UTF8", "--locale=C", "-N")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield Server(port, password, programs)
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def settings(server: Server, tmp_path: Path) -> Settings:
    """A data folder and a lake with nothing in them."""
    address = server.new_database(f"lake_{secrets.token_hex(4)}")
    made = Settings(data_dir=tmp_path / "data", lake_address=address, keep_publications=2)
    made.data_dir.mkdir()
    return made
