"""A disk that is full or read-only: the run stops in plain words, what is published stays, and with room all goes on."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import WAREHOUSE, Shell
from tests.faults.conftest import FORCED, Done, green, refused

pytestmark = pytest.mark.slow

MB = 1024 * 1024


class SmallDisk:
    """A file system in memory, of a size and mode that change while it is mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False, capture_output=True)

    def leave_room(self, room_bytes: int) -> None:
        space = os.statvfs(self.folder)
        used = (space.f_blocks - space.f_bfree) * space.f_frsize
        self.remount(f"rw,size={used + room_bytes}")

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.folder)], check=True, capture_output=True)


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
    shell = Shell(disk.folder / "data", (("WAREHOUSE_OFFLINE", "1"),))
    shutil.copytree(sample_warehouse[0].data_dir, shell.data_dir)
    return shell


def test_a_full_disk_at_any_stage_then_a_read_only_one(disk: SmallDisk, on_disk: Shell) -> None:
    before = on_disk.published_hash()
    disk.remount("ro")
    refused(on_disk(*FORCED), str(disk.folder), "Read-only file system")
    assert on_disk("status").returncode == 0
    assert on_disk("sql", "from meta.publication").returncode == 0
    seen = set()
    for room in (0, 64 * 1024, MB, 6 * MB, 14 * MB):
        shutil.rmtree(on_disk.data_dir / "raw", ignore_errors=True)
        disk.remount("rw,size=500m")
        (on_disk.data_dir / "build.duckdb").unlink(missing_ok=True)
        disk.leave_room(room)
        done = on_disk(*FORCED)
        refused(done)
        assert on_disk.published_hash() == before, f"{room:,} bytes of room: {done.stderr}"
        seen.add(done.stderr.partition("error:")[2])
    assert len(seen) > 2, "the disk is to fill in different stages"
    disk.remount("rw,size=500m")
    green(on_disk)


def test_a_data_folder_that_is_read_only_from_the_start(disk: SmallDisk) -> None:
    disk.remount("ro")
    shell = Shell(disk.folder / "data", (("WAREHOUSE_OFFLINE", "1"),))
    refused(shell(*FORCED), str(disk.folder), "Read-only file system")
    disk.remount("rw")
    green(shell)


@pytest.mark.parametrize("largest_bytes", [20_000, 3 * MB])
def test_no_file_may_grow(published: Shell, largest_bytes: int) -> None:
    """Every write beyond a size fails, as on a disk with a quota; this needs no rights."""
    before = published.published_hash()
    shutil.rmtree(published.data_dir / "raw")
    done = subprocess.run(
        ["prlimit", f"--fsize={largest_bytes}", str(WAREHOUSE), *FORCED],
        check=False, env=published.environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    refused(done)
    assert published.published_hash() == before
    green(published)
