"""Dagster's record of a refresh: data versions change only with the data, and failed checks are recorded."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

import pytest
from dagster import AssetCheckKey, AssetKey, DagsterInstance

from orchestration.core.settings import REPOSITORY, Settings
from tests.integration.test_lineage import ancestors
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

TRADE = AssetKey(["raw", "national_trade"])
FILE = "cow_trade/National_COW_4.0.csv"


@pytest.fixture(scope="module")
def shell(sample_warehouse, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A copy of the refreshed sample that the tests change."""
    data_dir = tmp_path_factory.mktemp("versions") / "data"
    shutil.copytree(sample_warehouse[0].data_dir, data_dir)
    return replace(sample_warehouse[0], data_dir=data_dir)


@pytest.fixture(scope="module")
def dagster(shell: Shell) -> Iterator[tuple[DagsterInstance, object]]:
    """Dagster's instance of that folder, and its asset graph."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in Settings(shell.data_dir, sources="sample", offline=True).environment().items():
            patch.setenv(name, value)
        from orchestration.definitions import defs

        with DagsterInstance.from_config(str(REPOSITORY)) as instance:
            yield instance, defs.resolve_asset_graph()


def versions(dagster) -> dict[AssetKey, str]:
    instance, graph = dagster
    events = {key: instance.get_latest_materialization_event(key) for key in graph.get_all_asset_keys()}
    return {key: e.asset_materialization.tags["dagster/data_version"] for key, e in events.items() if e}


def check(dagster, asset: AssetKey, name: str):
    """The last evaluation of a check."""
    (last,) = dagster[0].event_log_storage.get_asset_check_execution_history(AssetCheckKey(asset, name), limit=1)
    return last.event.dagster_event.asset_check_evaluation_data


def rewrite(shell: Shell, change: Callable[[list[str]], list[str]]) -> None:
    """Change the lines of the sample's trade file, and its recorded hash."""
    mirror = shell.data_dir / "sample_mirror"
    content = "".join(change((mirror / FILE).read_text().splitlines(keepends=True))).encode()
    (mirror / FILE).write_bytes(content)
    record = json.loads((mirror / "SYNTHETIC.json").read_text())
    record["files"][FILE] = {"sha256": sha256(content).hexdigest(), "size_bytes": len(content)}
    (mirror / "SYNTHETIC.json").write_text(json.dumps(record))


def with_imports(value: str) -> Callable[[list[str]], list[str]]:
    """Change the imports of the last line to ``value``."""

    def change(lines: list[str]) -> list[str]:
        cells = lines[-1].split(",")
        cells[4] = value
        return [*lines[:-1], ",".join(cells)]

    return change


def test_forced_refresh_keeps_every_data_version(shell: Shell, dagster) -> None:
    before = versions(dagster)
    assert len(before) > 80
    assert shell("run", "--sources", "sample", "--force").returncode == 0
    assert versions(dagster) == before


def test_changed_source_changes_downstream_versions(shell: Shell, dagster) -> None:
    before = versions(dagster)
    rewrite(shell, with_imports("12345.67"))
    assert shell("run", "--sources", "sample").returncode == 0
    after = versions(dagster)
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {key for key in after if key == TRADE or TRADE in ancestors(dagster[1], key)}
    names = {key.to_user_string() for key in changed}
    assert {"staging/stg_cow__national_trade", "marts/country_years", "results/models", "publication"} < names
    assert not {"raw/atop", "marts/alliance_entries", "results/replications"} & names


def test_lost_rows_fail_a_check_and_are_not_published(shell: Shell, dagster) -> None:
    published = shell.published_hash()
    rewrite(shell, lambda lines: lines[: len(lines) // 2])
    done = shell("run", "--sources", "sample")
    assert done.returncode == 1
    assert "row_count_national_trade" in done.stderr
    assert shell.published_hash() == published
    lost = check(dagster, TRADE, "row_count")
    assert not lost.passed
    assert "more than 20% lost without a new version" in lost.description
    audit = check(dagster, AssetKey("publication"), "audit")
    assert not audit.passed
    assert "row_count_national_trade" in audit.description


def test_violated_contract_fails_a_check(shell: Shell, dagster) -> None:
    rewrite(shell, with_imports("many"))
    assert shell("run", "--sources", "sample").returncode == 1
    broken = check(dagster, TRADE, "contract")
    assert not broken.passed
    assert "'many'" in broken.description
