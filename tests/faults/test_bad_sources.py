"""A wrong source file stops the run with one clear message; the publication stays unchanged byte for byte."""

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.shell import Shell
from tests.support.warehouses import copied

HTML = b"<!DOCTYPE html><html><body><h1>404 Not Found</h1></body></html>"


def a_wrong_byte(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def a_missing_column(content: bytes) -> bytes:
    return b"\n".join(line.rpartition(b",")[0] for line in content.splitlines())


def an_extra_column(content: bytes) -> bytes:
    header, *lines = content.splitlines()
    return b"\n".join([header + b",surprise", *(line + b",1" for line in lines)])


def a_duplicated_row(content: bytes) -> bytes:
    lines = content.splitlines()
    return b"\n".join([*lines, lines[1]])


def a_year_outside_membership(content: bytes) -> bytes:
    header, first, *lines = content.splitlines()
    return b"\n".join([header, first.replace(b",1816,", b",1815,", 1), *lines])


def nothing(content: bytes) -> bytes:
    return b""


def an_html_page(content: bytes) -> bytes:
    return HTML


def half_of_it(content: bytes) -> bytes:
    return content[: len(content) // 2]


CASES = [
    ("cow_nmc", "cow_nmc.rda", a_wrong_byte, "does not match its recorded sha256"),
    ("cow_state_system", "system2016.csv", a_missing_column, "version"),
    ("cow_state_system", "system2016.csv", an_extra_column, "surprise"),
    ("cow_state_system", "system2016.csv", a_duplicated_row, "1816"),
    ("cow_state_system", "system2016.csv", a_year_outside_membership, "1815"),
    ("atop", "atop5_1m.csv", nothing, "empty"),
    ("polity5", "p5v2018.csv", an_html_page, "HTML"),
    ("cow_contiguity", "DirectContiguity320.zip", half_of_it, "zip"),
]


@pytest.fixture(scope="module")
def published(real_warehouse: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A copy of the refreshed data folder, with a publication that a failing run must not change."""
    return copied(real_warehouse, tmp_path_factory.mktemp("published"))


def cases() -> list:
    """With the good copy cached and not; a run of the ingest takes some seconds, so that two suffice as fast tests."""
    every = [*((True, *case) for case in CASES), *((False, *case) for case in (CASES[0], CASES[1], CASES[-1]))]
    return [pytest.param(*case, marks=[] if number < 2 else pytest.mark.slow) for number, case in enumerate(every)]


@pytest.mark.parametrize(
    ("cached", "source", "file", "spoil", "named"),
    cases(),
    ids=lambda value: {True: "good copy cached", False: "nothing cached"}.get(value, getattr(value, "__name__", None)),
)
def test_a_wrong_file_stops_the_run(
    published: Shell,
    mirror: Path,
    tmp_path: Path,
    cached: bool,
    source: str,
    file: str,
    spoil: Callable[[bytes], bytes],
    named: str,
) -> None:
    spoiled_mirror = tmp_path / "mirror"
    shutil.copytree(mirror, spoiled_mirror, ignore=shutil.ignore_patterns("*.pdf"))
    spoiled = spoiled_mirror / source / file
    spoiled.chmod(0o644)
    spoiled.write_bytes(spoil(spoiled.read_bytes()))
    cache = published.data_dir / "sources" / source
    if not cached:
        shutil.move(cache, tmp_path / "cache")
    before = published.published_hash()
    try:
        done = published("run", "--sources", str(spoiled_mirror), "--offline")
    finally:
        if not cached:
            shutil.move(tmp_path / "cache", cache)
    assert done.returncode == 1
    assert source in done.stderr
    assert file in done.stderr
    assert "expected:" in done.stderr
    assert "found:" in done.stderr
    assert "next:" in done.stderr
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert published.published_hash() == before


def test_a_zip_bomb_is_refused(published: Shell, mirror: Path, tmp_path: Path) -> None:
    spoiled_mirror = tmp_path / "mirror"
    shutil.copytree(mirror, spoiled_mirror, ignore=shutil.ignore_patterns("*.pdf"))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("DirectContiguity320/contdird.csv", b"0" * 300_000_000)
    spoiled = spoiled_mirror / "cow_contiguity" / "DirectContiguity320.zip"
    spoiled.chmod(0o644)
    spoiled.write_bytes(bomb.getvalue())
    before = published.published_hash()
    done = published("run", "--sources", str(spoiled_mirror), "--offline")
    assert done.returncode == 1
    assert "contdird.csv" in done.stderr
    assert "Traceback" not in done.stderr
    assert published.published_hash() == before
