"""The processes behind ``warehouse ui``: one code server, and the web server and daemon that share it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import REPOSITORY, Settings, child_environment

LOCAL = ("127.0.0.1", "localhost", "::1")
LOCATION = "alliance_formation"
CODE_SERVER = "code_server"
# Named choices, in seconds: a slow machine imports the project in a minute; a run that is asked to stop gets some time.
START_S = 180.0
END_S = 20.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(settings: Settings, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Start the servers, say where the web interface is once it answers, and wait until asked to end by a signal.

    Their output goes to data/dagster/<name>.log. Only the web server listens on a port; the code server has a socket in
    a folder that only this user can enter. Raises WarehouseError where the port is taken, or when one of them ends by
    itself; the others are ended then.
    """
    _refuse_taken_port(host, port)
    settings.dagster_dir.mkdir(parents=True, exist_ok=True)
    _make_storage(settings)
    sockets = Path(tempfile.mkdtemp(prefix="warehouse-ui-"))
    children: dict[str, subprocess.Popen] = {}
    handlers = {number: signal.signal(number, _stop) for number in ENDING}
    try:
        announce(f"Dagster UI: starting (output in {settings.dagster_dir}/*.log)")
        for name, command in _commands(sockets, host, port).items():
            children[name] = _start(name, command, settings)
            if name == CODE_SERVER:  # the others would begin without a project, and find it only at their next look
                _await_project(settings, children, sockets)
        _await_page(settings, children, host, port)
        announce(f"Dagster UI: http://{_in_address(host)}:{port}  (Ctrl-C ends it, and the daemon with it)")
        while True:
            _refuse_ended(settings, children)
            time.sleep(0.5)
    except _Stopped:
        announce("Dagster UI: ending")
    finally:
        for number in handlers:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave children behind
        _end(children)
        shutil.rmtree(sockets, ignore_errors=True)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _make_storage(settings: Settings) -> None:
    """Create Dagster's databases where there are none yet: three servers that did so at once would fail each other."""
    from dagster import DagsterInstance

    with DagsterInstance.from_config(str(REPOSITORY)) as instance:
        instance.get_run_records(limit=1)
        instance.get_asset_keys(limit=1)
        instance.all_instigator_state()


class _Stopped(Exception):
    """Somebody asked the servers to end."""


def _stop(*_) -> None:
    raise _Stopped


def _commands(sockets: Path, host: str, port: int) -> dict[str, list[str]]:
    """The three commands. The workspace file gives the code location the name it has in every other Dagster command, so
    that the sensor's memory and the schedule's ticks are the same ones."""
    code = _code_socket(sockets)
    workspace = sockets / "workspace.yaml"
    workspace.write_text(f"load_from:\n  - grpc_server: {{socket: {code}, location_name: {LOCATION}}}\n")
    program = Path(sys.executable).parent
    module = ["--module-name", "orchestration.definitions", "--working-directory", str(REPOSITORY)]
    return {
        CODE_SERVER: [str(program / "dagster"), "code-server", "start", "--socket", str(code), *module],
        "webserver": [
            str(program / "dagster-webserver"),
            *("--host", host, "--port", str(port), "--workspace", str(workspace)),
        ],
        "daemon": [str(program / "dagster-daemon"), "run", "--workspace", str(workspace)],
    }


def _start(name: str, command: list[str], settings: Settings) -> subprocess.Popen:
    """In a process group of its own, so that Ctrl-C reaches this process alone, which ends them in order."""
    with (settings.dagster_dir / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            command,
            env=child_environment(settings),
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise WarehouseError(
            f"Port {port} cannot be used.",
            where=f"{host}:{port}",
            expected="a free port of an address of this machine",
            found=error.strerror or str(error),
            next_step=f"end the program that listens there, or warehouse ui --port {port + 1 if port < 65535 else port - 1}",
        ) from error


def _code_socket(sockets: Path) -> Path:
    return sockets / "code.sock"


def _await_project(settings: Settings, children: dict[str, subprocess.Popen], sockets: Path) -> None:
    """Wait until the code server has loaded the project; one that cannot be loaded is the web interface's to show."""
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient

    client = DagsterGrpcClient(socket=str(_code_socket(sockets)))
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        _refuse_ended(settings, children)
        try:
            client.list_repositories()
        except DagsterUserCodeUnreachableError:
            time.sleep(0.3)
        else:
            return


def _await_page(settings: Settings, children: dict[str, subprocess.Popen], host: str, port: int) -> None:
    deadline = time.monotonic() + START_S
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        _refuse_ended(settings, children)
        try:
            with direct.open(f"http://{_in_address(here)}:{port}/server_info", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    raise WarehouseError(
        "The web server does not answer.",
        where=f"{host}:{port}",
        expected=f"an answer within {START_S:g} seconds",
        next_step=f"read {settings.dagster_dir / 'webserver.log'} and code_server.log beside it",
    )


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _refuse_ended(settings: Settings, children: dict[str, subprocess.Popen]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            log = settings.dagster_dir / f"{name}.log"
            said = log.read_text(errors="replace").strip().splitlines()
            raise WarehouseError(
                f"Dagster's {name.replace('_', ' ')} ended by itself (exit status {child.returncode}); the others are ended too.",
                where=str(log),
                found=said[-1] if said else "it said nothing",
                next_step="read that file, mend what it names, then warehouse ui",
            )


def _end(children: dict[str, subprocess.Popen]) -> None:
    """Ask the daemon first and the code server last, since a run under way belongs to the latter; then insist."""
    deadline = time.monotonic() + END_S
    for child in reversed(children.values()):
        child.terminate()
    for child in children.values():
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
    for child in children.values():
        try:
            os.killpg(child.pid, signal.SIGKILL)  # whatever is left of its group
        except ProcessLookupError:
            pass
        child.wait()
