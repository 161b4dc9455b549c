"""Failing dbt tests and estimators, a clock set back, files of an older version: no publication is lost."""

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
from orchestration.store.publication_file import PublicationFile
from tests.support.faults import FORCED, assert_recovers, change_sample, refused
from tests.support.rdata_files import CAPABILITIES, with_half_of_all_shares
from tests.support.shell import REPOSITORY, Shell

pytestmark = pytest.mark.slow


def test_a_failing_test_or_estimator_prevents_publication(published: Shell, tmp_path: Path) -> None:
    """A dbt test fails; then, with the file as before, the build succeeds and an estimator raises."""
    before, whole = published.published_hash(), (published.data_dir / "sample_mirror" / CAPABILITIES).read_bytes()
    change_sample(published.data_dir, CAPABILITIES, with_half_of_all_shares)
    refused(published("run", "--sources", "sample"), "test cinc_sums_to_one", "the current publication is unchanged")
    assert published.published_hash() == before
    change_sample(published.data_dir, CAPABILITIES, lambda _: whole)
    broken = Shell(published.data_dir, (*published.variables, ("PYTHONPATH", str(raising_estimator(tmp_path)))))
    refused(broken(*FORCED), "estimate_models", "the likelihood overflows at iteration 7")
    assert published.published_hash() == before
    assert_recovers(published)


def raising_estimator(folder: Path) -> Path:
    """Shadow the package analysis by one whose function ``estimate`` raises; its other modules are the real ones."""
    real = REPOSITORY / "analysis"
    studies = folder / "shadow" / "analysis" / "studies"
    studies.mkdir(parents=True)
    (studies.parent / "__init__.py").write_text(f"__path__.append({str(real)!r})\n")
    (studies / "__init__.py").write_text(f"__path__.append({str(real / 'studies')!r})\n")
    (studies / "estimation.py").write_text(
        f"exec(open({str(real / 'studies' / 'estimation.py')!r}).read())\n"
        "def estimate(*_, **__):\n    raise FloatingPointError('the likelihood overflows at iteration 7')\n"
    )
    return folder / "shadow"


def test_a_clock_set_back_loses_no_publication(published: Shell) -> None:
    """Two publications, the second by a clock a year behind the first's, with older files too."""
    settings = Settings(published.data_dir, sources=SAMPLE, offline=True, keep_publications=2)
    now = datetime.now(UTC)
    ahead, _ = publish_refresh(settings, now + timedelta(days=365))
    back, _ = publish_refresh(settings, now)
    kept = settings.publications_dir / f"{back.publication_id}.duckdb"
    for path in (kept, settings.warehouse_path):
        os.utime(path, (now.timestamp() - 9e6,) * 2)
    again, _ = publish_refresh(settings, now - timedelta(days=30))
    assert PublicationFile(settings.warehouse_path).record()["publication_id"] == again.publication_id
    ids = [path.stem for path in settings.publications_dir.glob("*.duckdb")]
    assert again.publication_id in ids
    assert len(ids) <= 3
    status, listed = published("status"), published("publications")
    assert (status.returncode, listed.returncode) == (0, 0), status.stderr + listed.stderr
    assert again.publication_id in status.stdout
    assert again.publication_id in next(line for line in listed.stdout.splitlines() if line.startswith("*"))
    assert ahead.publication_id > again.publication_id
    assert_recovers(published)


def test_files_of_an_older_version_are_replaced(published: Shell) -> None:
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
    refused(published("run"), "must not replace")  # the unreadable file may hold real data
    assert published.published_hash() == before
    assert_recovers(published)


DEADLY = """
import os, signal, sys
from datetime import UTC, datetime
from orchestration.core.settings import from_environment
from orchestration.publication import evidence, write

left = int(sys.argv[1])

def deadly(function):
    def call(*arguments, **named):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return function(*arguments, **named)
    return call

write._assemble, write.audit = deadly(write._assemble), deadly(write.audit)
write.sync, write.shutil.copyfile = deadly(write.sync), deadly(write.shutil.copyfile)
os.replace = deadly(os.replace)
evidence.publish_refresh(from_environment(os.environ), datetime.now(UTC))
"""


def test_killed_before_every_step_of_the_replacement(published: Shell) -> None:
    """kill -9 before each step of a publication: the publication is the previous or the new one, and complete."""
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
