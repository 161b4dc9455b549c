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
from contextlib import suppress
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import REPOSITORY, Settings, child_environment

LOCAL = ("127.0.0.1", "localhost", "::1")
LOCATION = "alliance_formation"
CODE_SERVER = "code_server"
# Named choices, in seconds: a slow machine imports the project in a minute; a run needs time to stop.
START_S = 180.0
END_S = 20.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(settings: Settings, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Start the servers, announce the web interface once it answers, and wait for a signal to stop.

    Their output is written to data/dagster/<name>.log. Only the web server listens on a port; the code server has a
    socket in a folder that only this user can enter.

    Parameters
    ----------
    settings : Settings
        Passed to the servers in their environment.
    host, port : str, int
        Address of the web interface.
    announce : callable
        Receives each line to print.

    Raises
    ------
    WarehouseError
        If the port is taken, or a server ends unexpectedly; the others are stopped then.
    """
    _refuse_taken_port(host, port)
    _make_home(settings)
    _make_storage()
    sockets = Path(tempfile.mkdtemp(prefix="warehouse-ui-"))
    children: dict[str, subprocess.Popen[bytes]] = {}
    handlers = {number: signal.signal(number, _stop) for number in ENDING}
    try:
        announce(f"Dagster UI: starting (output in {settings.dagster_dir}/*.log)")
        for name, command in _commands(sockets, host, port).items():
            children[name] = _start(name, command, settings)
            if name == CODE_SERVER:  # otherwise the others start without a project and find it only at their next check
                _await_project(settings, children, sockets)
        _await_page(settings, children, host, port)
        announce(f"Dagster UI: http://{_in_address(host)}:{port}  (Ctrl-C stops it and the daemon)")
        while True:
            _refuse_ended(settings, children)
            time.sleep(0.5)
    except _Stopped:
        announce("Dagster UI: stopping")
    finally:
        for number in handlers:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave children behind
        _end(children)
        shutil.rmtree(sockets, ignore_errors=True)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _make_home(settings: Settings) -> None:
    """Copy dagster.yaml to the servers' DAGSTER_HOME: Dagster writes there, and the checkout must stay clean."""
    settings.dagster_dir.mkdir(parents=True, exist_ok=True)
    with write_atomically(settings.dagster_dir / "dagster.yaml") as stream:
        stream.write((REPOSITORY / "dagster.yaml").read_bytes())


def _make_storage() -> None:
    """Create Dagster's databases if they do not exist: three servers that did so at once would conflict."""
    from dagster import DagsterInstance

    with DagsterInstance.from_config(str(REPOSITORY)) as instance:
        instance.get_run_records(limit=1)
        instance.get_asset_keys(limit=1)
        instance.all_instigator_state()


class _Stopped(Exception):
    """A signal asked the servers to stop."""


def _stop(*_: object) -> None:
    raise _Stopped


def _commands(sockets: Path, host: str, port: int) -> dict[str, list[str]]:
    """Make the three commands.

    The workspace file gives the code location the name it has in every other Dagster command, so that they share the
    sensor's cursor and the schedule's ticks.
    """
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


def _start(name: str, command: list[str], settings: Settings) -> subprocess.Popen[bytes]:
    """Start one server in its own process group: Ctrl-C then reaches only this process, which stops them in order."""
    with (settings.dagster_dir / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            command,
            env=child_environment(settings) | {"DAGSTER_HOME": str(settings.dagster_dir)},
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
            f"Port {port} is not available.",
            where=f"{host}:{port}",
            expected="a free port at an address of this machine",
            found=error.strerror or str(error),
            next_step=f"Stop the program that listens there, or pass --port {port + 1 if port < 65535 else port - 1}.",
        ) from error


def _code_socket(sockets: Path) -> Path:
    return sockets / "code.sock"


def _await_project(settings: Settings, children: dict[str, subprocess.Popen[bytes]], sockets: Path) -> None:
    """Wait until the code server has loaded the project; the web interface shows a project that cannot be loaded.

    The gRPC client is private in Dagster; with a public way to ask a code server whether it is ready, it would go.
    """
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


def _await_page(settings: Settings, children: dict[str, subprocess.Popen[bytes]], host: str, port: int) -> None:
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
        "The web server does not respond.",
        where=f"{host}:{port}",
        expected=f"a response within {START_S:g} seconds",
        next_step=f"Read {settings.dagster_dir / 'webserver.log'} and code_server.log beside it.",
    )


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _refuse_ended(settings: Settings, children: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            log = settings.dagster_dir / f"{name}.log"
            lines = log.read_text(errors="replace").strip().splitlines()
            raise WarehouseError(
                f"Dagster's {name.replace('_', ' ')} ended unexpectedly (exit status {child.returncode}); the others"
                " were stopped.",
                where=str(log),
                found=lines[-1] if lines else "no output",
                next_step="Read that file, correct what it names, then warehouse ui.",
            )


def _end(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Stop the daemon first and the code server last, which owns a run in progress; after END_S seconds kill them."""
    deadline = time.monotonic() + END_S
    for child in reversed(children.values()):
        child.terminate()
    for child in children.values():
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
    for child in children.values():
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # whatever remains of its group
        child.wait()
