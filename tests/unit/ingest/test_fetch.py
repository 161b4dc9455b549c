"""Only a file with the recorded sha256 is accepted from any location, and a verified copy is never lost."""

import gzip
import hashlib
import io
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.ingest.fetch import SourceUnavailable, fetch
from orchestration.ingest.records import SourceFile
from tests.support.source_samples import catalog, small_table

CONTENT = b"name,ccode,year,steel\nUSA,2,1816,80\n"
OTHER = CONTENT.replace(b"80", b"81")


def source_file(**changes) -> SourceFile:
    record = {
        "file": "small data.csv",
        "version": "1.0",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "size_bytes": len(CONTENT),
        "tables": [small_table().model_dump(mode="json", by_alias=True, exclude_none=True)],
    }
    return SourceFile.model_validate(record | changes)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def mirrored(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    (folder / "iron").mkdir(parents=True)
    (folder / "iron" / "small data.csv").write_bytes(CONTENT)
    return folder


def cached_file(cache: Path, content: bytes) -> Path:
    path = cache / "iron" / "1.0" / "small data.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


class Web:
    """A local web server: ``pages`` maps a path to its handler; ``requests`` lists the requested paths."""

    def __init__(self) -> None:
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.requests: list[str] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.requests.append(self.path)
                web.pages.get(self.path, lambda request: request.send_error(404))(self)

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def serve(self, path: str, content: bytes, declared: int | None = None) -> str:
        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.send_header("Content-Length", str(len(content) if declared is None else declared))
            request.end_headers()
            request.wfile.write(content)

        self.pages[path] = answer
        return self.url(path)

    def redirect(self, path: str, target: str) -> str:
        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(302)
            request.send_header("Location", target)
            request.end_headers()

        self.pages[path] = answer
        return self.url(path)

    def drip(self, path: str, pause_s: float) -> str:
        """Send an endless answer, one byte at a time, until the client goes away."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.end_headers()
            try:
                for _ in range(200):
                    request.wfile.write(b"x")
                    time.sleep(pause_s)
            except OSError:
                return

        self.pages[path] = answer
        return self.url(path)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    web = Web()
    yield web
    web.server.shutdown()
    web.server.server_close()


# ---------------------------------------------------------------- search order


def test_a_valid_cached_copy_is_used_without_a_request(cache: Path, mirrored: Path, web: Web) -> None:
    path = cached_file(cache, CONTENT)
    (mirrored / "iron" / "small data.csv").write_bytes(OTHER)
    file = source_file(publisher_url=web.serve("/publisher", CONTENT))
    fetched = fetch(file, "iron", cache, mirrored)
    assert (fetched.path, fetched.sha256, fetched.origin) == (path, sha256(CONTENT), "cache")
    assert web.requests == []


def test_the_mirror_comes_before_the_network_and_fills_the_cache(cache: Path, mirrored: Path, web: Web) -> None:
    file = source_file(publisher_url=web.serve("/publisher", CONTENT))
    fetched = fetch(file, "iron", cache, mirrored)
    assert (fetched.origin, fetched.path) == ("mirror", cache / "iron" / "1.0" / "small data.csv")
    assert fetched.path.read_bytes() == CONTENT
    assert [path.name for path in fetched.path.parent.iterdir()] == ["small data.csv"]
    assert web.requests == []


def test_an_undated_file_has_its_own_folder(cache: Path, mirrored: Path) -> None:
    assert fetch(source_file(version=None), "iron", cache, mirrored).path.parent == cache / "iron" / "undated"


def test_the_publisher_comes_before_the_pinned_copy(cache: Path, tmp_path: Path, web: Web) -> None:
    file = source_file(publisher_url=web.serve("/publisher", CONTENT), pinned_url=web.serve("/pinned", CONTENT))
    assert fetch(file, "iron", cache, tmp_path / "no mirror").origin == "publisher"
    assert web.requests == ["/publisher"]


@pytest.mark.parametrize("publisher", ["gone", "other bytes", "no zip", "member gone"])
def test_the_pinned_copy_is_used_if_the_publisher_fails(cache: Path, web: Web, publisher: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("another.csv", CONTENT)
    offered = {"gone": None, "other bytes": OTHER, "no zip": OTHER, "member gone": buffer.getvalue()}[publisher]
    if offered is not None:
        web.serve("/publisher", offered)
    member = {"archive_member": "folder/small data.csv"} if publisher in ("no zip", "member gone") else {}
    file = source_file(publisher_url=web.url("/publisher"), pinned_url=web.serve("/pinned", CONTENT), **member)
    fetched = fetch(file, "iron", cache, None)
    assert fetched.origin == "pinned copy"
    assert fetched.path.read_bytes() == CONTENT
    assert web.requests == ["/publisher", "/pinned"]


def test_a_member_of_the_publishers_nested_archive_is_found(cache: Path, web: Web) -> None:
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("small data.csv", CONTENT)
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    url = web.serve("/all.zip", outer.getvalue())
    fetched = fetch(source_file(publisher_url=url, archive_member="inner.zip!small data.csv"), "iron", cache, None)
    assert (fetched.origin, fetched.path.read_bytes()) == ("publisher", CONTENT)


def test_without_network_no_request_is_sent(cache: Path, web: Web) -> None:
    file = source_file(publisher_url=web.serve("/publisher", CONTENT))
    with pytest.raises(SourceUnavailable) as caught:
        fetch(file, "iron", cache, None, allow_network=False)
    assert web.requests == []
    assert "source iron, file small data.csv" in caught.value.where
    assert "cache: not found" in caught.value.found
    assert "network: not used" in caught.value.found
    assert not cache.exists()


# ---------------------------------------------------------------- wrong bytes


def test_a_wrong_file_in_the_mirror_is_reported_with_both_hashes(cache: Path, mirrored: Path, web: Web) -> None:
    (mirrored / "iron" / "small data.csv").write_bytes(OTHER)
    file = source_file(publisher_url=web.serve("/publisher", CONTENT))
    with pytest.raises(WarehouseError) as caught:
        fetch(file, "iron", cache, mirrored)
    assert not isinstance(caught.value, SourceUnavailable)
    assert sha256(CONTENT) in caught.value.expected
    assert sha256(OTHER) in caught.value.found
    assert "iron" in caught.value.where
    assert "small data.csv" in caught.value.where
    assert caught.value.next_step
    assert web.requests == []
    assert not cache.exists()


@pytest.mark.parametrize(("content", "named"), [(b"", "an empty file"), (b"<!DOCTYPE html><p>404", "an HTML page")])
def test_an_empty_file_and_an_html_page_are_named(cache: Path, mirrored: Path, content: bytes, named: str) -> None:
    (mirrored / "iron" / "small data.csv").write_bytes(content)
    with pytest.raises(WarehouseError, match=named):
        fetch(source_file(), "iron", cache, mirrored)


def test_a_damaged_cached_copy_is_replaced_with_a_warning(cache: Path, mirrored: Path, caplog) -> None:
    path = cached_file(cache, OTHER)
    assert fetch(source_file(), "iron", cache, mirrored).origin == "mirror"
    assert path.read_bytes() == CONTENT
    assert "iron/small data.csv: the cached copy is damaged" in caplog.text


def test_a_damaged_cached_copy_is_kept_if_there_is_no_other(cache: Path, web: Web) -> None:
    path = cached_file(cache, OTHER)
    file = source_file(publisher_url=web.serve("/publisher", b"worse"), pinned_url=web.url("/gone"))
    with pytest.raises(WarehouseError) as caught:
        fetch(file, "iron", cache, None)
    assert not isinstance(caught.value, SourceUnavailable)
    for part in (sha256(OTHER), sha256(b"worse"), "pinned copy: HTTP status 404"):
        assert part in caught.value.found
    assert path.read_bytes() == OTHER


def test_a_link_to_outside_of_the_mirror_is_refused(cache: Path, mirrored: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(CONTENT)
    inside = mirrored / "iron" / "small data.csv"
    inside.unlink()
    inside.symlink_to(tmp_path / "outside")
    with pytest.raises(WarehouseError, match="outside of the mirror"):
        fetch(source_file(), "iron", cache, mirrored)


def every_file() -> list[tuple[str, SourceFile]]:
    return [(source.name, file) for source in catalog().values() for file in source.files]


@pytest.mark.parametrize(("source", "file"), every_file(), ids=lambda value: getattr(value, "file", value))
def test_one_wrong_bit_in_any_real_file_is_refused(mirror: Path, tmp_path: Path, source: str, file: SourceFile) -> None:
    right = (mirror / source / file.file).read_bytes()
    assert (sha256(right), len(right)) == (file.sha256, file.size_bytes)
    wrong = bytearray(right)
    wrong[len(wrong) // 3] ^= 1
    damaged = tmp_path / "mirror" / source / file.file
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(wrong)
    with pytest.raises(WarehouseError) as caught:
        fetch(file, source, tmp_path / "cache", tmp_path / "mirror", allow_network=False)
    assert source in caught.value.where
    assert file.file in caught.value.where
    assert file.sha256 in caught.value.expected
    assert sha256(wrong) in caught.value.found
    assert not (tmp_path / "cache").exists()

    assert fetch(file, source, tmp_path / "cache", mirror, allow_network=False).path.read_bytes() == right
    assert fetch(file, source, tmp_path / "cache", None, allow_network=False).origin == "cache"


# ---------------------------------------------------------------- a hostile or broken network


def unavailable(file: SourceFile, cache: Path, **bounds) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        fetch(file, "iron", cache, None, **bounds)
    assert not [path for path in cache.rglob("*.*") if path.is_file()]
    return caught.value.found


def test_a_redirect_to_http_is_followed(cache: Path, web: Web) -> None:
    url = web.redirect("/moved", web.serve("/here", CONTENT))
    assert fetch(source_file(pinned_url=url), "iron", cache, None).origin == "pinned copy"


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/small.csv", "data:text/plain,x"])
def test_a_redirect_to_another_scheme_is_refused(cache: Path, web: Web, target: str) -> None:
    reported = unavailable(source_file(pinned_url=web.redirect("/moved", target)), cache)
    assert "neither http nor https" in reported
    assert "hostname" not in reported


def test_an_endless_redirect_is_refused(cache: Path, web: Web) -> None:
    reported = unavailable(source_file(pinned_url=web.redirect("/round", "/round")), cache)
    assert "redirected more than 5 times" in reported
    assert len(web.requests) <= 7


def test_slow_response_headers_reach_the_time_limit(cache: Path, web: Web) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        with suppress(OSError):
            for number in range(100):
                request.wfile.write(b"X-%d: x\r\n" % number)
                time.sleep(0.1)

    web.pages["/head"] = answer
    reported = unavailable(source_file(pinned_url=web.url("/head")), cache, timeout_s=0.3)
    assert "not finished within 0.3 seconds" in reported


def test_a_gzip_bomb_reaches_the_size_limit(cache: Path, web: Web) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        with suppress(OSError):
            request.wfile.write(gzip.compress(bytes(50_000_000)))

    web.pages["/bomb"] = answer
    reported = unavailable(source_file(pinned_url=web.url("/bomb")), cache, max_bytes=1_000_000)
    assert "more than 1,000,000 bytes" in reported


def test_a_folder_with_the_name_of_the_cached_file_is_reported(cache: Path, mirrored: Path) -> None:
    (cache / "iron" / "1.0" / "small data.csv").mkdir(parents=True)
    reported = unavailable(source_file(), cache)
    assert "cache: cannot be read (Is a directory)" in reported
    with pytest.raises(WarehouseError, match="Is a directory") as caught:
        fetch(source_file(), "iron", cache, mirrored)
    assert "small data.csv" in caught.value.where


def test_a_large_download_reaches_the_size_limit(cache: Path, web: Web) -> None:
    url = web.serve("/large", b"x" * 200_000)
    assert "more than 100,000 bytes" in unavailable(source_file(pinned_url=url), cache, max_bytes=100_000)


def test_an_interrupted_download_is_refused(cache: Path, web: Web) -> None:
    url = web.serve("/cut", CONTENT[:10], declared=len(CONTENT))
    assert "the download failed" in unavailable(source_file(pinned_url=url), cache)


def test_a_silent_server_reaches_the_time_limit(cache: Path, web: Web) -> None:
    web.pages["/silent"] = lambda request: time.sleep(2)
    started = time.monotonic()
    assert "no response within 0.3 seconds" in unavailable(
        source_file(pinned_url=web.url("/silent")), cache, timeout_s=0.3
    )
    assert time.monotonic() - started < 1.5


def test_a_slow_server_reaches_the_time_limit(cache: Path, web: Web) -> None:
    started = time.monotonic()
    url = web.drip("/drip", pause_s=0.05)
    assert "not finished within 0.4 seconds" in unavailable(source_file(pinned_url=url), cache, timeout_s=0.4)
    assert time.monotonic() - started < 1.5


def test_a_refused_connection_is_reported(cache: Path, web: Web) -> None:
    url = web.url("/x")
    web.server.shutdown()
    web.server.server_close()
    assert "pinned copy: the host 127.0.0.1 was not found or refused the connection" in unavailable(
        source_file(pinned_url=url), cache, timeout_s=2
    )


def test_no_message_contains_the_secrets_of_an_address(cache: Path, web: Web) -> None:
    url = web.url("/gone?token=hush").replace("http://", "http://user:hush@")
    assert "hush" not in unavailable(source_file(pinned_url=url), cache)
