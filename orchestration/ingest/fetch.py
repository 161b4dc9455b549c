"""Fetch a source file from the cache, the mirror, the publisher or the pinned copy, and verify its sha256.

Verified files are kept in the cache as <source>/<version>/<file>. A cached file is replaced only by a verified one.
"""

import hashlib
import logging
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.ingest.archives import extract
from orchestration.ingest.readers import looks_like_html
from orchestration.ingest.records import SourceFile

# The largest download of the sources has 4 MB.
TIMEOUT_S = 60.0
MAX_BYTES = 64 * 1024 * 1024
MAX_REDIRECTS = 5
GRACE_S = 1.0  # time for the download thread to report its own timeout
TEMPORARY_STATUS = {408, 425, 429, 500, 502, 503, 504}  # a later request may succeed

MISMATCH = "A source file does not match its recorded sha256; nothing was loaded from it."

log = logging.getLogger(__name__)


class SourceUnavailable(WarehouseError):
    """The file is in neither cache nor mirror, and no address returned one.

    Attributes
    ----------
    network_fault : bool
        Whether a retry may succeed, because the network or a server failed temporarily.
    """

    network_fault = False


class WrongBytes(WarehouseError):
    """A location has the file with another sha256 than the one on record."""


class _Unreachable(Exception):
    """A location that returned no file; the message says why. `temporary`: a retry may succeed."""

    def __init__(self, reason: str, temporary: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary


@dataclass(frozen=True)
class Fetched:
    """A verified file.

    Attributes
    ----------
    path : Path
        Its path in the cache.
    sha256 : str
        Its hash.
    origin : str
        Where it was found: ``cache``, ``mirror``, ``publisher`` or ``pinned copy``.
    """

    path: Path
    sha256: str
    origin: str


def fetch(
    file: SourceFile,
    source_name: str,
    cache_dir: Path,
    mirror_dir: Path | None,
    *,
    allow_network: bool = True,
    timeout_s: float = TIMEOUT_S,
    max_bytes: int = MAX_BYTES,
) -> Fetched:
    """Fetch one file from the first location that has it, verify it, and copy it into the cache.

    Parameters
    ----------
    file : SourceFile
        Record of the file, with its sha256.
    source_name : str
        Name of its source.
    cache_dir : Path
        Folder of the verified files.
    mirror_dir : Path or None
        Folder ``<source>/<file>`` that is searched before the network.
    allow_network : bool
        Whether the publisher and the pinned copy are tried.
    timeout_s : float
        Time limit of each download as a whole, in seconds.
    max_bytes : int
        Size limit of each download.

    Returns
    -------
    Fetched
        The verified file in the cache.

    Raises
    ------
    SourceUnavailable
        If no location has a file.
    WarehouseError
        If the mirror has a file with another sha256; if no location has the recorded file but one has other bytes; or
        if the cache cannot be written.
    """
    cached = cache_dir / source_name / (file.version or "undated") / file.file
    tried: list[str] = []
    other_bytes = network_fault = False
    try:
        if sha256_of(cached) == file.sha256:
            return Fetched(cached, file.sha256, "cache")
        other_bytes = True
        tried.append(f"cache: {_description(cached.read_bytes())}")
        log.warning("%s/%s: the cached copy is damaged; searching for another copy", source_name, file.file)
    except FileNotFoundError:
        tried.append("cache: not found")
    except OSError as error:
        tried.append(f"cache: cannot be read ({error.strerror})")

    for origin, read in _locations(file, source_name, mirror_dir, allow_network, timeout_s, max_bytes):
        try:
            content = read()
        except _Unreachable as reason:
            network_fault |= reason.temporary
            tried.append(f"{origin}: {reason}")
            continue
        except WarehouseError as fault:
            if origin == "mirror":
                raise
            other_bytes = True  # the publisher's archive is damaged, or lacks the file
            tried.append(f"{origin}: {fault.problem} {fault.found}")
            continue
        if hashlib.sha256(content).hexdigest() == file.sha256:
            with write_atomically(cached) as stream:
                stream.write(content)
            return Fetched(cached, file.sha256, origin)
        if origin == "mirror":
            raise _mismatch(file, source_name, f"mirror: {_description(content)}")
        other_bytes = True
        tried.append(f"{origin}: {_description(content)}")

    if not allow_network:
        tried.append("network: not used")
    if other_bytes:
        raise _mismatch(file, source_name, "; ".join(tried))
    unavailable = SourceUnavailable(
        "Source file not found in the cache, the mirror or at the publisher.",
        where=f"source {source_name}, file {file.file}",
        expected=expected_bytes(file),
        found="; ".join(tried),
        next_step="Check the network, or put the file into a mirror folder as <source>/<file> and pass --sources DIR.",
    )
    unavailable.network_fault = network_fault
    raise unavailable


def download(url: str, timeout_s: float = TIMEOUT_S, max_bytes: int = MAX_BYTES) -> bytes:
    """Download the content of an http or https address.

    Parameters
    ----------
    url : str
        The address.
    timeout_s : float
        Time limit of the whole download, in seconds.
    max_bytes : int
        Size limit.

    Returns
    -------
    bytes
        The content.

    Raises
    ------
    SourceUnavailable
        If it could not be downloaded within the limits.
    """
    try:
        return _download(url, timeout_s, max_bytes)
    except _Unreachable as reason:
        raise SourceUnavailable(
            "The download failed.",
            where=url,
            expected="a file over http or https",
            found=str(reason),
            next_step="Check the address and the network, or download the file by hand and pass its path.",
        ) from reason


def sha256_of(path: Path) -> str:
    """Hash a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def expected_bytes(file: SourceFile) -> str:
    """Describe the recorded bytes of a file, for the `expected` part of an error.

    Parameters
    ----------
    file : SourceFile
        Record of the file.

    Returns
    -------
    str
        Its sha256 and its size.
    """
    return f"sha256 {file.sha256}, {file.size_bytes:,} bytes"


def _locations(
    file: SourceFile, source_name: str, mirror_dir: Path | None, allow_network: bool, timeout_s: float, max_bytes: int
) -> list[tuple[str, Callable[[], bytes]]]:
    """List the locations to search after the cache, each with a function that returns the bytes of the file."""
    locations: list[tuple[str, Callable[[], bytes]]] = []
    publisher_url, pinned_url = file.publisher_url, file.pinned_url
    if mirror_dir:
        locations.append(("mirror", lambda: _from_mirror(mirror_dir, source_name, file.file)))
    if not allow_network:
        return locations
    if publisher_url:
        member = file.archive_member
        locations.append(("publisher", lambda: _from_publisher(publisher_url, member, timeout_s, max_bytes)))
    if pinned_url:
        locations.append(("pinned copy", lambda: _download(pinned_url, timeout_s, max_bytes)))
    return locations


def _from_mirror(mirror_dir: Path, source_name: str, file_name: str) -> bytes:
    path = (mirror_dir / source_name / file_name).resolve()
    if not path.is_relative_to(mirror_dir.resolve()):
        raise WarehouseError(
            "A file of the mirror is outside of the mirror folder.",
            where=f"source {source_name}, file {file_name}",
            expected=f"a file inside {mirror_dir}",
            found=str(path),
            next_step="Put the file itself into the mirror instead of a link to it.",
        )
    if not path.is_file():
        raise _Unreachable("not found")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _Unreachable(f"cannot be read ({error.strerror})") from error


def _from_publisher(url: str, archive_member: str | None, timeout_s: float, max_bytes: int) -> bytes:
    content = _download(url, timeout_s, max_bytes)
    return extract(content, archive_member, name=url) if archive_member else content


def _download(url: str, timeout_s: float, max_bytes: int) -> bytes:
    """Download an address in a thread of its own, or raise _Unreachable with the reason.

    The thread is abandoned at the time limit: neither a name lookup nor a response whose headers arrive slowly has a
    time limit of its own.
    """
    outcomes: list[bytes | BaseException] = []
    thread = threading.Thread(target=lambda: outcomes.append(_outcome(url, timeout_s, max_bytes)), daemon=True)
    thread.start()
    thread.join(timeout_s + GRACE_S)
    if not outcomes:
        raise _Unreachable(f"not finished within {timeout_s:g} seconds", temporary=True)
    if isinstance(outcomes[0], BaseException):
        raise outcomes[0]
    return outcomes[0]


def _outcome(url: str, timeout_s: float, max_bytes: int) -> bytes | BaseException:
    """Return the bytes, or the exception for the waiting thread to raise."""
    try:
        return _download_now(url, timeout_s, max_bytes)
    except BaseException as error:  # raised again by the waiting thread
        return error


def _download_now(url: str, timeout_s: float, max_bytes: int) -> bytes:
    import pooch
    import requests
    import urllib3

    pooch.get_logger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = pooch.retrieve(url, None, fname="download", path=folder, downloader=_Bounded(timeout_s, max_bytes))
        except requests.HTTPError as error:
            status = error.response.status_code
            raise _Unreachable(f"HTTP status {status}", temporary=status in TEMPORARY_STATUS) from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise _Unreachable(f"no response within {timeout_s:g} seconds", temporary=True) from error
        except requests.exceptions.InvalidSchema as error:
            raise _Unreachable("redirected to an address that is neither http nor https") from error
        except requests.TooManyRedirects as error:
            raise _Unreachable(f"redirected more than {MAX_REDIRECTS} times") from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise _Unreachable("the download was interrupted", temporary=True) from error
        except requests.ConnectionError as error:
            reason = f"the host {urlsplit(url).hostname} was not found or refused the connection"
            raise _Unreachable(reason, temporary=True) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise _Unreachable(f"the download failed ({reason})", temporary=True) from error
        return Path(path).read_bytes()


@dataclass(frozen=True)
class _Bounded:
    """A downloader for pooch with a size limit and a time limit for the whole download; its own has neither.

    requests follows redirects to http and https only.
    """

    timeout_s: float
    max_bytes: int

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:  # noqa: ANN401 - pooch has no types
        import requests

        deadline = time.monotonic() + self.timeout_s
        received = 0
        with requests.Session() as session, open(output_file, "wb") as out:
            session.max_redirects = MAX_REDIRECTS
            headers = {"Accept-Encoding": "identity"}
            with session.get(url, stream=True, timeout=self.timeout_s, headers=headers) as response:
                response.raise_for_status()
                while piece := response.raw.read1(65536, decode_content=True):
                    received += len(piece)
                    if received > self.max_bytes:
                        raise _Unreachable(f"more than {self.max_bytes:,} bytes")
                    if time.monotonic() > deadline:
                        raise _Unreachable(f"not finished within {self.timeout_s:g} seconds", temporary=True)
                    out.write(piece)


def _mismatch(file: SourceFile, source_name: str, found: str) -> WrongBytes:
    return WrongBytes(
        MISMATCH,
        where=f"source {source_name}, file {file.file}",
        expected=expected_bytes(file),
        found=found,
        next_step="Restore the recorded file; for a new version of the publisher, use warehouse sources upgrade.",
    )


def _description(content: bytes) -> str:
    """Describe bytes that were found: hash, size, and the two most common faults."""
    kind = ", an empty file" if not content else ", an HTML page" if looks_like_html(content[:1024]) else ""
    return f"sha256 {hashlib.sha256(content).hexdigest()}, {len(content):,} bytes{kind}"
