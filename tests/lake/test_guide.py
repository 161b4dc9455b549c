"""The commands of docs/lake.md, as they are written there: two roles, a refresh, and readers on another machine."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from tests.support.postgresql import Server
from tests.support.shell import REPOSITORY, WAREHOUSE, Done, Shell

pytestmark = pytest.mark.slow

READERS = 10
SUPERUSER, OWNER, READER = re.findall(r"```console\n(.*?)```", (REPOSITORY / "docs" / "lake.md").read_text(), re.DOTALL)


class Guide:
    """The machines of the guide: one folder for the secrets, one for the lake, a data folder for each role."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.folder, self.server = folder, server
        for name in ("lake_owner", "lake_reader"):
            (folder / name).write_text(f"password of {name}\n")

    def run(self, block: str, data: str) -> Done:
        """Run a block of the guide with this test's addresses and folders in place of the guide's."""
        for written, here in (
            ("PGPORT=5432", f"PGPORT={self.server.port}"),
            ("LAKE_SECRETS=/etc/warehouse", f"LAKE_SECRETS={self.folder}"),
            ("=/srv/lake", f"={self.folder / 'files'}"),
            ("warehouse run", "warehouse run --sources sample"),
            (".venv/bin/warehouse", str(WAREHOUSE)),
        ):
            block = block.replace(written, here)
        commands = [line.removeprefix("$ ") for line in block.splitlines()]
        superuser = {"PGUSER": "warehouse", "PGPASSWORD": self.server.password, "PGDATABASE": "postgres"}
        return subprocess.run(
            ["bash", "-e", "-c", "\n".join(commands)],
            cwd=REPOSITORY, env=Shell(self.folder / data).environment() | superuser,
            check=False, capture_output=True, text=True, timeout=900,
        )  # fmt: skip

    def address(self, role: str) -> str:
        return f"postgresql://{role}:password of {role}@127.0.0.1:{self.server.port}/lake".replace(" ", "%20")


@pytest.fixture(scope="module")
def guide(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Guide:
    guide = Guide(server, tmp_path_factory.mktemp("guide"))
    first = SUPERUSER.splitlines()[0] + "\n"  # each machine knows where the server is
    done = guide.run(SUPERUSER, "none")
    assert done.returncode == 0, done.stderr
    done = guide.run(first + OWNER, "owner")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^last run +success", done.stdout, re.MULTILINE)
    return guide


def test_a_reader_follows_the_guide(guide: Guide) -> None:
    done = guide.run(SUPERUSER.splitlines()[0] + "\n" + READER, "reader")
    assert done.returncode == 0, done.stderr
    (first, *_) = done.stderr.splitlines()
    assert re.fullmatch(r"publication \d{8}T\d+Z-\w+, lake_reader@127\.0\.0\.1:\d+/lake, snapshot \d+", first)
    assert "kimball_2010/t1_m2a" in done.stdout
    assert re.search(r"^last run +success", done.stdout, re.MULTILINE), "the history of runs is in the lake"
    assert "warehouse run" not in done.stdout + done.stderr, "a reader cannot refresh"
    assert not (guide.folder / "reader" / "warehouse.duckdb").exists()


def test_a_reader_cannot_refresh_or_write(guide: Guide) -> None:
    done = Shell(guide.folder / "reader", (("WAREHOUSE_LAKE", guide.address("lake_reader")),))("run")
    assert done.returncode == 1
    assert "This user may only read the lake." in done.stderr
    connection = psycopg2.connect(guide.address("lake_reader"))
    for statement in ("create table mine (x int)", "delete from alliance_formation.ducklake_snapshot"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection, connection.cursor() as cursor:
            cursor.execute(statement)
    connection.close()


def test_ten_readers_at_once_get_the_same_answer(guide: Guide) -> None:
    shell = Shell(guide.folder / "reader", (("WAREHOUSE_LAKE", guide.address("lake_reader")),))
    question = "select count(*), sum(forms_military_alliance), max(year) from country_years"
    with ThreadPoolExecutor(READERS) as pool:
        done = list(pool.map(lambda _: shell("sql", question, "--format", "csv"), range(READERS)))
    assert [one.returncode for one in done] == [0] * READERS, done[0].stderr
    assert len({one.stdout for one in done}) == 1
