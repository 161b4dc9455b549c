"""Unpacking into memory, within bounds and never onto the disk: a member of a zip archive, nested or not, or one stream."""

import bz2
import io
import lzma
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from orchestration.core.errors import WarehouseError

# Named choices: the largest member of the sources has 23 MB, and the best packed one (contdird.csv) shrinks 14-fold.
MAX_MEMBER_BYTES = 256 * 1024 * 1024
MAX_RATIO = 200
MAX_DIRECTORY_BYTES = 4 * 1024 * 1024  # of the list of members: some 50,000 names

STREAMS = {
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
    """Return the bytes of ``member``; ``outer.zip!inner.csv`` steps into an archive within the archive.

    archive: the zip file's path, or its bytes. name: what to call it in messages when only its bytes are known.
    Raises WarehouseError when the archive is damaged or is no zip, when the member is not there, is no regular file or
    is named so as to leave its folder, or when it is larger than ``max_bytes`` or ``max_ratio`` times its packed size.
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
    """The names of all members of a zip archive, in its order. Raises WarehouseError where it is damaged or is no zip."""
    try:
        _refuse_long_directory(archive, name)
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return opened.namelist()
    except DAMAGE as error:
        raise _damaged(name, "a whole zip archive", archive, error) from error


def unpack_stream(content: bytes, name: str, max_bytes: int = MAX_MEMBER_BYTES) -> bytes:
    """The bytes of a file packed as one gzip, bzip2 or xz stream; a file packed in no such way comes back as it is.

    Raises WarehouseError where the stream is damaged, breaks off, has something after it, or holds more than max_bytes.
    """
    unpacker = next((make() for magic, make in STREAMS.items() if content.startswith(magic)), None)
    if unpacker is None:
        return content
    try:
        unpacked = unpacker.decompress(content, max_bytes + 1)
    except (OSError, lzma.LZMAError, zlib.error, EOFError, ValueError) as error:
        raise _fault("A packed file is damaged.", name, expected="a whole stream", found=str(error)) from error
    if len(unpacked) > max_bytes:
        found = f"more than that from {len(content):,} packed"
        raise _fault(
            "A packed file would unpack to more than is allowed.", name, expected=f"{max_bytes:,} bytes", found=found
        )
    if not unpacker.eof or unpacker.unused_data:
        found = "bytes after its end" if unpacker.eof else "a stream that breaks off"
        raise _fault("A packed file is damaged.", name, expected="one whole stream", found=found)
    return unpacked


def _extract_one(content: bytes, member: str, name: str, max_bytes: int, max_ratio: int) -> bytes:
    _refuse_escape(member, name)
    try:
        _refuse_long_directory(content, name)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            info = _find(archive, member, name)
            _refuse_oversize(info, name, max_bytes, max_ratio)
            with archive.open(info) as stream:
                unpacked = stream.read(info.file_size + 1)
    except DAMAGE as error:
        raise _damaged(name, f"a whole zip archive with the member {member}", content, error) from error
    if len(unpacked) != info.file_size:
        raise _fault(
            "A member of a zip archive has another size than the archive declares.",
            f"{name}, member {member}",
            expected=f"{info.file_size:,} bytes",
            found=f"{len(unpacked):,} bytes or more",
        )
    return unpacked


def _refuse_long_directory(content: bytes, name: str) -> None:
    """Look at the declared length of the list of members, before all of it is read into memory."""
    end = content.rfind(b"PK\5\6")
    if end < 0 or len(content) < end + 16:
        return  # zipfile says what is wrong
    (declared,) = struct.unpack_from("<L", content, end + 12)
    if declared > MAX_DIRECTORY_BYTES:
        raise _fault(
            "A zip archive has more members than is allowed.",
            name,
            expected=f"a list of members of at most {MAX_DIRECTORY_BYTES:,} bytes",
            found=f"{declared:,} bytes",
        )


def _refuse_escape(member: str, name: str) -> None:
    parts = PurePosixPath(member).parts
    if not parts or member.startswith("/") or ".." in parts or "\\" in member or ":" in member or "\0" in member:
        raise _fault(
            "A member of a zip archive has a name that leaves its folder.",
            name,
            expected="a relative path with no .. in it",
            found=repr(member),
        )


def _find(archive: zipfile.ZipFile, member: str, name: str) -> zipfile.ZipInfo:
    found = [info for info in archive.infolist() if info.filename == member]
    if len(found) != 1:
        others = [info.filename for info in archive.infolist()][:10]
        raise _fault(
            f"A zip archive has {'no' if not found else 'more than one'} member of the name wanted.",
            name,
            expected=f"one member {member}",
            found=f"the members {', '.join(others) or 'none'}",
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
            "A member of a zip archive would unpack to more than is allowed.",
            f"{name}, member {info.filename}",
            expected=f"at most {max_bytes:,} bytes and {max_ratio} times the packed size",
            found=f"{info.file_size:,} bytes from {info.compress_size:,} packed",
        )


def _damaged(name: str, expected: str, content: bytes, error: Exception) -> WarehouseError:
    found = f"{len(content):,} bytes; {error}"
    return _fault("A zip archive is damaged or is no zip archive.", name, expected=expected, found=found)


def _fault(problem: str, where: str, *, expected: str, found: str) -> WarehouseError:
    return WarehouseError(
        problem,
        where=where,
        expected=expected,
        found=found,
        next_step="Fetch the archive again from its publisher; if it is the same, correct the source's record.",
    )
