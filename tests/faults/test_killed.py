"""kill -9 at any moment: the publication stays readable and complete, and the next run needs no cleaning up."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from tests.support.faults import FORCED, assert_recovers, is_whole
from tests.support.shell import WAREHOUSE, Shell

pytestmark = pytest.mark.slow

# Each stage a refresh announces, and the seconds after it; the publication has most steps that a kill could break.
KILLS = [
    ("warehouse run on", 0.0),
    ("ingest_atop", 0.5),
    ("ingest_selectorate_w4", 0.0),
    ("build_warehouse", 0.5),
    ("estimate_models", 0.5),
    ("publication ...", 0.0),
    ("publication ...", 0.5),
    ("publication ...", 2.5),
]


def kill_after(shell: Shell, stage: str, seconds: float, whole_group: bool) -> None:
    """Start a forced refresh and kill it that long after it announced the stage."""
    process = shell.start(*FORCED)
    for line in process.stdout:
        if stage in line:
            break
    time.sleep(seconds)
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait(timeout=120)


def test_killed_at_every_stage(published: Shell) -> None:
    before = published.published_hash()
    for number, (stage, seconds) in enumerate(KILLS):
        kill_after(published, stage, seconds, whole_group=number % 2 == 0)
        if stage != "publication ...":
            assert published.published_hash() == before, f"killed {seconds} s after {stage}"
        assert is_whole(published), f"killed {seconds} s after {stage}"
    assert_recovers(published)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="finds processes in /proc")
def test_killed_in_the_build_then_two_runs_at_once(published: Shell) -> None:
    """dbt ends with the run that started it; the next run succeeds, and a run beside it names it and ends."""
    before = published.published_hash()
    kill_after(published, "build_warehouse", 3.0, whole_group=False)
    deadline = time.monotonic() + 10
    while dbt_processes(published) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert dbt_processes(published) == []
    assert published.published_hash() == before
    first = published.start(*FORCED)
    for line in first.stdout:
        if "ingest_" in line:
            break
    second = published(*FORCED)
    output, _ = first.communicate(timeout=900)
    assert second.returncode == 1
    assert f"process {first.pid} has held it since" in second.stderr
    assert first.returncode == 0, output
    assert is_whole(published)


def dbt_processes(shell: Shell) -> list[Path]:
    """Find the processes that run dbt in this data folder, as folders of /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"warehouse-dbt" in (process / "cmdline").read_bytes() and (process / "cwd").resolve() == shell.data_dir:
                found.append(process)
        except OSError:  # it ended meanwhile
            continue
    return found


@pytest.mark.parametrize(("send", "tables"), [(os.killpg, 1), (os.killpg, 20), (os.kill, 3)])
def test_ctrl_c_ends_a_run_with_one_message(published: Shell, send: Callable[[int, int], None], tables: int) -> None:
    """As a terminal sends it, to the run and all processes it started; or to the run only."""
    before = published.published_hash()
    command = ["env", "--default-signal=INT", str(WAREHOUSE), *FORCED]  # the tests' own parent may ignore it
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
    output, _ = run.communicate(timeout=900)
    assert run.returncode == 1
    assert "Interrupted in build_warehouse" in output
    assert "next:" in output
    assert "Traceback" not in output
    assert "KeyboardInterrupt" not in output
    assert published.published_hash() == before
