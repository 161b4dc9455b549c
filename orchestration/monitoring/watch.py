"""What the mirror and the publishers offer for each source file, and what changed since the last check.

The sha256 of the mirror's copy is compared with the one on record. A publisher is queried for headers only; if they
changed, the file is downloaded, so that only other bytes count as a change. The outcome of a check:

    mirror: changed to the bytes on record, which are not published   a run
    mirror: changed to the bytes on record, which are published       nothing; a run would publish the same again
    mirror: changed to other bytes                                    a run, once; it fails and says what is wrong
    record: changed (a new version was recorded)                      a run, once
    publisher: headers changed, bytes as on record                    nothing
    publisher: other bytes                                            an alert; only a new record lets them in
    publisher: unreachable                                            nothing; retried after growing pauses
    first check                                                       a run if other bytes, or none, are published
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.ingest.fetch import MAX_REDIRECTS, SourceUnavailable, fetch, sha256_of
from orchestration.ingest.records import SourceFile

CHECK_SECONDS = 40.0  # Dagster stops a sensor after 60 seconds
HEADERS_TIMEOUT_SECONDS = 10.0
DOWNLOAD_TIMEOUT_SECONDS = 20.0
PARALLEL_REQUESTS = 8
LONGEST_PAUSE = 32  # in units of the first pause: a publisher is retried after 1, 2, 4, ... 32 of them
HEAD_REFUSED = (403, 405, 501)  # statuses of servers that do not support HEAD

MIRROR, PUBLISHER, NOWHERE = "mirror", "publisher", "nowhere"


class Unreachable(Exception):
    """A publisher did not answer; the message gives the reason."""


@dataclass(frozen=True)
class Seen:
    """What the last check found for one file.

    Attributes
    ----------
    recorded : str
        The sha256 on record at that time.
    location : str
        ``mirror``, ``publisher`` or ``nowhere``.
    mark : str or None
        The sha256 of the mirror's copy, or the publisher's headers that identify the file.
    stat : tuple of int or None
        Size, modification time and inode change time of the mirror's copy: it is read again only if they changed.
    checked_at : float
        When the publisher was last queried, in seconds since 1970.
    failures : int
        How many times in a row the publisher did not answer.
    difference : str
        How the publisher's bytes differ from those on record; empty if they do not.
    reason : str
        Why nothing was found.
    """

    recorded: str
    location: str
    mark: str | None = None
    stat: tuple[int, ...] | None = None
    checked_at: float = 0.0
    failures: int = 0
    difference: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Memory:
    """What one check leaves for the next; the sensor stores it as its cursor.

    Attributes
    ----------
    files : Mapping of str to Seen
        Every file, by ``<source>/<file>``.
    requested_state : str
        The last state (see `state_of`) for which a run was requested.
    requests : int
        How many runs were requested.
    """

    files: Mapping[str, Seen] = field(default_factory=dict)
    requested_state: str = ""
    requests: int = 0

    def to_json(self) -> str:
        """Serialize as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | None) -> "Memory":
        """Parse what `to_json` wrote; empty for None and for a cursor of another version."""
        try:
            record = json.loads(text or "{}")
            files = {
                name: Seen(**(seen | {"stat": tuple(seen["stat"]) if seen["stat"] else None}))
                for name, seen in record.get("files", {}).items()
            }
            return cls(files, record.get("requested_state", ""), record.get("requests", 0))
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()


@dataclass(frozen=True)
class Findings:
    """What a check found, as lists of ``<source>/<file>``.

    Attributes
    ----------
    to_load : list of str
        A run would load other bytes than those published.
    wrong : list of str
        The mirror's copy is not the one on record.
    changed : list of str
        Those of either kind whose copy in the mirror or whose record changed since the last check.
    new_at_publisher : list of str
        The publisher offers other bytes than at the last check.
    unreachable : list of str
        The publisher did not answer.
    """

    to_load: list[str]
    wrong: list[str]
    changed: list[str]
    new_at_publisher: list[str]
    unreachable: list[str]


@dataclass(frozen=True)
class Publishers:
    """How publishers are queried. Replaced in tests.

    Attributes
    ----------
    headers : callable
        Headers that identify the publisher's copy of a file.
    difference : callable
        How the publisher's copy of a file, given with the name of its source, differs from the record; empty if it
        does not.
    """

    headers: Callable[[SourceFile], str]
    difference: Callable[[str, SourceFile], str]


def check_files(
    files: list[tuple[str, SourceFile]],
    mirror_dir: Path | None,
    before: Memory,
    *,
    now: float,
    pause_seconds: float,
    publishers: Publishers | None,
) -> dict[str, Seen]:
    """Check every file once, in at most CHECK_SECONDS. Raises nothing.

    Parameters
    ----------
    files : list of (str, SourceFile)
        Name of the source, and its file on record.
    mirror_dir : Path or None
        Folder with one folder for each source.
    before : Memory
        What the last check left.
    now : float
        Seconds since 1970.
    pause_seconds : float
        Pause after the first failure to reach a publisher.
    publishers : Publishers or None
        None to not use the network.

    Returns
    -------
    dict of str to Seen
        By ``<source>/<file>``. A publisher that does not answer in time counts as unreachable.
    """
    seen: dict[str, Seen] = {}
    to_query = []
    for source, file in files:
        name = f"{source}/{file.file}"
        last = before.files.get(name)
        in_mirror = _in_mirror(mirror_dir / source / file.file, file, last) if mirror_dir else None
        if in_mirror:
            seen[name] = in_mirror
        elif publishers is None or not file.publisher_url:
            seen[name] = Seen(file.sha256, NOWHERE)
        elif last and last.failures and now < last.checked_at + _pause(last.failures, pause_seconds):
            seen[name] = replace(last, recorded=file.sha256)
        else:
            to_query.append((name, source, file, last if last and last.location == PUBLISHER else None))
    if to_query and publishers:
        pool = ThreadPoolExecutor(PARALLEL_REQUESTS)
        queries = {
            pool.submit(_at_publisher, source, file, last, now, publishers): (name, file, last)
            for name, source, file, last in to_query
        }
        wait(queries, timeout=CHECK_SECONDS)
        for query, (name, file, last) in queries.items():
            seen[name] = query.result() if query.done() else _failure(file, last, now, "no answer in time")
        pool.shutdown(wait=False, cancel_futures=True)
    return seen


def compare(before: Memory, seen: Mapping[str, Seen], published: Mapping[str, str] | None) -> Findings:
    """Find what is new since the last check.

    Parameters
    ----------
    before : Memory
        What the last check left.
    seen : Mapping of str to Seen
        What this check found.
    published : Mapping of str to str or None
        The sha256 of every published file by ``<source>/<file>``; None if nothing is published.

    Returns
    -------
    Findings
        In the order of ``seen``.
    """
    last = before.files
    wrong = [n for n, s in seen.items() if s.location == MIRROR and s.mark not in (None, s.recorded)]
    to_load = [n for n, s in seen.items() if (published or {}).get(n) != s.recorded]

    def changed(name: str) -> bool:
        now, then = seen[name], last.get(name)
        if then is None:
            return False
        new_bytes = now.location == MIRROR and (then.location, then.mark) != (now.location, now.mark)
        return new_bytes or now.recorded != then.recorded

    return Findings(
        to_load=to_load,
        wrong=wrong,
        changed=[n for n in seen if changed(n) and (n in wrong or n in to_load)],
        new_at_publisher=[
            n
            for n, s in seen.items()
            if s.location == PUBLISHER and s.difference and n in last and s.difference != last[n].difference
        ],
        unreachable=[n for n, s in seen.items() if s.failures],
    )


def state_of(seen: Mapping[str, Seen], publication_id: str | None) -> str:
    """Hash what a run would load and what it would replace, so that no run is requested twice for the same state.

    Parameters
    ----------
    seen : Mapping of str to Seen
        What a check found.
    publication_id : str or None
        The current publication.

    Returns
    -------
    str
        16 hexadecimal digits. What publishers offer does not enter.
    """
    marks = [[n, s.recorded, s.mark if s.location == MIRROR else None] for n, s in sorted(seen.items())]
    return hashlib.sha256(json.dumps([marks, publication_id]).encode()).hexdigest()[:16]


def web_publishers() -> Publishers:
    """The publishers themselves, over http and https only."""
    return Publishers(_headers, _difference)


def _pause(failures: int, first_pause: float) -> float:
    return first_pause * min(2 ** (failures - 1), LONGEST_PAUSE)


def _in_mirror(path: Path, file: SourceFile, last: Seen | None) -> Seen | None:
    """What the mirror offers; None if it does not have the file."""
    try:
        status = path.stat()
        stat = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if last and last.location == MIRROR and last.mark and last.stat == stat:
            return replace(last, recorded=file.sha256)
        return Seen(file.sha256, MIRROR, mark=sha256_of(path), stat=stat)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Seen(file.sha256, MIRROR, reason=f"cannot be read ({error.strerror})")


def _at_publisher(source: str, file: SourceFile, last: Seen | None, now: float, publishers: Publishers) -> Seen:
    try:
        mark = publishers.headers(file)
        difference = last.difference if last else ""
        if last and last.mark is not None and last.mark != mark:
            difference = publishers.difference(source, file)
    except Unreachable as reason:
        return _failure(file, last, now, str(reason))
    return Seen(file.sha256, PUBLISHER, mark=mark, checked_at=now, difference=difference)


def _failure(file: SourceFile, last: Seen | None, now: float, reason: str) -> Seen:
    """Keep the previous headers, so that a change during the outage is noticed when it ends."""
    last = last or Seen(file.sha256, PUBLISHER)
    return replace(last, recorded=file.sha256, checked_at=now, failures=last.failures + 1, reason=reason)


def _headers(file: SourceFile) -> str:
    import requests

    url, identity = str(file.publisher_url), {"Accept-Encoding": "identity"}
    try:
        with requests.Session() as session:
            session.max_redirects = MAX_REDIRECTS
            answer = session.head(url, allow_redirects=True, timeout=HEADERS_TIMEOUT_SECONDS, headers=identity)
            if answer.status_code in HEAD_REFUSED:
                answer = session.get(url, stream=True, timeout=HEADERS_TIMEOUT_SECONDS, headers=identity)
                answer.close()
            if answer.status_code != 200:
                raise Unreachable(f"HTTP status {answer.status_code}")
            return json.dumps([answer.headers.get(name) for name in ("ETag", "Last-Modified", "Content-Length")])
    except (requests.RequestException, OSError) as error:
        raise Unreachable(type(error).__name__) from error


def _difference(source: str, file: SourceFile) -> str:
    from_publisher = file.model_copy(update={"pinned_url": None})
    with tempfile.TemporaryDirectory() as folder:
        try:
            fetch(from_publisher, source, Path(folder), None, timeout_s=DOWNLOAD_TIMEOUT_SECONDS)
        except SourceUnavailable as error:
            raise Unreachable(error.found) from error
        except WarehouseError as error:
            return error.found.partition("; ")[2] or error.found  # without what it says of the empty cache
    return ""
