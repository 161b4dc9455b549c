"""Rules catch mutated values on the first load, too, when no publication is there to compare with."""

import hashlib
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.build.process import run_dbt
from orchestration.build.run_results import node_of, read_manifest, read_run_results
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SOURCES_DIR, Settings
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.membership import read_membership
from orchestration.ingest.raw import build_raw_table
from orchestration.upgrade.preview import DYADS, build_mart
from tests.support.shell import Shell
from tests.support.value_mutations import MUTATIONS, Mutation, mutated

pytestmark = pytest.mark.slow

BY_NAME = {mutation.name: mutation for mutation in MUTATIONS}
REFUSED_BY_CONTRACT = (
    "military expenditure times 1,000",
    "population divided by ten",
    "steel with the opposite sign",
    "urban above total population",
    "all treaties end before they begin",
    "under-five rates divided by ten",
    "infant rates of one year per 100",
    "decadal rates tripled",
    "another indicator",
    "another indicator's code",
    "imports in thousands",
    "members enter a century early",
    "alliances begin late",
    "disputes end before they begin",
    "threat scaled to percent",
    "states leave the system early",
)
# Mutations that go through every contract, in builds of several tables; each with a test that fails on it.
BUILDS = (
    {
        "two countries' rates exchanged": "under_five_mortality_exceeds_infant",
        "every defense obligation dropped": "alliances_equal_atop_state_years",
        "decadal rates up by half": "mortality_sources_agree",
        "infant rates of one year doubled": "mortality_series_move_smoothly",
        "polity scores with the opposite sign": "polity_scores_agree_between_deposits",
        "exports of two states exchanged": "economy_known_values",
        "participants all on side A": "disputes_have_both_sides",
        "coalitions halved": "coalition_sizes_reach_one",
    },
    {
        "personnel of two states exchanged": "cinc_is_the_mean_of_its_shares",
        "defense and offense of every fifth member turned": "alliances_equal_atop_state_years",
        "polity scores a year late": "polity_scores_agree_between_deposits",
    },
    {
        "energy a year late": "cinc_is_the_mean_of_its_shares",
    },
)


def load(mutation: Mutation, mirror: Path, settings: Settings, folder: Path) -> None:
    """Write the mutated file with a record that has its hash, and read it into its raw table."""
    entry = load_catalog(SOURCES_DIR).raw_tables[mutation.table]
    content = mutated((mirror / mutation.source / mutation.file).read_bytes(), entry.table, mutation.change)
    path = folder / mutation.file
    path.write_bytes(content)
    file = entry.file.model_copy(update={"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)})
    membership = read_membership(settings.raw_dir) if entry.table.membership_key else None
    build_raw_table(entry.source, file, entry.table, path, settings.raw_dir, datetime.now(UTC), membership)


def copied_raw(real_warehouse: Shell, folder: Path) -> Settings:
    settings = replace(Settings(folder / "data"), sources="real")
    shutil.copytree(real_warehouse.data_dir / "raw", settings.raw_dir)
    return settings


@pytest.mark.parametrize("name", REFUSED_BY_CONTRACT)
def test_the_contract_refuses(real_warehouse: Shell, mirror: Path, tmp_path: Path, name: str) -> None:
    mutation = BY_NAME[name]
    with pytest.raises(WarehouseError) as caught:
        load(mutation, mirror, copied_raw(real_warehouse, tmp_path), tmp_path)
    assert mutation.source in str(caught.value)
    assert "expected:" in str(caught.value)


@pytest.mark.parametrize("build", BUILDS, ids=("eight tables", "three tables", "one table"))
def test_a_data_test_fails(real_warehouse: Shell, mirror: Path, tmp_path: Path, build: dict[str, str]) -> None:
    settings = copied_raw(real_warehouse, tmp_path)
    for name in build:
        load(BY_NAME[name], mirror, settings, tmp_path)
    build_mart(settings, with_tests=False)
    run_dbt(settings, "test", "--exclude", "resource_type:unit_test", DYADS, target=settings.dbt_target_dir)
    manifest = read_manifest(settings.dbt_target_dir)
    results = read_run_results(settings.dbt_target_dir)
    failed = {node_of(manifest, result)["name"] for result in results if result.has_failed}
    assert set(build.values()) <= failed, set(build.values()) - failed
