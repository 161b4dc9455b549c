"""A PostgreSQL server for the tests: an empty cluster in a temporary folder, on a free port of localhost."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534
"""User id of the server's programs if the tests run as root: PostgreSQL refuses to run as root."""


@dataclass(frozen=True)
class Server:
    """A running server with one user, whose password is random."""

    port: int
    password: str
    programs: Path

    def address(self, database: str) -> str:
        return f"postgresql://warehouse:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return its address."""
        import psycopg2

        name = f"lake_{secrets.token_hex(4)}"
        connection = psycopg2.connect(self.address("postgres"))
        connection.autocommit = True
        connection.cursor().execute(f"create database {name}")
        connection.close()
        return self.address(name)


def find_programs() -> Path | None:
    """Folder of the newest PostgreSQL programs that Debian's package installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """Create a cluster, start its server, and remove both at the end."""
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
