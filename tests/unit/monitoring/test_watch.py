"""What a look at mirror and publishers finds: only other bytes are news, once, and a silent publisher is left in peace."""

import hashlib
import os
import threading
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from orchestration.ingest.catalog import SourceFile
from orchestration.monitoring.watch import Memory, Publishers, Seen, Unreachable, compare, look, on_the_web, state_of
from tests.unit.ingest.test_fetch import CONTENT, OTHER, Web, sha256, source_file, web  # noqa: F401

NAME = "iron/small data.csv"
DAY = 86_400.0
PUBLISHED = {NAME: sha256(CONTENT)}


@dataclass
class Stubs:
    """Publishers that answer with ``mark`` and ``news``, or not at all; ``asked`` counts the questions."""

    mark: str | None = "one"
    news: str = ""
    asked: int = 0
    downloaded: int = 0

    def publishers(self) -> Publishers:
        return Publishers(self._headers, self._news)

    def _headers(self, file: SourceFile) -> str:
        self.asked += 1
        if self.mark is None:
            raise Unreachable("no route")
        return self.mark

    def _news(self, source: str, file: SourceFile) -> str:
        self.downloaded += 1
        return self.news


@dataclass
class World:
    """One file, a mirror that may have it, a publisher, and the memory of the looks so far."""

    mirror: Path
    stubs: Stubs = field(default_factory=Stubs)
    memory: Memory = field(default_factory=Memory)
    file: SourceFile = field(default_factory=lambda: source_file(publisher_url="https://example.org/small"))
    now: float = 0.0

    def put(self, content: bytes) -> None:
        (self.mirror / "iron").mkdir(parents=True, exist_ok=True)
        (self.mirror / NAME).write_bytes(content)

    def look(self, published=PUBLISHED, days: float = 1.0):
        self.now += days * DAY
        seen = look(
            [("iron", self.file)],
            self.mirror,
            self.memory,
            now=self.now,
            pause_s=DAY,
            publishers=self.stubs.publishers(),
        )
        findings = compare(self.memory, seen, published)
        self.memory = Memory.from_json(Memory(seen).to_json())
        return findings


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "mirror")


def test_the_first_look_records_and_an_unchanged_file_is_no_news(world: World) -> None:
    world.put(CONTENT)
    for _ in range(3):
        found = world.look()
        assert (found.changed, found.to_load, found.wrong) == ([], [], [])
    assert world.stubs.asked == 0, "where the mirror has the file the publisher is left in peace"


def test_other_bytes_than_those_on_record_are_news_once(world: World) -> None:
    world.put(CONTENT)
    world.look()
    world.put(OTHER)
    assert (found := world.look()).changed == [NAME] and found.wrong == [NAME]
    assert (found := world.look()).changed == [] and found.wrong == [NAME]
    world.put(CONTENT)
    assert (found := world.look()).changed == [] and found.wrong == [], "what is published is as it should be"


def test_a_wrong_file_at_the_first_look_is_recorded_only(world: World) -> None:
    world.put(OTHER)
    assert (found := world.look()).changed == [] and found.wrong == [NAME]


def test_a_new_record_with_its_file_is_news_until_it_is_published(world: World) -> None:
    world.put(CONTENT)
    world.look()
    world.put(OTHER)
    world.file = world.file.model_copy(update={"sha256": sha256(OTHER)})
    assert (found := world.look()).changed == found.to_load == [NAME] and found.wrong == []
    assert (found := world.look()).changed == [] and found.to_load == [NAME], "to load still, but no longer new"
    assert world.look(published={NAME: sha256(OTHER)}).to_load == []


def test_the_right_file_arriving_in_the_mirror_is_news_if_other_bytes_are_published(world: World) -> None:
    world.look(published={NAME: sha256(OTHER)})
    world.put(CONTENT)
    assert world.look(published={NAME: sha256(OTHER)}).changed == [NAME]


def test_nothing_published_means_everything_is_to_load(world: World) -> None:
    assert world.look(published=None).to_load == [NAME]


def test_a_file_is_not_read_again_while_its_times_and_size_stay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put(CONTENT)
    world.look()
    monkeypatch.setattr("orchestration.monitoring.watch.sha256_of", lambda path: pytest.fail("read again"))
    world.look()


def test_a_change_that_hides_its_time_is_seen(world: World) -> None:
    world.put(CONTENT)
    world.look()
    path = world.mirror / NAME
    before = path.stat()
    path.write_bytes(OTHER)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert world.look().changed == [NAME]


def test_headers_that_change_over_the_same_bytes_are_no_news(world: World) -> None:
    world.look()
    world.stubs.mark = "two"
    assert world.look().new_at_publisher == []
    assert world.stubs.downloaded == 1, "the bytes were looked at"
    world.look()
    assert world.stubs.downloaded == 1, "and not again"


def test_new_bytes_at_the_publisher_are_told_once_and_are_no_reason_to_run(world: World) -> None:
    world.look()
    world.stubs.mark, world.stubs.news = "two", "publisher: sha256 other"
    assert (found := world.look()).new_at_publisher == [NAME] and found.changed == []
    assert world.look().new_at_publisher == []
    world.stubs.mark, world.stubs.news = "three", "publisher: sha256 yet another"
    assert world.look().new_at_publisher == [NAME]


def test_a_silent_publisher_is_asked_again_after_growing_pauses(world: World) -> None:
    world.stubs.mark = None
    days_asked = []
    for day in range(200):
        before = world.stubs.asked
        found = world.look()
        assert found.silent == [NAME] and found.changed == found.new_at_publisher == []
        if world.stubs.asked > before:
            days_asked.append(day)
    pauses = [later - earlier for earlier, later in pairwise(days_asked)]
    assert pauses[:7] == [1, 2, 4, 8, 16, 32, 32]


def test_a_change_behind_a_silence_is_noticed_when_it_ends(world: World) -> None:
    world.look()
    world.stubs.mark = None
    world.look()
    world.stubs.mark, world.stubs.news = "two", "publisher: sha256 other"
    assert world.look(days=2).new_at_publisher == [NAME]


def test_without_the_network_nobody_is_asked(world: World) -> None:
    seen = look([("iron", world.file)], None, Memory(), now=0.0, pause_s=DAY, publishers=None)
    assert seen[NAME] == Seen(world.file.sha256, "nowhere")


def test_a_memory_of_another_version_is_an_empty_one() -> None:
    for text in (None, "", "not json", "[]", '{"files": {"a": {"unknown": 1}}}'):
        assert Memory.from_json(text) == Memory()


def test_the_state_asked_for_changes_with_bytes_and_publication_but_not_with_what_publishers_say() -> None:
    seen = {NAME: Seen("a", "mirror", mark="a")}
    assert state_of(seen, "p1") != state_of(seen, "p2")
    assert state_of(seen, "p1") != state_of({NAME: Seen("a", "mirror", mark="b")}, "p1")
    at_publisher = [{NAME: Seen("a", "publisher", mark=mark, asked_at=at)} for mark, at in (("x", 1.0), ("y", 2.0))]
    assert state_of(at_publisher[0], "p1") == state_of(at_publisher[1], "p1")


# ---------------------------------------------------------------- real web servers


class OnTheWeb:
    """One file at a local web server, looked at as in operation."""

    def __init__(self, server: Web, content: bytes) -> None:
        self.web, self.memory = server, Memory()
        self.serve(content)

    def serve(self, content: bytes) -> None:
        self.url = self.web.serve("/file", content)

    def look(self, url: str | None = None):
        file = source_file(publisher_url=url or self.url)
        seen = look([("iron", file)], None, self.memory, now=0.0, pause_s=0.0, publishers=on_the_web())
        findings = compare(self.memory, seen, PUBLISHED)
        self.memory = Memory(seen)
        return findings, seen[NAME]


def test_a_server_without_head_is_asked_for_the_beginning_of_an_answer(web: Web) -> None:  # noqa: F811
    """The test's server knows GET alone and answers 501 to HEAD."""
    publisher = OnTheWeb(web, CONTENT)
    assert publisher.look()[1].silent == 0
    publisher.serve(CONTENT + b"more")
    found, seen = publisher.look()
    assert found.new_at_publisher == [NAME]
    assert hashlib.sha256(CONTENT + b"more").hexdigest() in seen.news


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/file"])
def test_redirects_to_other_schemes_are_refused(web: Web, target: str) -> None:  # noqa: F811
    _, seen = OnTheWeb(web, CONTENT).look(web.redirect("/elsewhere", target))
    assert (seen.silent, seen.why) == (1, "InvalidSchema")


def test_a_missing_page_and_a_closed_port_are_silence(web: Web) -> None:  # noqa: F811
    publisher = OnTheWeb(web, CONTENT)
    assert publisher.look(web.url("/nowhere"))[1].why == "the server answers 404"
    web.server.server_close()
    web.server.shutdown()
    assert publisher.look("http://127.0.0.1:9/")[1].silent == 2


def test_a_look_ends_in_time_whatever_a_server_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.monitoring.watch.LOOK_S", 0.1)
    end = threading.Event()
    waiting = Publishers(lambda file: str(end.wait(30)), lambda *_: "")
    file = source_file(publisher_url="http://127.0.0.1:9/")
    seen = look([("iron", file)], None, Memory(), now=0.0, pause_s=0.0, publishers=waiting)
    end.set()
    assert (seen[NAME].silent, seen[NAME].why) == (1, "no answer in time")
