"""A full or read-only disk: the run stops with a clear message, the publication stays, and the next run recovers."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faults import FORCED, assert_recovers, refused
from tests.support.shell import WAREHOUSE, Done, Shell
from tests.support.warehouses import copied

pytestmark = pytest.mark.slow

MB = 1024 * 1024
STAGES = (
    "refresh.holder.json",
    "raw/cow_country_codes.parquet",
    "build.duckdb",
    "results/models.parquet",
    "publications/.*.duckdb",
)
"""A file that each stage of a refresh writes first."""


class SmallDisk:
    """A file system in memory, whose size and mode change while it is mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False, capture_output=True)

    def fill(self) -> None:
        """Limit the size to what is used; retried, since a refresh is writing and a smaller size is refused."""
        done = None
        while done is None or done.returncode:
            space = os.statvfs(self.folder)
            used = (space.f_blocks - space.f_bfree) * space.f_frsize
            done = subprocess.run(self.remounting(f"rw,size={used}"), check=False, capture_output=True)

    def remounting(self, options: str) -> list[str]:
        return ["mount", "-o", f"remount,{options}", str(self.folder)]

    def remount(self, options: str) -> None:
        subprocess.run(self.remounting(options), check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = SmallDisk(folder)
    disk.mount("size=500m")
    yield disk
    disk.unmount()


@pytest.fixture
def on_disk(disk: SmallDisk, sample_warehouse: tuple[Shell, Done]) -> Shell:
    return copied(sample_warehouse[0], disk.folder, ("WAREHOUSE_OFFLINE", "1"))


def test_a_disk_that_is_read_only_or_full_at_every_stage(disk: SmallDisk, on_disk: Shell) -> None:
    disk.remount("ro")
    refused(on_disk(*FORCED), str(disk.folder), "Read-only file system")
    assert on_disk("status").returncode == 0
    assert on_disk("sql", "from meta.publication").returncode == 0
    for stage in STAGES:
        disk.remount("rw,size=500m")
        for left in on_disk.data_dir.glob(stage):
            left.unlink()
        before = on_disk.published_hash()
        done = full_when_seen(disk, on_disk, stage)
        refused(done)
        if on_disk.published_hash() != before:
            assert "publications" in stage, f"{stage}: {done.stderr}"
            assert "the previous one or a new one" in done.stderr, f"{stage}: {done.stderr}"
    disk.remount("rw,size=500m")
    assert_recovers(on_disk)


def full_when_seen(disk: SmallDisk, shell: Shell, pattern: str) -> Done:
    """Run a forced refresh on a disk that is full as soon as such a file exists."""
    process = shell.start(*FORCED)
    while process.poll() is None:
        if any(shell.data_dir.glob(pattern)):
            disk.fill()
            break
        time.sleep(0.002)
    else:
        pytest.fail(f"the refresh ended without {pattern}: {process.stdout.read()}")
    output, _ = process.communicate(timeout=900)
    return Done(process.args, process.returncode, "", output)


def test_a_read_only_data_folder_is_named(disk: SmallDisk) -> None:
    disk.remount("ro")
    shell = Shell(disk.folder / "data", (("WAREHOUSE_OFFLINE", "1"),))
    refused(shell(*FORCED), str(disk.folder), "Read-only file system")


def test_no_file_may_grow(published: Shell) -> None:
    """Every write beyond a size fails, as on a disk with a quota; unlike a mount, this needs no rights."""
    before = published.published_hash()
    for largest_bytes in (20_000, 3 * MB):
        shutil.rmtree(published.data_dir / "raw", ignore_errors=True)
        done = subprocess.run(
            ["prlimit", f"--fsize={largest_bytes}", str(WAREHOUSE), *FORCED],
            check=False, env=published.environment(), capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        refused(done)
        assert published.published_hash() == before
    assert_recovers(published)
