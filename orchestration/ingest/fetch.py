"""Having a source file: cache, then mirror, then publisher, then pinned copy; whatever the way, the sha256 decides.

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
from urllib.parse import urlsplit

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.ingest.archives import extract
from orchestration.ingest.catalog import SourceFile
from orchestration.ingest.readers import looks_like_html

# Named choices: the largest download of the sources has 4 MB.
TIMEOUT_S = 60.0
MAX_BYTES = 64 * 1024 * 1024
MAX_REDIRECTS = 5
GRACE_S = 1.0  # for the download to say by itself why it was not finished
PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}  # answers of a server that may do better later

log = logging.getLogger(__name__)


class SourceUnavailable(WarehouseError):
    """No place had the file: it is not in cache or mirror, and no address could be reached.

    network_fault: an address may well have it a little later, since the network or the server failed for now.
    """

    network_fault = False


class _Unreachable(Exception):
    """A place that did not give a file; the message says why. passing: asking again later may help."""

    def __init__(self, why: str, passing: bool = False):
        super().__init__(why)
        self.passing = passing


@dataclass(frozen=True)
class Fetched:
    """A verified file: its path in the cache, its sha256, and its way: cache, mirror, publisher or pinned copy."""

    path: Path
    sha256: str
    way: str


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
    """Return the file, verified, from the first place that has it; a file found elsewhere is copied into the cache.

    timeout_s bounds each download as a whole, max_bytes its size.
    Raises SourceUnavailable when no place has the file, and WarehouseError when the mirror has other bytes than those
    on record, when no place has the right ones and one had others, or when the cache cannot be written.
    """
    cached = cache_dir / source_name / (file.version or "undated") / file.file
    tried: list[str] = []
    other_bytes = network_fault = False
    try:
        if sha256_of(cached) == file.sha256:
            return Fetched(cached, file.sha256, "cache")
        other_bytes = True
        tried.append(f"cache: {_description(cached.read_bytes())}")
        log.warning("%s/%s: the cached copy is damaged; a good one is looked for elsewhere", source_name, file.file)
    except FileNotFoundError:
        tried.append("cache: not there")
    except OSError as error:
        tried.append(f"cache: cannot be read ({error.strerror})")

    for way, offer in _places(file, source_name, mirror_dir, allow_network, timeout_s, max_bytes):
        try:
            content = offer()
        except _Unreachable as reason:
            network_fault |= reason.passing
            tried.append(f"{way}: {reason}")
            continue
        except WarehouseError as fault:
            if way == "mirror":
                raise
            other_bytes = True  # the publisher's archive is damaged, or lacks the file
            tried.append(f"{way}: {fault.problem} {fault.found}")
            continue
        if hashlib.sha256(content).hexdigest() == file.sha256:
            with write_atomically(cached) as stream:
                stream.write(content)
            return Fetched(cached, file.sha256, way)
        if way == "mirror":
            raise _mismatch(file, source_name, f"mirror: {_description(content)}")
        other_bytes = True
        tried.append(f"{way}: {_description(content)}")

    if not allow_network:
        tried.append("network: not asked")
    if other_bytes:
        raise _mismatch(file, source_name, "; ".join(tried))
    unavailable = SourceUnavailable(
        "A source file cannot be had from any place.",
        where=f"source {source_name}, file {file.file}",
        expected=f"sha256 {file.sha256}, {file.size_bytes:,} bytes",
        found="; ".join(tried),
        next_step="Check the network, or put the file into a mirror folder as <source>/<file> and name that folder.",
    )
    unavailable.network_fault = network_fault
    raise unavailable


def download(url: str, timeout_s: float = TIMEOUT_S, max_bytes: int = MAX_BYTES) -> bytes:
    """Whatever stands at an http or https address, within the bounds. Raises SourceUnavailable."""
    try:
        return _download(url, timeout_s, max_bytes)
    except _Unreachable as reason:
        raise SourceUnavailable(
            "An address could not be read.",
            where=url,
            expected="a file, by http or https",
            found=str(reason),
            next_step="check the address and the network, or download the file by hand and give its path",
        ) from reason


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _places(
    file: SourceFile, source_name: str, mirror_dir: Path | None, allow_network: bool, timeout_s: float, max_bytes: int
) -> list[tuple[str, Callable[[], bytes]]]:
    """The places to ask after the cache, in order, each with a function that returns the file's bytes."""
    places = []
    if mirror_dir:
        places.append(("mirror", lambda: _from_mirror(mirror_dir, source_name, file.file)))
    if not allow_network:
        return places
    if file.publisher_url:
        places.append(("publisher", lambda: _from_publisher(file, timeout_s, max_bytes)))
    if file.pinned_url:
        places.append(("pinned copy", lambda: _download(file.pinned_url, timeout_s, max_bytes)))
    return places


def _from_mirror(mirror_dir: Path, source_name: str, file_name: str) -> bytes:
    path = (mirror_dir / source_name / file_name).resolve()
    if not path.is_relative_to(mirror_dir.resolve()):
        raise WarehouseError(
            "A name in the mirror leads out of the mirror.",
            where=f"source {source_name}, file {file_name}",
            expected=f"a file inside {mirror_dir}",
            found=str(path),
            next_step="Put the file itself into the mirror instead of a link to it.",
        )
    if not path.is_file():
        raise _Unreachable("not there")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _Unreachable(f"cannot be read ({error.strerror})") from error


def _from_publisher(file: SourceFile, timeout_s: float, max_bytes: int) -> bytes:
    content = _download(file.publisher_url, timeout_s, max_bytes)
    return extract(content, file.archive_member, name=file.publisher_url) if file.archive_member else content


def _download(url: str, timeout_s: float, max_bytes: int) -> bytes:
    """Download ``url`` whole, by http or https alone. Raises _Unreachable saying why it could not be had.

    It runs in a thread of its own, which is left behind when the time is over: looking the host up, or an answer whose
    head comes drop by drop, has no bound of its own.
    """
    answer: list[bytes | BaseException] = []
    thread = threading.Thread(target=lambda: answer.append(_outcome(url, timeout_s, max_bytes)), daemon=True)
    thread.start()
    thread.join(timeout_s + GRACE_S)
    if not answer:
        raise _Unreachable(f"not finished within {timeout_s:g} seconds", passing=True)
    if isinstance(answer[0], BaseException):
        raise answer[0]
    return answer[0]


def _outcome(url: str, timeout_s: float, max_bytes: int) -> bytes | BaseException:
    """The bytes, or what was raised instead of them."""
    try:
        return _download_now(url, timeout_s, max_bytes)
    except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
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
            raise _Unreachable(f"the server answers {status}", passing=status in PASSING_STATUS) from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise _Unreachable(f"no answer within {timeout_s:g} seconds", passing=True) from error
        except requests.exceptions.InvalidSchema as error:
            raise _Unreachable("redirects to an address that is neither http nor https") from error
        except requests.TooManyRedirects as error:
            raise _Unreachable(f"redirects more than {MAX_REDIRECTS} times") from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise _Unreachable("the download broke off", passing=True) from error
        except requests.ConnectionError as error:
            why = f"the host {urlsplit(url).hostname} cannot be found or refuses to answer"
            raise _Unreachable(why, passing=True) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise _Unreachable(f"the download failed ({why})", passing=True) from error
        return Path(path).read_bytes()


@dataclass(frozen=True)
class _Bounded:
    """A downloader for pooch that stops at a size and at a time, counted over the whole download.

    pooch's own has neither bound. requests follows redirects to http and https only.
    """

    timeout_s: float
    max_bytes: int

    def __call__(self, url: str, output_file: str, _pooch) -> None:
        import requests

        deadline = time.monotonic() + self.timeout_s
        received = 0
        with requests.Session() as session, open(output_file, "wb") as out:
            session.max_redirects = MAX_REDIRECTS
            as_it_is = {"Accept-Encoding": "identity"}
            with session.get(url, stream=True, timeout=self.timeout_s, headers=as_it_is) as answer:
                answer.raise_for_status()
                while piece := answer.raw.read1(65536, decode_content=True):
                    received += len(piece)
                    if received > self.max_bytes:
                        raise _Unreachable(f"more than the {self.max_bytes:,} bytes allowed")
                    if time.monotonic() > deadline:
                        raise _Unreachable(f"not finished within {self.timeout_s:g} seconds", passing=True)
                    out.write(piece)


def _mismatch(file: SourceFile, source_name: str, found: str) -> WarehouseError:
    return WarehouseError(
        "A source file is not the file on record; nothing was loaded from it.",
        where=f"source {source_name}, file {file.file}",
        expected=f"sha256 {file.sha256}, {file.size_bytes:,} bytes",
        found=found,
        next_step="Put the right file there; if the publisher has a new version, record its hash after looking at it.",
    )


def _description(content: bytes) -> str:
    """What other bytes were found: their hash and size, and the two usual reasons."""
    kind = ", an empty file" if not content else ", an HTML page" if looks_like_html(content[:1024]) else ""
    return f"sha256 {hashlib.sha256(content).hexdigest()}, {len(content):,} bytes{kind}"
