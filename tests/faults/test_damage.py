"""Damage to anything below the data folder but the publication: mended by the next run, or told with what to do."""

import shutil
from collections.abc import Callable
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
    if content:  # the lock file has none
        content[len(content) // 3] ^= 16
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"\x07garbage\xff" * 500)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


MENDED = [
    "sources/cow_nmc/synthetic/NMC-60-abridged.csv", "sources/rivalries/synthetic/tss_rivalries.rda",
    "sources/maddison/synthetic/mpd2020.xlsx", "raw/state_system_spells.parquet", "raw/atop.parquet",
    "raw/national_capabilities.parquet", "build.duckdb", "results/models.parquet", "results/coefficients.parquet",
    "dbt_target/partial_parse.msgpack", "dbt_target/manifest.json", "dbt_target/run_results.json", "refresh.lock",
    "refresh.holder.json", "sample_mirror/SYNTHETIC.json",
]  # fmt: skip


@pytest.mark.parametrize("damage", [cut_in_half, one_bit_flipped, emptied, garbage])
def test_a_damaged_copy_is_made_again(published: Shell, damage: Callable[[Path], None]) -> None:
    for name in MENDED:
        damage(published.data_dir / name)
    assert_recovers(published)


@pytest.mark.parametrize(
    "name", ["sources/cow_nmc/synthetic/NMC-60-abridged.csv", "raw/atop.parquet", "build.duckdb", "refresh.lock"]
)
def test_a_folder_in_the_place_of_a_file_is_named(published: Shell, name: str) -> None:
    before = published.published_hash()
    a_folder(published.data_dir / name)
    refused(published(*FORCED), Path(name).name, "directory")
    assert published.published_hash() == before
    (published.data_dir / name).rmdir()
    if name == "build.duckdb":
        assert_recovers(published)


@pytest.mark.parametrize("damage", [cut_in_half, garbage])
def test_a_damaged_record_of_runs_is_told_with_what_to_do(published: Shell, damage: Callable[[Path], None]) -> None:
    before = published.published_hash()
    for path in (published.data_dir / "dagster").rglob("*.db"):
        damage(path)
    refused(published(*FORCED), "Dagster could not keep its record of the run", "move that folder away")
    assert published.published_hash() == before
    shutil.move(published.data_dir / "dagster", published.data_dir / "dagster.damaged")
    assert_recovers(published)
