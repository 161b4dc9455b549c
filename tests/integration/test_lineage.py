"""The lineage is whole: from a raw table over the mart and the results to the publication."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dagster import AssetKey

from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_DATA_DIR", str(tmp_path_factory.mktemp("lineage")))
        from orchestration.definitions import defs

        yield defs.resolve_asset_graph()


def ancestors(graph, key: AssetKey) -> set[AssetKey]:
    found, waiting = set(), [key]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys - found:
            found.add(parent)
            waiting.append(parent)
    return found


def test_the_path_from_raw_to_publication(graph) -> None:
    path = [
        "raw/atop",
        "staging/stg_atop__members",
        "intermediate/int_alliance_entries",
        "marts/country_years",
        "results/coefficients",
        "publication",
    ]
    keys = [AssetKey.from_user_string(step) for step in path]
    for upstream, downstream in itertools.pairwise(keys):
        assert upstream in ancestors(graph, downstream), f"{upstream} does not lead to {downstream}"


def test_every_raw_table_is_built_on_or_tested_against() -> None:
    from orchestration.dbt_manifest import parsed_project
    from orchestration.provenance import load_catalog
    from orchestration.settings import from_environment

    manifest = json.loads((parsed_project(from_environment()) / "manifest.json").read_text())
    used = {key.split(".")[-1] for key, children in manifest["child_map"].items() if children}
    assert set(load_catalog().raw_tables) - used == set(), "a source that nothing reads need not be loaded"


def test_every_asset_is_in_a_named_group_and_described(graph) -> None:
    groups = {"ingest", "staging", "intermediate", "marts", "analysis", "publish"}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name in groups, key
        assert node.description, key
    assert {graph.get(key).group_name for key in graph.get_all_asset_keys()} == groups


def test_dagster_validates_the_definitions(tmp_path: Path) -> None:
    dagster = Path(sys.executable).with_name("dagster")
    environment = os.environ | {"WAREHOUSE_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [str(dagster), "definitions", "validate"],
        check=False,
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
