"""Zip members and compressed files are extracted completely and within limits, or refused."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.ingest.archives import extract, unpack_stream


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def message(*arguments, **bounds) -> str:
    with pytest.raises(WarehouseError) as caught:
        extract(*arguments, **bounds)
    assert caught.value.expected
    assert caught.value.found
    assert caught.value.next_step
    return str(caught.value)


def test_a_member_is_extracted_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(("folder/a.csv", b"a,b\r\n1,2\r\n"), ("other", b"x")))
    assert extract(path, "folder/a.csv") == b"a,b\r\n1,2\r\n"


def test_a_member_of_a_nested_archive_is_extracted() -> None:
    assert extract(zipped(("in ner.zip", zipped(("a.csv", b"1")))), "in ner.zip!a.csv") == b"1"


@pytest.mark.parametrize("name", ["../a.csv", "a/../../b", "/etc/passwd", "..\\a", "C:\\a", "C:a", ""])
def test_an_unsafe_member_path_is_refused(name: str) -> None:
    assert "unsafe path" in message(zipped((name or "x", b"1")), name)


def test_a_link_is_refused() -> None:
    link = zipfile.ZipInfo("a.csv")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "not a regular file" in message(zipped((link, b"/etc/passwd")), "a.csv")


def test_a_folder_is_refused() -> None:
    assert "not a regular file" in message(zipped(("a/", b"")), "a/")


def test_a_missing_member_is_reported_with_the_existing_ones() -> None:
    reported = message(zipped(("there.csv", b"1")), "absent.csv", name="some.zip")
    assert "some.zip" in reported
    assert "absent.csv" in reported
    assert "there.csv" in reported


def test_a_duplicate_member_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = zipped(("a.csv", b"1"), ("a.csv", b"2"))
    assert "Duplicate member" in message(archive, "a.csv")


def test_a_bomb_is_refused_by_its_ratio() -> None:
    assert "exceeds the size limit" in message(zipped(("a", b"0" * 5_000_000)), "a")


def test_a_large_member_is_refused_by_its_size() -> None:
    archive = zipped(("a", bytes(range(256)) * 10), compression=zipfile.ZIP_STORED)
    assert "exceeds the size limit" in message(archive, "a", max_bytes=2559)
    assert len(extract(archive, "a", max_bytes=2560)) == 2560


def test_a_bomb_that_declares_a_small_size_is_refused() -> None:
    archive = bytearray(zipped(("a", b"0" * 1_000_000)))
    directory = archive.index(b"PK\x01\x02")
    struct.pack_into("<I", archive, directory + 24, 1_000)
    assert "damaged" in message(bytes(archive), "a")


def test_a_member_smaller_than_declared_is_refused() -> None:
    archive = bytearray(zipped(("a", b"12345"), compression=zipfile.ZIP_STORED))
    directory = archive.index(b"PK\x01\x02")
    struct.pack_into("<I", archive, directory + 24, 9)
    message(bytes(archive), "a")


@pytest.mark.parametrize("keep", [0, 10, 40, 70, -1])
def test_a_truncated_zip_is_refused(keep: int) -> None:
    assert "zip archive" in message(zipped(("a.csv", b"a,b\n1,2\n" * 20))[:keep], "a.csv", name="cut.zip")


def test_every_changed_byte_of_a_member_is_detected() -> None:
    whole = zipped(("a.csv", b"year,milex\n1816,3823\n"), compression=zipfile.ZIP_STORED)
    start = whole.index(b"year")
    for position in range(start, start + 21):
        changed = bytearray(whole)
        changed[position] ^= 1
        assert "damaged" in message(bytes(changed), "a.csv")


def test_an_encrypted_member_is_refused() -> None:
    archive = bytearray(zipped(("a.csv", b"1")))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    assert "damaged" in message(bytes(archive), "a.csv")


def test_an_archive_with_too_many_members_is_refused() -> None:
    many = zipped(*((f"{number:060}", b"") for number in range(45_000)), compression=zipfile.ZIP_STORED)
    assert "too many members" in message(many, "0")


@pytest.mark.parametrize("pack", [bz2.compress, gzip.compress, lzma.compress])
def test_a_compressed_file_is_decompressed_within_limits(pack: Callable[[bytes], bytes]) -> None:
    compressed = pack(b"data" * 1000)
    assert unpack_stream(compressed, "a.rda", 4000) == b"data" * 1000
    for damaged, reported in (
        (compressed, "exceeds the size limit"),
        (compressed[:-9], "damaged"),
        (compressed + b"x", "damaged"),
    ):
        with pytest.raises(WarehouseError, match=reported):
            unpack_stream(damaged, "a.rda", 3999 if damaged is compressed else 4000)


def test_an_uncompressed_file_is_unchanged() -> None:
    assert unpack_stream(b"RDX3 data", "a.rda") == b"RDX3 data"
