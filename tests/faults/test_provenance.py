"""A publication names what was built: a record that changed after the build is refused, and the next run repairs it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.build.record import BuildRecord, differences, read_build_record, write_build_record
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SAMPLE, Settings
from orchestration.ingest.acquisition import open_acquisition
from orchestration.ingest.loads import RawLoad
from orchestration.publication.provenance import require_unchanged_build
from tests.support.faults import change_sample
from tests.support.rdata_files import CAPABILITIES, with_more_troops
from tests.support.shell import REPOSITORY, Shell

pytestmark = pytest.mark.slow

BUILT = "select sha256 from meta.raw_tables where table_name = 'national_capabilities'"


def materialize_publication(shell: Shell) -> subprocess.CompletedProcess[str]:
    """Materialize only the asset ``publication``, as the button in Dagster's UI does."""
    command = [str(Path(sys.executable).with_name("dagster")), "asset", "materialize"]
    return subprocess.run(
        [*command, "--select", "publication", "-m", "orchestration.definitions"],
        cwd=REPOSITORY,
        env=shell.environment() | {"DAGSTER_HOME": str(REPOSITORY), "WAREHOUSE_SOURCES": "sample"},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_record_changed_after_the_build_is_refused_then_built(published: Shell) -> None:
    before, built = published.published_hash(), published.sql(BUILT)
    change_sample(published.data_dir, CAPABILITIES, with_more_troops)
    done = materialize_publication(published)
    assert done.returncode != 0
    assert "The build was made from other inputs than those on record." in done.stdout + done.stderr
    assert "source cow_nmc, raw table national_capabilities: on record version" in done.stdout + done.stderr
    assert published.published_hash() == before
    run = published("run", "--sources", "sample")
    assert run.returncode == 0, run.stderr
    assert published.published_hash() != before
    assert published.sql(BUILT) != built


@pytest.fixture
def settings(published: Shell) -> Settings:
    return Settings(published.data_dir, sources=SAMPLE, offline=True)


def test_the_inputs_of_the_last_build_are_the_present_ones(settings: Settings) -> None:
    build = require_unchanged_build(open_acquisition(settings))
    assert build.raw["national_capabilities"].version == "synthetic"
    assert {"dbt project", "code of analysis", "code of orchestration", "requirements.lock"} <= build.parts.keys()


@pytest.mark.parametrize("part", ["dbt project", "code of analysis", "record of source atop"])
def test_code_edited_after_the_build_is_named(settings: Settings, part: str) -> None:
    built = read_build_record(settings)
    assert built is not None
    write_build_record(settings, replace(built, parts={**built.parts, part: "of an earlier text"}))
    with pytest.raises(WarehouseError, match=f"{part} changed since the build"):
        require_unchanged_build(open_acquisition(settings))


def test_a_partial_build_is_refused(settings: Settings) -> None:
    (settings.dbt_target_dir / "build_record.json").unlink()
    with pytest.raises(WarehouseError, match="The build is not complete"):
        require_unchanged_build(open_acquisition(settings))


def test_differences_name_both_versions() -> None:
    load = {"sha256": "0" * 64, "version": "6.0", "loaded_at": "2026-01-01T00:00:00+00:00", "rows": 3}
    old, new = RawLoad(**load), RawLoad(**(load | {"sha256": "1" * 64, "version": "7.0"}))
    found = differences(BuildRecord({"dbt project": "a"}, {"t": old}), BuildRecord({"dbt project": "a"}, {"t": new}))
    assert found == [
        "raw table t: built from version 6.0 (sha256 000000000000...), now version 7.0 (sha256 111111111111...)"
    ]
