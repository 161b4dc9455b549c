"""kill -9 at any moment: what is published stays readable and whole, and the next run needs no hand-cleaning."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from tests.support.faults import FORCED
from tests.support.shell import WAREHOUSE, Shell

STAGES = [
    "warehouse run on",
    "ingest_atop",
    "ingest_selectorate_w4",
    "build_warehouse",
    "estimate_models",
    "publication ...",
]
SECONDS_AFTER = [0.0, 0.5, 2.5]


@pytest.fixture
def refreshed(real_warehouse: Shell, tmp_path: Path) -> Shell:
    shell = Shell(tmp_path / "data")
    shutil.copytree(real_warehouse.data_dir, shell.data_dir)
    return shell


def kill_after(shell: Shell, mirror: Path, stage: str, seconds: float, whole_group: bool) -> None:
    """Start a forced refresh and kill it that long after it announced the stage."""
    process = shell.start("run", "--force", "--offline", "--sources", str(mirror))
    for line in process.stdout:
        if stage in line:
            break
    time.sleep(seconds)
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait(timeout=30)


def is_whole(shell: Shell) -> bool:
    """One publication that answers, with results of its own mart and the expected rows."""
    answer = shell.sql(
        "select (select count(*) from marts.country_years where year <= 2000), bool_and(m.mart_fingerprint ="
        " p.mart_fingerprint) from results.models as m, meta.publication as p"
    )
    return answer == "12854,true"


@pytest.mark.slow
@pytest.mark.parametrize("seconds", SECONDS_AFTER)
def test_killed_at_every_stage(refreshed: Shell, mirror: Path, seconds: float) -> None:
    published = refreshed.published_hash()
    for number, stage in enumerate(STAGES):
        kill_after(refreshed, mirror, stage, seconds, whole_group=number % 2 == 0)
        if stage != "publication ...":
            assert refreshed.published_hash() == published, f"killed {seconds} s after {stage}"
        assert is_whole(refreshed), f"killed {seconds} s after {stage}"
    done = refreshed("run", "--force", "--offline", "--sources", str(mirror))
    assert done.returncode == 0, done.stderr
    assert is_whole(refreshed)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks processes up in /proc")
def test_killed_in_the_build_leaves_no_dbt_behind_and_the_next_run_succeeds(refreshed: Shell, mirror: Path) -> None:
    published = refreshed.published_hash()
    kill_after(refreshed, mirror, "build_warehouse", 3.0, whole_group=False)
    deadline = time.monotonic() + 10
    while dbt_processes(refreshed) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert dbt_processes(refreshed) == []
    assert refreshed.published_hash() == published
    done = refreshed("run", "--force", "--offline", "--sources", str(mirror))
    assert done.returncode == 0, done.stderr
    assert is_whole(refreshed)


def dbt_processes(shell: Shell) -> list[Path]:
    """The processes that run dbt in this data folder, as folders of /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"warehouse-dbt" in (process / "cmdline").read_bytes() and (process / "cwd").resolve() == shell.data_dir:
                found.append(process)
        except OSError:  # it ended meanwhile
            continue
    return found


def test_a_second_run_at_once_names_the_holder_and_leaves(refreshed: Shell, mirror: Path) -> None:
    first = refreshed.start("run", "--force", "--offline", "--sources", str(mirror))
    for line in first.stdout:
        if "ingest_" in line:
            break
    second = refreshed("run", "--force", "--offline", "--sources", str(mirror))
    output, _ = first.communicate(timeout=200)
    assert second.returncode == 1
    assert f"process {first.pid} has held it since" in second.stderr
    assert first.returncode == 0, output
    assert is_whole(refreshed)


@pytest.mark.slow
@pytest.mark.parametrize(("send", "tables"), [(os.killpg, 1), (os.killpg, 6), (os.killpg, 20), (os.kill, 3)])
def test_ctrl_c_is_answered_in_plain_words_and_nothing_else(
    published: Shell, send: Callable[[int, int], None], tables: int
) -> None:
    """As a terminal sends it, to the run and to every process that it has started; or to the run alone."""
    before = published.published_hash()
    command = ["env", "--default-signal=INT", str(WAREHOUSE), *FORCED]  # whoever started the tests may ignore it
    run = subprocess.Popen(
        command,
        env=published.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert sum(1 for _ in islice((line for line in run.stdout if "built " in line), tables)) == tables
    send(run.pid, signal.SIGINT)
    told, _ = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "Interrupted in build_warehouse" in told
    assert "next:" in told
    assert "Traceback" not in told
    assert "KeyboardInterrupt" not in told
    assert published.published_hash() == before
