"""A dbt test that fails, an estimator that raises, a clock set back, an older version's files: nothing published is lost."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.core.settings import SAMPLE, Settings
from orchestration.publication.evidence import publish_refresh
from orchestration.publication.write import current
from tests.support.faults import FORCED, assert_recovers, change_sample, refused
from tests.support.shell import REPOSITORY, Shell

pytestmark = pytest.mark.slow

NMC = "cow_nmc/NMC-60-abridged.csv"


def test_a_dbt_test_that_fails_is_named_and_nothing_is_published(published: Shell) -> None:
    before, whole = published.published_hash(), (published.data_dir / "sample_mirror" / NMC).read_bytes()

    def all_shares_halved(content: bytes) -> bytes:
        header, *lines = content.decode().splitlines()
        rows = [line.split(",") for line in lines]
        return "\r\n".join([header, *(",".join([*r[:9], str(float(r[9]) / 2), r[10]]) for r in rows)]).encode()

    change_sample(published.data_dir, NMC, all_shares_halved)
    refused(published("run", "--sources", "sample"), "test cinc_sums_to_one", "the last publication stands")
    assert published.published_hash() == before
    change_sample(published.data_dir, NMC, lambda _: whole)
    assert_recovers(published)


def test_an_estimator_that_raises_is_named_and_nothing_is_published(published: Shell, tmp_path: Path) -> None:
    """The package analysis is shadowed by one whose function estimate raises and whose other parts are the real ones."""
    shadow = tmp_path / "shadow" / "analysis"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text(f"__path__.append({str(REPOSITORY / 'analysis')!r})\n")
    (shadow / "estimation.py").write_text(
        f"exec(open({str(REPOSITORY / 'analysis' / 'estimation.py')!r}).read())\n"
        "def estimate(*_, **__):\n    raise FloatingPointError('the likelihood overflows at iteration 7')\n"
    )
    before = published.published_hash()
    broken = Shell(published.data_dir, (*published.variables, ("PYTHONPATH", str(shadow.parent))))
    refused(broken(*FORCED), "estimate_models", "the likelihood overflows at iteration 7")
    assert published.published_hash() == before
    assert_recovers(published)


def test_a_clock_set_back_loses_no_publication(published: Shell) -> None:
    """Two publications, the second with a clock a year behind the first's, whose files are then the older ones too."""
    settings = Settings(published.data_dir, sources=SAMPLE, offline=True, keep_publications=2)
    now = datetime.now(UTC)
    ahead, _ = publish_refresh(settings, now + timedelta(days=365))
    back, _ = publish_refresh(settings, now)
    kept = settings.publications_dir / f"{back.publication_id}.duckdb"
    for path in (kept, settings.warehouse_path):
        os.utime(path, (now.timestamp() - 9e6,) * 2)
    again, _ = publish_refresh(settings, now - timedelta(days=30))
    assert current(settings.warehouse_path)["publication_id"] == again.publication_id
    ids = [path.stem for path in settings.publications_dir.glob("*.duckdb")]
    assert again.publication_id in ids
    assert len(ids) <= 3
    status, listed = published("status"), published("publications")
    assert (status.returncode, listed.returncode) == (0, 0), status.stderr + listed.stderr
    assert again.publication_id in status.stdout
    (in_place,) = (line for line in listed.stdout.splitlines() if line.startswith("*") and "in place" not in line)
    assert again.publication_id in in_place
    assert ahead.publication_id > again.publication_id
    assert_recovers(published)


def test_what_an_older_version_left_is_no_hindrance(published: Shell) -> None:
    folder = published.data_dir
    for path in [folder / "warehouse.duckdb", *folder.glob("publications/*.duckdb"), folder / "build.duckdb"]:
        path.unlink()
        with duckdb.connect(str(path)) as old:
            old.execute("create schema meta; create schema marts")
            old.execute("create table meta.publication as select 'old' as publication_id, false as is_synthetic")
            old.execute("create table marts.country_years as select 2 as ccode, 1816 as year")
    for path in folder.glob("results/*.parquet"):
        duckdb.sql(f"copy (select 'old' as model) to '{path}' (format parquet)")
    shutil.rmtree(folder / "dbt_target")
    before = published.published_hash()
    for command in (["status"], ["publications"], ["results"], ["report"], ["sql", "from marts.country_years"]):
        done = published(*command)
        assert "Traceback" not in done.stdout + done.stderr
    assert published("sql", "from marts.country_years", "--format", "csv").stdout.splitlines()[1] == "2,1816"
    refused(published("run"), "must not replace")  # real data may stand there, and there is no network
    assert published.published_hash() == before
    assert_recovers(published)


DEADLY = """
import os, signal, sys
from datetime import UTC, datetime
from orchestration.publication.write import evidence
from orchestration.publication.write import write as publication
from orchestration.core.settings import from_environment

left = int(sys.argv[1])

def deadly(function):
    def call(*arguments, **named):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return function(*arguments, **named)
    return call

publication._assemble, publication._audit = deadly(publication._assemble), deadly(publication._audit)
publication.sync, publication.shutil.copyfile = deadly(publication.sync), deadly(publication.shutil.copyfile)
os.replace = deadly(os.replace)
evidence.publish_refresh(from_environment(), datetime.now(UTC))
"""


def test_killed_before_every_step_of_the_replacement(published: Shell) -> None:
    """kill -9 before each step of a publication, and after the last: whole and old, or whole and new."""
    variables = published.environment() | {"WAREHOUSE_SOURCES": SAMPLE}
    changed: list[bool] = []
    ended = -signal.SIGKILL
    while ended == -signal.SIGKILL:
        before = published.published_hash()
        done = subprocess.run(
            [sys.executable, "-c", DEADLY, str(len(changed))],
            check=False,
            env=variables,
            capture_output=True,
            text=True,
        )
        ended = done.returncode
        changed.append(published.published_hash() != before)
        with duckdb.connect(str(published.published), read_only=True) as connection:
            assert connection.execute("select count(*) > 8000 from marts.country_years").fetchone() == (True,)
    assert ended == 0, done.stderr
    assert len(changed) > 8
    assert changed == sorted(changed)
    assert changed[-1]
    assert not changed[6]
    assert_recovers(published)
