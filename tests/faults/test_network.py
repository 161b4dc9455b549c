"""A publisher that is down, slow or wrong: ``warehouse run`` says what it tried, in bounded time and size."""

import gzip
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from orchestration.core.settings import SOURCES_DIR
from tests.support.faults import refused
from tests.support.shell import Done, Shell
from tests.support.warehouses import copied

pytestmark = pytest.mark.slow

FILE = "cow_nmc.rda"
REAL = ("run", "--sources", "real")


def respond(request: BaseHTTPRequestHandler, status: int = 200, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()


def hangs(request: BaseHTTPRequestHandler, content: bytes) -> None:
    time.sleep(8)


def drips(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request)
    for position in range(100):
        request.wfile.write(content[position : position + 1])
        time.sleep(0.1)


def drops(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, Content_Length=str(len(content)))
    request.wfile.write(content[: len(content) // 2])


def declares_fewer_bytes(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, Content_Length=str(len(content) - 100))
    request.wfile.write(content)


def redirects_in_a_circle(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, 302, Location="/round")


def to_a_file(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, 302, Location="file:///etc/passwd")


def to_ftp(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, 301, Location="ftp://127.0.0.1/a.csv")


def gone(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, 404)


def failing(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, 500)


def overloaded(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, 503)


def a_page(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, Content_Type="text/html")
    request.wfile.write(b"<!DOCTYPE html><html><body>Please log in.</body></html>")


def endless(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request)
    while True:
        request.wfile.write(bytes(1_000_000))


@cache
def bomb() -> bytes:
    return gzip.compress(bytes(200_000_000))


def a_bomb(request: BaseHTTPRequestHandler, content: bytes) -> None:
    respond(request, Content_Encoding="gzip")
    request.wfile.write(bomb())


CASES = [
    (hangs, "2 seconds"), (drips, "2 seconds"), (drops, "download"),
    (declares_fewer_bytes, "bytes"), (redirects_in_a_circle, "5 times"), (to_a_file, "neither http nor https"),
    (to_ftp, "neither http nor https"), (gone, "404"), (failing, "500"), (overloaded, "503"),
    (a_page, "HTML page"), (endless, "more than"), (a_bomb, "more than"),
]  # fmt: skip


class Publisher:
    """A web server that responds to every request in the same way."""

    def __init__(self, content: bytes) -> None:
        self.behaviour: Callable[[BaseHTTPRequestHandler, bytes], None] = gone
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(OSError):
                    publisher.behaviour(self, content)

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def publisher(mirror: Path) -> Iterator[Publisher]:
    bomb()  # compressed before a run waits for it
    publisher = Publisher((mirror / "cow_nmc" / FILE).read_bytes())
    yield publisher
    publisher.stop()


@pytest.fixture(scope="module")
def refreshed(
    real_warehouse: Shell, publisher: Publisher, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Shell, list[str]]:
    """A data folder without the capability file in its cache, and records whose addresses lead to the publisher above.

    A sitecustomize.py sets the time limit of 2 seconds, so that the warehouse needs no option for it.
    """
    folder = tmp_path_factory.mktemp("network")
    copied(real_warehouse, folder)
    shutil.rmtree(folder / "data" / "sources" / "cow_nmc")
    shutil.copytree(SOURCES_DIR, folder / "records")
    record = yaml.safe_load((folder / "records" / "cow_nmc.yml").read_text())
    (file,) = (file for file in record["files"] if file["file"] == FILE)
    port = publisher.server.server_port
    file["publisher_url"] = f"http://me:hush@127.0.0.1:{port}/nmc?token=hush"
    file["pinned_url"] = f"http://me:hush@127.0.0.1:{port}/pinned?token=hush"
    file.pop("archive_member", None)
    (folder / "records" / "cow_nmc.yml").write_text(yaml.safe_dump(record, sort_keys=False))
    (folder / "sitecustomize.py").write_text(
        "from orchestration.ingest import fetch\nfetch.fetch.__kwdefaults__['timeout_s'] = 2.0\n"
    )
    variables = (
        ("PYTHONPATH", str(folder)),
        ("NO_PROXY", "127.0.0.1"),
        ("WAREHOUSE_CATALOG_DIR", str(folder / "records")),
    )
    return Shell(folder / "data", variables), ["publisher:", "pinned copy:"]


def assert_refused_and_unchanged(shell: Shell, tried: list[str], words: str) -> None:
    before = shell.published_hash()
    done: Done = shell(*REAL)
    refused(done, "cow_nmc", FILE, "cache: ", *tried, words)
    assert "hush" not in done.stdout + done.stderr
    assert shell.published_hash() == before
    assert not (shell.data_dir / "sources" / "cow_nmc" / "7.0" / FILE).exists()


@pytest.mark.parametrize(("behaviour", "words"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_publisher_that_fails(
    publisher: Publisher, refreshed: tuple[Shell, list[str]], behaviour: Callable, words: str
) -> None:
    publisher.behaviour = behaviour
    assert_refused_and_unchanged(*refreshed, words)


def test_the_next_run_succeeds_when_the_host_is_back(publisher: Publisher, refreshed: tuple[Shell, list[str]]) -> None:
    def responds(request: BaseHTTPRequestHandler, content: bytes) -> None:
        respond(request, Content_Length=str(len(content)))
        request.wfile.write(content)

    shell, tried = refreshed
    publisher.behaviour = responds
    done = shell(*REAL, "--force")
    assert done.returncode == 0, done.stderr
    shutil.rmtree(shell.data_dir / "sources" / "cow_nmc")
    publisher.stop()
    assert_refused_and_unchanged(shell, tried, "the host 127.0.0.1")
