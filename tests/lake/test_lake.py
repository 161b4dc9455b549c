"""The lake from the command line, on the SYNTHETIC sample: refreshed, read, killed, and compared with local files."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from orchestration.core.settings import from_environment
from orchestration.publication.kept import find
from orchestration.query.run import open_published
from orchestration.store.publication_file import PublicationFile
from tests.support.faults import FORCED, change_sample
from tests.support.postgresql import Server
from tests.support.rdata_files import CAPABILITIES, with_more_troops
from tests.support.shell import REPOSITORY, Done, Shell

pytestmark = pytest.mark.slow

ID = "select publication_id from meta.publication"
NUMBER = "select military_personnel_thousands from marts.country_years where cow_code = 2 and year = 1816"
READER = """
import json, os, sys, time
from orchestration.store.lake.catalogue import PUBLISHED, attached
from orchestration.publication.kept import find
from orchestration.query.run import open_published
from orchestration.core.settings import from_environment

settings = from_environment(os.environ)
os.environ.update(settings.environment())
queries = [
    "select publication_id from {0}meta.publication",
    "select military_personnel_thousands from {0}marts.country_years where cow_code = 2 and year = 1816",
    "select count(*) from {0}marts.country_years",
    "select any_value(rows) from {0}meta.columns where table_name = 'country_years'",
    "select publication_id from {0}meta.publication",
]

def by_the_warehouse():
    with open_published(find(settings)) as connection:
        return [connection.execute(query.format("")).fetchone()[0] for query in queries]

def by_plain_duckdb():
    with attached(settings, PUBLISHED) as connection:
        connection.execute("begin")
        return [connection.execute(query.format("lake.")).fetchone()[0] for query in queries]

read = {"warehouse": by_the_warehouse, "duckdb": by_plain_duckdb}[sys.argv[1]]
while True:
    print(json.dumps(read()), flush=True)
    time.sleep(1)
"""


@pytest.fixture(scope="module")
def lake(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A data folder that publishes to a lake, refreshed once; the tests of this file run in order on it."""
    folder = tmp_path_factory.mktemp("lake")
    address = server.new_database()
    shell = Shell(folder / "data", (("WAREHOUSE_LAKE", address), ("WAREHOUSE_LAKE_DATA", str(folder / "lake"))))
    done = shell("run", "--sources", "sample")
    assert done.returncode == 0, done.stderr
    return shell


@pytest.fixture
def elsewhere(lake: Shell, tmp_path: Path) -> Shell:
    """Another machine: the same lake, and an empty data folder."""
    return Shell(tmp_path / "elsewhere", lake.variables)


def rows(shell: Shell, statement: str, *options: str) -> list[str]:
    done = shell("sql", statement, "--format", "csv", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[1:]


def kept(shell: Shell) -> list[dict]:
    done = shell("publications", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_tables_equal_those_of_a_local_run_bit_for_bit(
    lake: Shell, sample_warehouse: tuple[Shell, Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = from_environment(lake.environment())
    monkeypatch.setenv("PGPASSWORD", settings.environment()["PGPASSWORD"])
    tables = (
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema in ('marts', 'results') order by all"
    )
    file = PublicationFile(sample_warehouse[0].published)
    with open_published(file) as local, open_published(find(settings)) as shared:
        names = [name for (name,) in local.execute(tables).fetchall()]
        assert len(names) >= 11
        assert [name for (name,) in shared.execute(tables).fetchall()] == names
        for name in names:
            ours, theirs = (c.execute(f"from {name} order by all").to_arrow_table() for c in (local, shared))
            assert ours.schema == theirs.schema, name
            assert ours.num_rows > 0
            assert as_bits(ours) == as_bits(theirs), name


def as_bits(table) -> list:
    """Every value; doubles by their bits, so that 0.0 differs from -0.0."""
    return [[v.hex() if isinstance(v, float) else v for v in column.to_pylist()] for column in table.columns]


def test_another_machine_needs_no_data(elsewhere: Shell) -> None:
    (one,) = kept(elsewhere)
    assert rows(elsewhere, ID) == [one["publication_id"]]
    assert one["is_synthetic"]
    assert one["lacks"] == []
    assert one["country_years"] > 8000
    status = elsewhere("status").stdout
    assert re.search(
        rf"^lake +{one['publication_id']}, SYNTHETIC, in warehouse@127\.0\.0\.1:\d+/lake_", status, re.MULTILINE
    )
    assert re.search(r"^last run +success", status, re.MULTILINE), "the history of runs is in the lake"
    assert "kimball_2010/t1_m2a" in elsewhere("results").stdout
    assert not list(elsewhere.data_dir.rglob("*.duckdb"))


def test_dagster_keeps_its_runs_in_postgresql(lake: Shell) -> None:
    with psycopg2.connect(dict(lake.variables)["WAREHOUSE_LAKE"]) as connection, connection.cursor() as cursor:
        cursor.execute("select status from runs")
        assert cursor.fetchall() == [("SUCCESS",)] * 4  # one run for each stage
        cursor.execute("select count(*) from event_logs where dagster_event_type = 'ASSET_MATERIALIZATION'")
        assert cursor.fetchone()[0] > 50
    assert not list(lake.data_dir.rglob("*.db"))


def test_killed_in_the_build_the_snapshot_is_unchanged(lake: Shell, elsewhere: Shell) -> None:
    before = rows(elsewhere, ID)
    assert killed(lake, "build_warehouse", 6, "--force")
    assert rows(elsewhere, ID) == before
    assert rows(elsewhere, NUMBER) == ["33.0"]


def test_two_readers_during_a_refresh_that_is_killed(lake: Shell, elsewhere: Shell, tmp_path: Path) -> None:
    """Each reading is of one publication, and a second refresh names the first.

    A killed copy into the lake is there completely or not at all, the next run makes only that copy, and the previous
    numbers remain available.
    """
    (first,) = kept(lake)
    change_sample(lake.data_dir, CAPABILITIES, with_more_troops)
    readers = [start_reader(elsewhere, kind, tmp_path) for kind in ("warehouse", "duckdb")]
    refresh = lake.start("run", "--sources", "sample")
    assert any("build_warehouse" in line for line in refresh.stdout)
    second = elsewhere(*FORCED)
    assert second.returncode == 1
    assert "Another refresh of this lake is running" in second.stderr
    assert f"process {refresh.pid} since" in second.stderr
    kill_after(refresh, "lake_publication ...", 0.1)
    (local,) = rows(Shell(lake.data_dir), ID)
    assert local > first["publication_id"], "published in the data folder"
    for seconds in (0.3, 0.6):  # only the copy into the lake is made now
        assert rows(elsewhere, ID) in ([first["publication_id"]], [local])
        killed(lake, "lake_publication ...", seconds)
    done = lake("run", "--sources", "sample")
    assert done.returncode == 0, done.stderr
    assert "build_warehouse" not in done.stderr, "only the missing copy is made"

    latest, before = kept(lake)
    assert (latest["publication_id"], before["publication_id"]) == (local, first["publication_id"])
    assert latest["changed_sources"] == [f"{CAPABILITIES} other bytes of version synthetic"]
    for reader in readers:
        seen = stop_reader(reader, local)
        assert [reading[0] for reading in seen] == [reading[4] for reading in seen]
        whole = {(reading[0], reading[1], reading[2] == reading[3]) for reading in seen}
        assert whole == {(first["publication_id"], 33, True), (local, 34, True)}
    assert rows(elsewhere, NUMBER) == ["34.0"]
    assert rows(elsewhere, NUMBER, "--publication", "previous") == ["33.0"]
    assert rows(elsewhere, NUMBER, "--publication", first["publication_id"]) == ["33.0"]


def test_export_diff_and_docs_are_the_same_elsewhere(lake: Shell, elsewhere: Shell, tmp_path: Path) -> None:
    here, differences = Shell(lake.data_dir), {}
    for name, shell in (("here", here), ("there", elsewhere)):
        done = shell("export", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        differences[name] = shell("diff", "--format", "json").stdout
    assert (tmp_path / "there" / "SHA256SUMS").read_bytes() == (tmp_path / "here" / "SHA256SUMS").read_bytes()
    assert json.loads(differences["there"])["sources"] == [f"{CAPABILITIES} other bytes of version synthetic"]
    assert json.loads(differences["there"]) == json.loads(differences["here"])
    assert elsewhere("diff", "current", "current").returncode == 0
    done = elsewhere("docs", "--output", str(tmp_path / "docs"))
    assert done.returncode == 0, done.stderr
    assert kept(lake)[0]["publication_id"] in (tmp_path / "docs" / "codebook.html").read_text()


def start_reader(shell: Shell, kind: str, folder: Path) -> subprocess.Popen[str]:
    """Start a reader in a loop, and wait for its first reading."""
    program = folder / "reader.py"  # a file: with -c DuckDB prints its progress among the readings
    program.write_text(READER)
    reader = subprocess.Popen(
        [sys.executable, str(program), kind],
        cwd=REPOSITORY, env=shell.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    reader.first_reading = reader.stdout.readline()
    return reader


def stop_reader(reader: subprocess.Popen[str], last: str) -> list[list]:
    """Stop a reader when it has seen the publication ``last``; return all readings, none of them an error."""
    readings = [json.loads(reader.first_reading)]
    for line in reader.stdout:
        readings.append(json.loads(line))
        if readings[-1][0] == last:
            break
    assert reader.poll() is None, reader.stderr.read()
    reader.kill()
    assert reader.communicate()[1] == ""
    return readings


def killed(shell: Shell, stage: str, seconds: float, *arguments: str) -> bool:
    """Run, and kill -9 that long after the stage was announced; False if it was not announced."""
    return kill_after(shell.start("run", "--sources", "sample", *arguments), stage, seconds)


def kill_after(run: subprocess.Popen[str], stage: str, seconds: float) -> bool:
    reached = any(stage in line for line in run.stdout)
    if reached:
        time.sleep(seconds)
        os.killpg(run.pid, signal.SIGKILL)
    run.communicate(timeout=900)
    return reached


def test_the_password_is_stored_nowhere(lake: Shell, server: Server) -> None:
    """Neither dbt's logs, Dagster's, alerts, catalogue nor results contain it, also of refused and killed runs."""
    files = [path for path in lake.data_dir.parent.rglob("*") if path.is_file()]
    assert any(path.name == "dbt.log" for path in files)
    for path in files:
        assert server.password.encode() not in path.read_bytes(), path
    dump = subprocess.run(
        [server.programs / "pg_dump", dict(lake.variables)["WAREHOUSE_LAKE"]], check=True, capture_output=True
    )
    assert b"ducklake_snapshot" in dump.stdout
    assert server.password.encode() not in dump.stdout


def test_a_server_that_is_gone_is_named(lake: Shell, server: Server) -> None:
    address = dict(lake.variables)["WAREHOUSE_LAKE"].replace(f":{server.port}/", ":1/")
    shell = Shell(lake.data_dir, (("WAREHOUSE_LAKE", address),))
    for command in (("run", "--sources", "sample"), ("sql", ID), ("publications",)):
        done = shell(*command)
        assert done.returncode == 1
        assert "The lake's PostgreSQL server is not available" in done.stderr
        assert "Traceback" not in done.stderr
        assert server.password not in done.stderr
    status = shell("status")
    assert status.returncode == 0
    assert "PostgreSQL server is not available" in status.stdout
