"""``warehouse ui``: its servers start together, listen on this machine only, and stop together."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.shell import Shell

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes in /proc")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start_ui(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the servers on an empty data folder; they are stopped after the test."""
    started = []

    def start(port: int, *arguments: str) -> subprocess.Popen[str]:
        variables = (("WAREHOUSE_SOURCES", "sample"), ("WAREHOUSE_OFFLINE", "1"))
        started.append(Shell(tmp_path / "data", variables).start("ui", "--port", str(port), *arguments))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def children(pid: int) -> dict[str, int]:
    """Find the servers that a process started: process id by name of the program."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        for argument in Path(f"/proc/{child}/cmdline").read_text().split("\0"):
            if Path(argument).name in ("dagster", "dagster-webserver", "dagster-daemon"):
                found[Path(argument).name] = int(child)
    return found


def group_is_gone(leader: int) -> bool:
    """Whether every process of the group ends within 10 seconds; zombies count as ended."""
    deadline = time.monotonic() + 10
    while (living := group_members(leader)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not living


def group_members(leader: int) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it ended meanwhile
            continue
        if int(group) == leader and state != "Z":
            found.append(process.name)
    return found


def wait_for_children(process: subprocess.Popen[str]) -> dict[str, int]:
    deadline = time.monotonic() + 60
    while len(found := children(process.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert set(found) == {"dagster", "dagster-webserver", "dagster-daemon"}
    return found


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = Shell(tmp_path / "data")("ui", "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} is not available." in done.stderr
    assert f"--port {port + 1}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_it_listens_on_this_machine_only_and_stops_cleanly(tmp_path: Path, start_ui, ended_by: signal.Signals) -> None:
    port = free_port()
    process = start_ui(port)
    started = wait_for_children(process)
    announced = next(line for line in process.stdout if "http" in line)
    assert announced == f"Dagster UI: http://127.0.0.1:{port}  (Ctrl-C stops it and the daemon)\n"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://127.0.0.1:{port}/", timeout=60) as page:
        assert page.read().startswith(b"<!DOCTYPE html>")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)
    second = Shell(tmp_path / "data")("ui", "--port", str(free_port()))
    assert second.returncode == 1
    assert "Another warehouse ui uses this data folder" in second.stderr
    assert f"process {process.pid} has held it since" in second.stderr
    process.send_signal(ended_by)
    rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "Dagster UI: stopping\n")
    assert all(group_is_gone(pid) for pid in started.values())
    logs = {path.name for path in (tmp_path / "data" / "dagster").glob("*.log")}
    assert logs == {"code_server.log", "webserver.log", "daemon.log"}


@pytest.mark.slow
@needs_proc
def test_a_server_that_dies_is_named_and_the_others_stop(start_ui) -> None:
    """Started with --host, which prints a warning."""
    process = start_ui(free_port(), "--host", "0.0.0.0")
    assert process.stdout.readline().startswith("warning: listening on 0.0.0.0, not only on this machine")
    started = wait_for_children(process)
    os.kill(started["dagster-daemon"], signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Dagster's daemon ended unexpectedly" in output
    assert "daemon.log" in output
    assert "Traceback" not in output
    assert all(group_is_gone(pid) for pid in started.values())
