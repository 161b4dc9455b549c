"""Two runs at once, one of them started by Dagster, and a reader that keeps its file open during a refresh."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.support.faults import FORCED, assert_recovers, is_whole, refused
from tests.support.shell import REPOSITORY, Shell

pytestmark = pytest.mark.slow

WHOLE_SNAPSHOT = (
    "select (select publication_id from meta.publication), count(*), sum(hash(c)) from marts.country_years as c"
)


def test_a_second_run_is_refused_and_a_reader_undisturbed(published: Shell) -> None:
    """`dagster job execute` runs the job like a run of the UI: in another process, from the same code location."""
    reader = duckdb.connect(str(published.published), read_only=True)
    seen = reader.execute(WHOLE_SNAPSHOT).fetchone()
    slow_result = reader.cursor().execute("select * from marts.country_years order by cow_code, year")
    first_rows = slow_result.fetchmany(10)
    environment = published.environment() | {"WAREHOUSE_SOURCES": "sample", "DAGSTER_HOME": str(REPOSITORY)}
    command = [str(Path(sys.executable).with_name("dagster")), "job", "execute", "-m", "orchestration.definitions"]
    ui_run = subprocess.Popen(
        [*command, "-j", "refresh"], env=environment, cwd=REPOSITORY, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    for line in ui_run.stdout:
        if "ingest_" in line and "STEP_START" in line:
            break
    refused(published(*FORCED), "Another refresh", f"process {ui_run.pid}")
    output, _ = ui_run.communicate(timeout=900)
    assert ui_run.returncode == 0, output[-3000:]

    assert reader.execute(WHOLE_SNAPSHOT).fetchone() == seen
    rest = slow_result.fetchall()
    assert len(first_rows) + len(rest) == seen[1]
    reader.close()
    with duckdb.connect(str(published.published), read_only=True) as later:
        assert later.execute("select publication_id from meta.publication").fetchone()[0] > seen[0]
    assert is_whole(published)
    assert_recovers(published)
