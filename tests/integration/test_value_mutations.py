"""A correct hash does not make a value plausible: no mutated value is published without a failed check."""

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SOURCES_DIR, Settings
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.membership import read_membership
from orchestration.ingest.raw import build_raw_table
from orchestration.publication.load_checks import check_values, keep_published_loads
from tests.support.value_mutations import MUTATIONS, Mutation, mutated

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(real_warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The raw tables of a publication, in a data folder of their own."""
    settings = Settings(tmp_path_factory.mktemp("published"))
    shutil.copytree(real_warehouse.data_dir / "raw", settings.raw_dir)
    keep_published_loads(settings)
    return settings


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.name for mutation in MUTATIONS])
def test_a_mutation_fails_a_check_that_names_it(
    published: Settings, mirror: Path, tmp_path: Path, mutation: Mutation
) -> None:
    """The record has the mutated file's hash, as after an edit that nobody looked at."""
    entry = load_catalog(SOURCES_DIR).raw_tables[mutation.table]
    content = mutated((mirror / mutation.source / mutation.file).read_bytes(), entry.table, mutation.change)
    changed = tmp_path / mutation.file
    changed.write_bytes(content)
    file = entry.file.model_copy(update={"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)})
    settings = Settings(tmp_path / "data")
    shutil.copytree(published.raw_dir, settings.raw_dir)
    shutil.copytree(published.published_raw_dir, settings.published_raw_dir)
    membership = read_membership(settings.raw_dir) if entry.table.membership_key else None
    try:
        build_raw_table(entry.source, file, entry.table, changed, settings.raw_dir, datetime.now(UTC), membership)
    except WarehouseError as error:
        found = str(error)
    else:
        check = check_values(settings, mutation.source, file, entry.table)
        assert check.status == "fail", check.found
        found = check.found
    assert mutation.source in found
    assert mutation.column in found


def test_an_acknowledged_revision_passes_and_is_reported(published: Settings, mirror: Path, tmp_path: Path) -> None:
    mutation = next(mutation for mutation in MUTATIONS if mutation.name == "energy a year late")
    entry = load_catalog(SOURCES_DIR).raw_tables[mutation.table]
    content = mutated((mirror / mutation.source / mutation.file).read_bytes(), entry.table, mutation.change)
    changed = tmp_path / mutation.file
    changed.write_bytes(content)
    file = entry.file.model_copy(
        update={
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
            "version": "7.1",
            "acknowledged_revision_of": entry.file.sha256,
        }
    )
    settings = Settings(tmp_path / "data")
    shutil.copytree(published.raw_dir, settings.raw_dir)
    shutil.copytree(published.published_raw_dir, settings.published_raw_dir)
    membership = read_membership(settings.raw_dir)
    build_raw_table(entry.source, file, entry.table, changed, settings.raw_dir, datetime.now(UTC), membership)
    check = check_values(settings, mutation.source, file, entry.table)
    assert check.status == "warn"
    assert "acknowledged revision: pec: " in check.found
