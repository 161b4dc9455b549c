"""What mirror and publishers offer for each source file, and what has changed since the last look.

Bytes in the mirror are held against the sha256 on record. A publisher is asked for headers alone; where they changed
the file is downloaded, so that only other bytes count as news. What follows from a look:

    mirror: changed to the bytes on record, which are not published   a run
    mirror: changed to the bytes on record, which are published       nothing, a run would publish the same again
    mirror: changed to other bytes                                    a run, once; it fails and says what is wrong
    record: changed (a new version was recorded)                      a run, once
    publisher: headers changed, bytes as on record                    nothing
    publisher: other bytes                                            an alert; they enter only through a new record
    publisher: not reachable                                          nothing; asked again after growing pauses
    first look                                                        a run if other bytes, or none, are published
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.ingest.catalog import SourceFile
from orchestration.ingest.fetch import MAX_REDIRECTS, SourceUnavailable, fetch, sha256_of

# Named choices: Dagster gives a sensor 60 seconds. A publisher that stays silent is asked again after 1, 2, 4, ... 32
# looks' time.
LOOK_S = 40.0
HEADERS_S = 10.0
DOWNLOAD_S = 20.0
ASKED_AT_ONCE = 8
LONGEST_PAUSE = 32

MIRROR, PUBLISHER, NOWHERE = "mirror", "publisher", "nowhere"


class Unreachable(Exception):
    """A publisher that did not answer; the message says why."""


@dataclass(frozen=True)
class Seen:
    """What the last look at one file found.

    recorded: the sha256 on record at that time. place: mirror, publisher or nowhere.
    mark: sha256 of the mirror's copy, or the publisher's headers that tell one file from another.
    stat: size, time of change of content and of inode of the mirror's copy: while they stay, it is not read again.
    asked_at: when the publisher was last asked, in seconds since 1970. silent: how often in a row it did not answer.
    news: how the publisher's bytes differ from those on record. why: why nothing could be seen.
    """

    recorded: str
    place: str
    mark: str | None = None
    stat: tuple[int, ...] | None = None
    asked_at: float = 0.0
    silent: int = 0
    news: str = ""
    why: str = ""


@dataclass(frozen=True)
class Memory:
    """What a look leaves for the next: every file as seen, and the last state for which a run was asked."""

    files: Mapping[str, Seen] = field(default_factory=dict)
    asked_for: str = ""
    times_asked: int = 0

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | None) -> "Memory":
        """The memory of the last look; an empty one where there is none that this version can read."""
        try:
            record = json.loads(text or "{}")
            files = {
                name: Seen(**(seen | {"stat": tuple(seen["stat"]) if seen["stat"] else None}))
                for name, seen in record.get("files", {}).items()
            }
            return cls(files, record.get("asked_for", ""), record.get("times_asked", 0))
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()


@dataclass(frozen=True)
class Findings:
    """What a look found, as names of files.

    to_load: a run would load other bytes than those published. wrong: the mirror's copy is not the one on record.
    changed: those of either kind that changed since the last look; the mirror's copy or the record.
    new_at_publisher: the publisher offers other bytes than it did. silent: the publisher did not answer.
    """

    to_load: list[str]
    wrong: list[str]
    changed: list[str]
    new_at_publisher: list[str]
    silent: list[str]


@dataclass(frozen=True)
class Publishers:
    """Asking publishers: for headers, and whether their file is the one on record. Replaced in tests."""

    headers: Callable[[SourceFile], str]
    news: Callable[[str, SourceFile], str]


def look(
    files: list[tuple[str, SourceFile]],
    mirror_dir: Path | None,
    before: Memory,
    *,
    now: float,
    pause_s: float,
    publishers: Publishers | None,
) -> dict[str, Seen]:
    """Look at every (source, file) once and return what was seen by ``<source>/<file>``.

    now: seconds since 1970. pause_s: the pause after a first silence. publishers: None where the network is not asked.
    Takes LOOK_S seconds at most; who has not answered by then counts as silent. Raises nothing.
    """
    seen: dict[str, Seen] = {}
    to_ask = []
    for source, file in files:
        name = f"{source}/{file.file}"
        last = before.files.get(name)
        in_mirror = _in_mirror(mirror_dir / source / file.file, file, last) if mirror_dir else None
        if in_mirror:
            seen[name] = in_mirror
        elif publishers is None or not file.publisher_url:
            seen[name] = Seen(file.sha256, NOWHERE)
        elif last and last.silent and now < last.asked_at + pause_s * min(2 ** (last.silent - 1), LONGEST_PAUSE):
            seen[name] = replace(last, recorded=file.sha256)
        else:
            to_ask.append((name, source, file, last if last and last.place == PUBLISHER else None))
    if to_ask:
        pool = ThreadPoolExecutor(ASKED_AT_ONCE)
        asked = {
            pool.submit(_at_publisher, source, file, last, now, publishers): (name, file, last)
            for name, source, file, last in to_ask
        }
        wait(asked, timeout=LOOK_S)
        for answer, (name, file, last) in asked.items():
            seen[name] = answer.result() if answer.done() else _silence(file, last, now, "no answer in time")
        pool.shutdown(wait=False, cancel_futures=True)
    return seen


def compare(before: Memory, seen: Mapping[str, Seen], published: Mapping[str, str] | None) -> Findings:
    """What is new in ``seen``. published: sha256 by name of file, of what is published; None where nothing is."""
    last = before.files
    wrong = [n for n, s in seen.items() if s.place == MIRROR and s.mark not in (None, s.recorded)]
    to_load = [n for n, s in seen.items() if (published or {}).get(n) != s.recorded]

    def changed(name: str) -> bool:
        now, then = seen[name], last.get(name)
        if then is None:
            return False
        new_bytes = now.place == MIRROR and (then.place, then.mark) != (now.place, now.mark)
        return new_bytes or now.recorded != then.recorded

    new_at_publisher = [
        n for n, s in seen.items() if s.place == PUBLISHER and s.news and n in last and s.news != last[n].news
    ]
    return Findings(
        to_load=to_load,
        wrong=wrong,
        changed=[n for n in seen if changed(n) and (n in wrong or n in to_load)],
        new_at_publisher=new_at_publisher,
        silent=[n for n, s in seen.items() if s.silent],
    )


def state_of(seen: Mapping[str, Seen], publication_id: str | None) -> str:
    """A hash of what a run would find and what it would replace: the same state is not asked for twice."""
    marks = [[n, s.recorded, s.mark if s.place == MIRROR else None] for n, s in sorted(seen.items())]
    return hashlib.sha256(json.dumps([marks, publication_id]).encode()).hexdigest()[:16]


def _in_mirror(path: Path, file: SourceFile, last: Seen | None) -> Seen | None:
    """What the mirror offers; None where it has no such file."""
    try:
        told = path.stat()
        stat = (told.st_size, told.st_mtime_ns, told.st_ctime_ns)
        if last and last.place == MIRROR and last.mark and last.stat == stat:
            return replace(last, recorded=file.sha256)
        return Seen(file.sha256, MIRROR, mark=sha256_of(path), stat=stat)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Seen(file.sha256, MIRROR, why=f"cannot be read ({error.strerror})")


def _at_publisher(source: str, file: SourceFile, last: Seen | None, now: float, publishers: Publishers) -> Seen:
    try:
        mark = publishers.headers(file)
        news = last.news if last else ""
        if last and last.mark is not None and last.mark != mark:
            news = publishers.news(source, file)
    except Unreachable as reason:
        return _silence(file, last, now, str(reason))
    return Seen(file.sha256, PUBLISHER, mark=mark, asked_at=now, news=news)


def _silence(file: SourceFile, last: Seen | None, now: float, why: str) -> Seen:
    """The headers seen before are kept, so that a change behind the silence is noticed when it ends."""
    last = last or Seen(file.sha256, PUBLISHER)
    return replace(last, recorded=file.sha256, asked_at=now, silent=last.silent + 1, why=why)


def on_the_web() -> Publishers:
    """The publishers themselves, over http and https alone."""
    return Publishers(_headers, _news)


def _headers(file: SourceFile) -> str:
    import requests

    try:
        with requests.Session() as session:
            session.max_redirects = MAX_REDIRECTS
            asked = {"timeout": HEADERS_S, "headers": {"Accept-Encoding": "identity"}}
            answer = session.head(file.publisher_url, allow_redirects=True, **asked)
            if answer.status_code in (403, 405, 501):  # a server that does not like to be asked for headers alone
                answer = session.get(file.publisher_url, stream=True, **asked)
                answer.close()
            if answer.status_code != 200:
                raise Unreachable(f"the server answers {answer.status_code}")
            return json.dumps([answer.headers.get(name) for name in ("ETag", "Last-Modified", "Content-Length")])
    except (requests.RequestException, OSError) as error:
        raise Unreachable(type(error).__name__) from error


def _news(source: str, file: SourceFile) -> str:
    """Empty if the publisher's file is the one on record, else what was found. Raises Unreachable."""
    from_publisher = file.model_copy(update={"pinned_url": None})
    with tempfile.TemporaryDirectory() as folder:
        try:
            fetch(from_publisher, source, Path(folder), None, timeout_s=DOWNLOAD_S)
        except SourceUnavailable as error:
            raise Unreachable(error.found) from error
        except WarehouseError as error:
            return error.found.removeprefix("cache: not there; ")
    return ""
