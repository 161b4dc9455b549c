"""Readers during four refreshes: no error, no torn read, and every query sees one complete publication."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.support.shell import Done, Shell
from tests.support.warehouses import copied

pytestmark = pytest.mark.slow

READERS, REFRESHES = 8, 4
SNAPSHOT = "select count(*), sum(military_personnel_thousands), sum(hash(c)) from marts.country_years as c"

READER = """
import json, os, sys
from pathlib import Path
import duckdb
from orchestration.query.run import open_published
from orchestration.store.publication_file import PublicationFile

path, stop, out, product = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "product"
os.nice(19)
identify, snapshot = "select publication_id from meta.publication", sys.argv[5]
queries, seen = 0, {}
while not stop.exists():
    connection = open_published(PublicationFile(path)) if product else duckdb.connect(str(path), read_only=True)
    first = connection.execute(identify).fetchone()[0]
    for _ in range(3):
        row = [str(value) for value in connection.execute(snapshot).fetchone()]
        assert seen.setdefault(first, row) == row, f"torn: {row} of {first}, which had {seen[first]}"
        queries += 1
    last = connection.execute(identify).fetchone()[0]
    assert first == last, f"{first} became {last} under an open connection"
    connection.close()
out.write_text(json.dumps({"queries": queries, "seen": seen}))
"""

# All refreshes in one process, so that Dagster is imported once; each on another version of one source file. The
# presentation, which comes after the publication and is no part of it, is left out.
REFRESHER = """
import os, sys
from orchestration.outputs import presentation
from orchestration.runtime import refresh
from orchestration.core.settings import from_environment
from tests.support.faults import change_sample
from tests.support.rdata_files import CAPABILITIES, with_more_troops

settings = from_environment(os.environ)
os.environ.update(settings.environment())
whole = (settings.sample_dir / CAPABILITIES).read_bytes()
presentation.write_presentation = lambda settings: sorted(settings.presentation_dir.rglob("*.*"))
for number in range(1, int(sys.argv[1]) + 1):
    change_sample(settings.data_dir, CAPABILITIES, lambda _: with_more_troops(whole, number))
    outcome = refresh.refresh(
        settings, "sample", force=False, extras=(), wait_seconds=0, announce=lambda line: None
    )
    assert outcome.changed
    print("refreshed", number, flush=True)
"""


def test_eight_readers_during_four_refreshes(sample_warehouse: tuple[Shell, Done], tmp_path: Path) -> None:
    variables = (("WAREHOUSE_OFFLINE", "1"), ("WAREHOUSE_KEEP_PUBLICATIONS", str(REFRESHES + 1)))
    shell = copied(sample_warehouse[0], tmp_path, *variables)
    stop = tmp_path / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(shell.published), str(stop), str(tmp_path / f"{number}.json"),
             "product" if number % 2 else "plain", SNAPSHOT],
            env=shell.environment(), stderr=subprocess.PIPE, text=True,
        )
        for number in range(READERS)
    ]  # fmt: skip
    try:
        refreshes = subprocess.run(
            [sys.executable, "-c", REFRESHER, str(REFRESHES)],
            check=False, env=shell.environment(), capture_output=True, text=True, timeout=3600,
        )  # fmt: skip
    finally:
        stop.touch()
    errors = [reader.communicate(timeout=900)[1] for reader in readers]
    assert refreshes.returncode == 0, refreshes.stderr[-3000:]
    assert errors == [""] * READERS

    kept = {}
    for path in shell.data_dir.glob("publications/*.duckdb"):
        with duckdb.connect(str(path), read_only=True) as connection:
            kept[path.stem] = [str(value) for value in connection.execute(SNAPSHOT).fetchone()]
    assert len(kept) == REFRESHES + 1
    assert len({row[1] for row in kept.values()}) == REFRESHES + 1  # every refresh published other data
    readings = [json.loads((tmp_path / f"{number}.json").read_text()) for number in range(READERS)]
    for reader in readings:
        for publication_id, row in reader["seen"].items():
            assert kept[publication_id] == row
    seen_by_any = set().union(*(reader["seen"] for reader in readings))
    print(f"{sum(reader['queries'] for reader in readings):,} queries; {len(seen_by_any)} publications seen")
    assert len(seen_by_any) > REFRESHES // 2
    assert all(reader["queries"] > REFRESHES for reader in readings)
