"""Checks of mirror and publishers: only other bytes count, once, and unreachable publishers are retried slowly."""

import hashlib
import os
import threading
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from orchestration.ingest.records import SourceFile
from orchestration.monitoring.watch import (
    Findings,
    Memory,
    Publishers,
    Seen,
    Unreachable,
    check_files,
    compare,
    state_of,
    web_publishers,
)
from tests.unit.ingest.test_fetch import CONTENT, OTHER, Web, sha256, source_file, web  # noqa: F401

NAME = "iron/small data.csv"
DAY = 86_400.0
PUBLISHED = {NAME: sha256(CONTENT)}


@dataclass
class Stubs:
    """Publishers that answer with ``mark`` and ``difference``, or not at all; ``queried`` counts the requests."""

    mark: str | None = "one"
    difference: str = ""
    queried: int = 0
    downloaded: int = 0

    def publishers(self) -> Publishers:
        return Publishers(self._headers, self._difference)

    def _headers(self, file: SourceFile) -> str:
        self.queried += 1
        if self.mark is None:
            raise Unreachable("no route")
        return self.mark

    def _difference(self, source: str, file: SourceFile) -> str:
        self.downloaded += 1
        return self.difference


@dataclass
class World:
    """One file, a mirror that may have it, a publisher, and the memory of the checks so far."""

    mirror: Path
    stubs: Stubs = field(default_factory=Stubs)
    memory: Memory = field(default_factory=Memory)
    file: SourceFile = field(default_factory=lambda: source_file(publisher_url="https://example.org/small"))
    now: float = 0.0

    def put(self, content: bytes) -> None:
        (self.mirror / "iron").mkdir(parents=True, exist_ok=True)
        (self.mirror / NAME).write_bytes(content)

    def check(self, published=PUBLISHED, days: float = 1.0) -> Findings:
        self.now += days * DAY
        seen = check_files(
            [("iron", self.file)],
            self.mirror,
            self.memory,
            now=self.now,
            pause_seconds=DAY,
            publishers=self.stubs.publishers(),
        )
        findings = compare(self.memory, seen, published)
        self.memory = Memory.from_json(Memory(seen).to_json())
        return findings


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "mirror")


def test_an_unchanged_file_is_no_change(world: World) -> None:
    world.put(CONTENT)
    for _ in range(3):
        found = world.check()
        assert (found.changed, found.to_load, found.wrong) == ([], [], [])
    assert world.stubs.queried == 0, "a file in the mirror needs no query"


def test_other_bytes_than_on_record_are_reported_once(world: World) -> None:
    world.put(CONTENT)
    world.check()
    world.put(OTHER)
    found = world.check()
    assert found.changed == [NAME]
    assert found.wrong == [NAME]
    found = world.check()
    assert found.changed == []
    assert found.wrong == [NAME]
    world.put(CONTENT)
    found = world.check()
    assert found.changed == []
    assert found.wrong == [], "these bytes are published"


def test_a_wrong_file_at_the_first_check_is_only_recorded(world: World) -> None:
    world.put(OTHER)
    found = world.check()
    assert found.changed == []
    assert found.wrong == [NAME]


def test_a_new_record_with_its_file_is_a_change_once(world: World) -> None:
    world.put(CONTENT)
    world.check()
    world.put(OTHER)
    world.file = world.file.model_copy(update={"sha256": sha256(OTHER)})
    found = world.check()
    assert found.changed == found.to_load == [NAME]
    assert found.wrong == []
    found = world.check()
    assert found.changed == []
    assert found.to_load == [NAME], "still to load, but no longer new"
    assert world.check(published={NAME: sha256(OTHER)}).to_load == []


def test_the_right_file_is_a_change_if_others_are_published(world: World) -> None:
    world.check(published={NAME: sha256(OTHER)})
    world.put(CONTENT)
    assert world.check(published={NAME: sha256(OTHER)}).changed == [NAME]


def test_without_a_publication_every_file_is_to_load(world: World) -> None:
    assert world.check(published=None).to_load == [NAME]


def test_a_file_with_the_same_stat_is_not_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put(CONTENT)
    world.check()
    monkeypatch.setattr("orchestration.monitoring.watch.sha256_of", lambda path: pytest.fail("the file was read again"))
    world.check()


def test_a_change_with_an_old_modification_time_is_found(world: World) -> None:
    world.put(CONTENT)
    world.check()
    path = world.mirror / NAME
    before = path.stat()
    path.write_bytes(OTHER)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert world.check().changed == [NAME]


def test_other_headers_with_the_same_bytes_are_no_change(world: World) -> None:
    world.check()
    world.stubs.mark = "two"
    assert world.check().new_at_publisher == []
    assert world.stubs.downloaded == 1, "the bytes were compared"
    world.check()
    assert world.stubs.downloaded == 1, "and not again"


def test_new_bytes_at_the_publisher_are_reported_once(world: World) -> None:
    world.check()
    world.stubs.mark, world.stubs.difference = "two", "publisher: sha256 other"
    found = world.check()
    assert found.new_at_publisher == [NAME]
    assert found.changed == []
    assert world.check().new_at_publisher == []
    world.stubs.mark, world.stubs.difference = "three", "publisher: sha256 yet another"
    assert world.check().new_at_publisher == [NAME]


def test_an_unreachable_publisher_is_retried_after_pauses(world: World) -> None:
    world.stubs.mark = None
    days_queried = []
    for day in range(200):
        before = world.stubs.queried
        found = world.check()
        assert found.unreachable == [NAME]
        assert found.changed == found.new_at_publisher == []
        if world.stubs.queried > before:
            days_queried.append(day)
    pauses = [later - earlier for earlier, later in pairwise(days_queried)]
    assert pauses[:7] == [1, 2, 4, 8, 16, 32, 32]


def test_a_change_during_an_outage_is_found_when_it_ends(world: World) -> None:
    world.check()
    world.stubs.mark = None
    world.check()
    world.stubs.mark, world.stubs.difference = "two", "publisher: sha256 other"
    assert world.check(days=2).new_at_publisher == [NAME]


def test_without_the_network_no_publisher_is_queried(world: World) -> None:
    seen = check_files([("iron", world.file)], None, Memory(), now=0.0, pause_seconds=DAY, publishers=None)
    assert seen[NAME] == Seen(world.file.sha256, "nowhere")


def test_a_cursor_of_another_version_is_ignored() -> None:
    for text in (None, "", "not json", "[]", '{"files": {"a": {"unknown": 1}}}'):
        assert Memory.from_json(text) == Memory()


def test_the_state_ignores_what_publishers_say() -> None:
    seen = {NAME: Seen("a", "mirror", mark="a")}
    assert state_of(seen, "p1") != state_of(seen, "p2")
    assert state_of(seen, "p1") != state_of({NAME: Seen("a", "mirror", mark="b")}, "p1")
    at_publisher = [{NAME: Seen("a", "publisher", mark=mark, checked_at=at)} for mark, at in (("x", 1.0), ("y", 2.0))]
    assert state_of(at_publisher[0], "p1") == state_of(at_publisher[1], "p1")


# ---------------------------------------------------------------- real web servers


class OnTheWeb:
    """One file at a local web server, checked as in operation."""

    def __init__(self, server: Web, content: bytes) -> None:
        self.web, self.memory = server, Memory()
        self.serve(content)

    def serve(self, content: bytes) -> None:
        self.url = self.web.serve("/file", content)

    def check(self, url: str | None = None) -> tuple[Findings, Seen]:
        file = source_file(publisher_url=url or self.url)
        seen = check_files([("iron", file)], None, self.memory, now=0.0, pause_seconds=0.0, publishers=web_publishers())
        findings = compare(self.memory, seen, PUBLISHED)
        self.memory = Memory(seen)
        return findings, seen[NAME]


def test_a_server_without_head_is_sent_a_get(web: Web) -> None:  # noqa: F811
    """The test's server supports only GET and answers 501 to HEAD."""
    publisher = OnTheWeb(web, CONTENT)
    assert publisher.check()[1].failures == 0
    publisher.serve(CONTENT + b"more")
    found, seen = publisher.check()
    assert found.new_at_publisher == [NAME]
    assert hashlib.sha256(CONTENT + b"more").hexdigest() in seen.difference


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/file"])
def test_redirects_to_other_schemes_are_refused(web: Web, target: str) -> None:  # noqa: F811
    _, seen = OnTheWeb(web, CONTENT).check(web.redirect("/elsewhere", target))
    assert (seen.failures, seen.reason) == (1, "InvalidSchema")


def test_a_missing_page_and_a_closed_port_are_unreachable(web: Web) -> None:  # noqa: F811
    publisher = OnTheWeb(web, CONTENT)
    assert publisher.check(web.url("/nowhere"))[1].reason == "HTTP status 404"
    web.server.server_close()
    web.server.shutdown()
    assert publisher.check("http://127.0.0.1:9/")[1].failures == 2


def test_a_check_ends_in_time_whatever_a_server_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.monitoring.watch.CHECK_SECONDS", 0.1)
    end = threading.Event()
    waiting = Publishers(lambda file: str(end.wait(30)), lambda *_: "")
    file = source_file(publisher_url="http://127.0.0.1:9/")
    seen = check_files([("iron", file)], None, Memory(), now=0.0, pause_seconds=0.0, publishers=waiting)
    end.set()
    assert (seen[NAME].failures, seen[NAME].reason) == (1, "no answer in time")
