"""Decompress zip members and single streams in memory, within size limits."""

import bz2
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from orchestration.core.errors import WarehouseError

# The largest member of the sources has 23 MB, and the most compressed one (contdird.csv) is 14 times its stored size.
MAX_MEMBER_BYTES = 256 * 1024 * 1024
MAX_RATIO = 200
MAX_DIRECTORY_BYTES = 4 * 1024 * 1024  # of the central directory: about 50,000 names

STREAMS: dict[bytes, Callable[[], Any]] = {
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": lzma.LZMADecompressor,
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
}

DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError, OSError,
    ValueError, OverflowError,
)  # fmt: skip


def extract(
    archive: Path | bytes,
    member: str,
    *,
    name: str = "archive",
    max_bytes: int = MAX_MEMBER_BYTES,
    max_ratio: int = MAX_RATIO,
) -> bytes:
    """Read one member of a zip archive.

    Parameters
    ----------
    archive : Path or bytes
        Path of the zip file, or its content.
    member : str
        Path inside the archive; ``outer.zip!inner.csv`` reads from an archive within the archive.
    name : str
        Name of the archive in error messages, if only its content is given.
    max_bytes : int
        Largest decompressed size.
    max_ratio : int
        Largest ratio of decompressed to compressed size.

    Returns
    -------
    bytes
        The decompressed member.

    Raises
    ------
    WarehouseError
        If the archive is damaged or not a zip archive; if the member does not exist, is not a regular file or has an
        unsafe path; or if it exceeds a limit.
    """
    if isinstance(archive, Path):
        name, content = archive.name, archive.read_bytes()
    else:
        content = archive
    for step in member.split("!"):
        content = _extract_one(content, step, name, max_bytes, max_ratio)
        name = f"{name}!{step}"
    return content


def member_names(archive: bytes, name: str) -> list[str]:
    """List the members of a zip archive.

    Parameters
    ----------
    archive : bytes
        Content of the zip file.
    name : str
        Name of the archive in error messages.

    Returns
    -------
    list of str
        Paths inside the archive, in its order.

    Raises
    ------
    WarehouseError
        If the archive is damaged or not a zip archive.
    """
    try:
        _refuse_long_directory(archive, name)
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return opened.namelist()
    except DAMAGE as error:
        raise _damaged(name, "a complete zip archive", archive, error) from error


def unpack_stream(content: bytes, name: str, max_bytes: int = MAX_MEMBER_BYTES) -> bytes:
    """Decompress a file that is one gzip, bzip2 or xz stream.

    Parameters
    ----------
    content : bytes
        Content of the file.
    name : str
        Name of the file in error messages.
    max_bytes : int
        Largest decompressed size.

    Returns
    -------
    bytes
        The decompressed content; a file in none of these formats is returned unchanged.

    Raises
    ------
    WarehouseError
        If the stream is damaged, truncated, followed by other bytes, or larger than `max_bytes`.
    """
    decompressor = next((make() for magic, make in STREAMS.items() if content.startswith(magic)), None)
    if decompressor is None:
        return content
    try:
        unpacked: bytes = decompressor.decompress(content, max_bytes + 1)
    except (OSError, lzma.LZMAError, zlib.error, EOFError, ValueError) as error:
        raise _fault("A compressed file is damaged.", name, expected="a complete stream", found=str(error)) from error
    if len(unpacked) > max_bytes:
        raise _fault(
            "A compressed file exceeds the size limit.",
            name,
            expected=f"at most {max_bytes:,} bytes after decompression",
            found=f"more bytes, decompressed from {len(content):,}",
        )
    if not decompressor.eof or decompressor.unused_data:
        found = "other bytes after its end" if decompressor.eof else "a truncated stream"
        raise _fault("A compressed file is damaged.", name, expected="one complete stream", found=found)
    return unpacked


def _extract_one(content: bytes, member: str, name: str, max_bytes: int, max_ratio: int) -> bytes:
    _refuse_unsafe_path(member, name)
    try:
        _refuse_long_directory(content, name)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            info = _find(archive, member, name)
            _refuse_oversize(info, name, max_bytes, max_ratio)
            with archive.open(info) as stream:
                unpacked = stream.read(info.file_size + 1)
    except DAMAGE as error:
        raise _damaged(name, f"a complete zip archive with the member {member}", content, error) from error
    if len(unpacked) != info.file_size:
        raise _fault(
            "The size of a member differs from the size declared in its zip archive.",
            f"{name}, member {member}",
            expected=f"{info.file_size:,} bytes",
            found=f"{len(unpacked):,} bytes or more",
        )
    return unpacked


def _refuse_long_directory(content: bytes, name: str) -> None:
    """Check the declared size of the central directory before `zipfile` reads all of it into memory."""
    end = content.rfind(b"PK\5\6")
    if end < 0 or len(content) < end + 16:
        return  # zipfile reports what is wrong
    (declared,) = struct.unpack_from("<L", content, end + 12)
    if declared > MAX_DIRECTORY_BYTES:
        raise _fault(
            "A zip archive has too many members.",
            name,
            expected=f"a central directory of at most {MAX_DIRECTORY_BYTES:,} bytes",
            found=f"{declared:,} bytes",
        )


def _refuse_unsafe_path(member: str, name: str) -> None:
    parts = PurePosixPath(member).parts
    if not parts or member.startswith("/") or ".." in parts or "\\" in member or ":" in member or "\0" in member:
        raise _fault(
            "A member of a zip archive has an unsafe path.",
            name,
            expected="a relative path without ..",
            found=repr(member),
        )


def _find(archive: zipfile.ZipFile, member: str, name: str) -> zipfile.ZipInfo:
    found = [info for info in archive.infolist() if info.filename == member]
    if not found:
        members = [info.filename for info in archive.infolist()][:10]
        raise _fault(
            "Member not found in a zip archive.",
            name,
            expected=f"a member {member}",
            found=f"members: {', '.join(members) or 'none'}",
        )
    if len(found) > 1:
        raise _fault(
            "Duplicate member in a zip archive.",
            name,
            expected=f"one member {member}",
            found=f"{len(found)} members of this name",
        )
    kind = stat.S_IFMT(found[0].external_attr >> 16)
    if found[0].is_dir() or kind not in (0, stat.S_IFREG):
        raise _fault(
            "A member of a zip archive is not a regular file.",
            f"{name}, member {member}",
            expected="a regular file",
            found="a folder, a link or a device",
        )
    return found[0]


def _refuse_oversize(info: zipfile.ZipInfo, name: str, max_bytes: int, max_ratio: int) -> None:
    if info.file_size > max_bytes or info.file_size > max_ratio * max(info.compress_size, 1):
        raise _fault(
            "A member of a zip archive exceeds the size limit.",
            f"{name}, member {info.filename}",
            expected=f"at most {max_bytes:,} bytes and {max_ratio} times the compressed size",
            found=f"{info.file_size:,} bytes, compressed to {info.compress_size:,}",
        )


def _damaged(name: str, expected: str, content: bytes, error: Exception) -> WarehouseError:
    found = f"{len(content):,} bytes; {error}"
    return _fault("The file is damaged or is not a zip archive.", name, expected=expected, found=found)


def _fault(problem: str, where: str, *, expected: str, found: str) -> WarehouseError:
    return WarehouseError(
        problem,
        where=where,
        expected=expected,
        found=found,
        next_step="Download the archive again from its publisher; if it is the same, correct the source record.",
    )
