"""Old runs are removed with their events and logs; what the lineage shows is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetKey, AssetsDefinition, DagsterInstance, asset, materialize

from orchestration.core.settings import REPOSITORY
from orchestration.defs.old_runs import KEPT_RUNS, remove_old_runs


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """An instance with the project's own storage."""
    monkeypatch.setenv("WAREHOUSE_DATA_DIR", str(tmp_path))
    with DagsterInstance.from_config(str(REPOSITORY)) as made:
        yield made


def named(name: str) -> AssetsDefinition:
    @asset(name=name)
    def made() -> None:
        print(name)

    return made


@pytest.mark.slow
def test_the_newest_runs_and_the_last_materializations_are_kept(instance: DagsterInstance, tmp_path: Path) -> None:
    def run(name: str) -> str:
        return materialize([named(name)], instance=instance).run_id

    only_run_of_its_asset = run("rare")
    removed = [run("frequent") for _ in range(25)]
    kept = [run("frequent") for _ in range(KEPT_RUNS)]
    assert remove_old_runs(instance) == sorted(removed)
    assert {run.run_id for run in instance.get_runs()} == {only_run_of_its_asset, *kept}
    assert instance.get_latest_materialization_event(AssetKey("rare")).run_id == only_run_of_its_asset
    assert instance.all_logs(kept[0])
    files = {path.name for path in tmp_path.rglob("*")}
    assert not [name for name in files if any(run_id in name for run_id in removed)]
    assert {f"{run_id}.db" for run_id in kept} <= files
    assert remove_old_runs(instance) == []
