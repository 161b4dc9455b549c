"""Damage to anything in the data folder but the publication: repaired by the next run, or named with a next step."""

import shutil
from pathlib import Path

import pytest

from tests.support.faults import FORCED, assert_recovers, refused
from tests.support.shell import Shell

pytestmark = pytest.mark.slow


def cut_in_half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def one_bit_flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    if content:  # the lock file is empty
        content[len(content) // 3] ^= 16
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"\x07garbage\xff" * 500)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


REPAIRED = [
    "sources/cow_nmc/synthetic/cow_nmc.rda", "sources/rivalries/synthetic/tss_rivalries.rda",
    "sources/imr_gapminder/synthetic/gapdata002.xlsx", "raw/state_system_spells.parquet", "raw/atop.parquet",
    "raw/national_capabilities.parquet", "build.duckdb", "results/models.parquet", "results/coefficients.parquet",
    "dbt_target/partial_parse.msgpack", "dbt_target/manifest.json", "dbt_target/run_results.json", "refresh.lock",
    "refresh.holder.json", "sample_mirror/SYNTHETIC.json",
]  # fmt: skip


@pytest.mark.parametrize("first", [0, 1])
def test_damaged_files_are_repaired(published: Shell, first: int) -> None:
    """Neighbouring files are damaged in different ways, and each file in another way in the second run."""
    damages = [cut_in_half, one_bit_flipped, emptied, garbage]
    for number, name in enumerate(REPAIRED):
        damages[(number + 2 * first) % 4](published.data_dir / name)
    assert_recovers(published)


@pytest.mark.parametrize(
    "name", ["sources/cow_nmc/synthetic/cow_nmc.rda", "raw/atop.parquet", "build.duckdb", "refresh.lock"]
)
def test_a_folder_instead_of_a_file_is_named(published: Shell, name: str) -> None:
    before = published.published_hash()
    a_folder(published.data_dir / name)
    refused(published(*FORCED), Path(name).name, "directory")
    assert published.published_hash() == before
    (published.data_dir / name).rmdir()
    if name == "build.duckdb":
        assert_recovers(published)


def test_a_damaged_history_of_runs_is_named(published: Shell) -> None:
    before, history = published.published_hash(), published.data_dir / "dagster"
    intact = shutil.copytree(history, published.data_dir / "dagster.intact")
    for damage in (cut_in_half, garbage):
        shutil.rmtree(history)
        shutil.copytree(intact, history)
        for path in history.rglob("*.db"):
            damage(path)
        refused(published(*FORCED), "Dagster could not record the run", "move that folder away")
        assert published.published_hash() == before
    shutil.move(history, published.data_dir / "dagster.damaged")
    assert_recovers(published)
