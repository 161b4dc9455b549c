"""The estimation on a Dask scheduler with two worker processes, one of which is killed during the work."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.core.panel import prepare
from analysis.design.matrix import build
from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.studies.kimball import HEADLINE_MODEL, KIMBALL_2010
from analysis.studies.multiverse.dimensions import specifications
from analysis.studies.specification_curve import specification_curve
from analysis.studies.validation import validate
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.modelling.results import read_mart
from orchestration.modelling.workers import estimation_workers
from tests.support.cluster_bootstrap import pairs_bootstrap
from tests.support.shell import REPOSITORY, Shell

pytestmark = pytest.mark.slow
DASK = Path(sys.executable).with_name("dask")
HERE = "127.0.0.1"
NAMES = ("one", "two")


@dataclass(frozen=True)
class Cluster:
    address: str
    workers: dict[str, subprocess.Popen]


def start(*arguments: str) -> subprocess.Popen[str]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([str(DASK), *arguments], env=os.environ | {"OPENBLAS_NUM_THREADS": "1"}, **quiet)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    file = tmp_path / "scheduler.json"
    scheduler = start("scheduler", "--host", HERE, "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    common = (
        "worker",
        "--scheduler-file",
        str(file),
        "--host",
        HERE,
        "--nthreads",
        "1",
        "--no-dashboard",
        "--no-nanny",
    )
    workers = {name: start(*common, "--name", name, "--local-directory", str(tmp_path / name)) for name in NAMES}
    try:
        from distributed import Client

        with Client(scheduler_file=str(file), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        yield Cluster(address, workers)
    finally:
        for process in (*workers.values(), scheduler):
            process.kill()
            process.wait()


def panel_of(warehouse: Shell) -> pd.DataFrame:
    return read_mart(Settings(warehouse.data_dir)).panel


def with_one_worker_killed(cluster: Cluster, work: Callable[[], object]) -> object:
    """Run ``work`` and kill the first busy worker, which has the data; return the result."""
    from distributed import get_client

    started = threading.Event()

    def kill_when_busy() -> None:
        while not started.wait(0.05):
            for worker in get_client().scheduler_info()["workers"].values():
                if worker["metrics"]["task_counts"].get("executing"):
                    cluster.workers[worker["name"]].kill()
                    return

    watcher = threading.Thread(target=kill_when_busy)
    watcher.start()
    try:
        return work()
    finally:
        started.set()
        watcher.join()


def test_cluster_gives_the_same_results_bit_for_bit(cluster: Cluster, sample_warehouse: tuple[Shell, object]) -> None:
    panel = panel_of(sample_warehouse[0])
    chosen = specifications()[::12]
    model = next(model for model in KIMBALL_2010 if model.name == HEADLINE_MODEL)
    design = build(prepare(panel), model)
    fitted = fit(design.outcome, design.matrix, LINKS["probit"])

    def everything() -> tuple[dict[str, pd.DataFrame], np.ndarray]:
        tables = specification_curve(panel, True, 2, chosen) | validate(panel, True, 2)
        return tables, pairs_bootstrap(fitted, design.states, n_jobs=2)

    tables, draws = everything()
    with estimation_workers(Settings(sample_warehouse[0].data_dir, dask_address=cluster.address)):
        tables_there, draws_there = with_one_worker_killed(cluster, everything)
    alive = [worker.poll() is None for worker in cluster.workers.values()]
    assert sorted(alive) == [False, True], "one worker should have been killed during the work"
    assert tables_there.keys() == tables.keys()
    for name, table in tables.items():
        pd.testing.assert_frame_equal(tables_there[name], table, check_exact=True)
    # Not published: a worker's arrays lie at other memory alignments, so BLAS may add in another order.
    np.testing.assert_allclose(draws_there, draws, rtol=1e-12, atol=1e-12)


def test_workers_with_another_analysis_are_refused(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(REPOSITORY / "analysis", tmp_path / "analysis")
    (tmp_path / "analysis" / "one_more_module.py").touch()
    monkeypatch.setattr("orchestration.build.fingerprint.PACKAGES", tmp_path)
    settings = Settings(tmp_path, dask_address=cluster.address)
    with pytest.raises(WarehouseError, match="same version of the analysis"), estimation_workers(settings):
        pytest.fail("work was sent to workers with another analysis")


def test_unavailable_cluster_is_an_error(sample_warehouse: tuple[Shell, object], tmp_path: Path) -> None:
    shell = Shell(tmp_path / "data", (("WAREHOUSE_OFFLINE", "1"), ("WAREHOUSE_DASK", f"tcp://{HERE}:9")))
    shutil.copytree(sample_warehouse[0].data_dir, shell.data_dir)
    before = shell.published_hash()
    done = shell("run", "--sources", "sample", "--with", "inference")
    assert done.returncode == 1
    assert "The Dask cluster cannot be used" in done.stderr
    assert "WAREHOUSE_DASK" in done.stderr
    assert "Traceback" not in done.stderr
    assert shell.published_hash() == before
