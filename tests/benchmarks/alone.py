"""Work in a process of its own, so that its time and its peak memory are nobody else's.

The process that starts others must stay small: Linux counts the memory of the one that starts a process as the first of the new one's.
So the modules of the benchmarks import their libraries within the functions that need them.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.shell import REPOSITORY

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Run:
    """Seconds of wall and of processor, peak memory of its largest process in MB, and what it returned."""

    seconds: float
    cpu: float
    peak_mb: float
    found: dict


def environment(**variables: str) -> dict[str, str]:
    """That of the caller without its settings of the warehouse, dbt and Dagster."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("WAREHOUSE_", "DAGSTER_", "DBT_"))}
    return clean | {"DO_NOT_TRACK": "1"} | variables


def process(command: list[str | Path], **variables: str) -> Run:
    """A whole process, timed from outside. Ends the benchmark with what the process said when it fails."""
    with tempfile.TemporaryFile("w+") as said:
        started = time.perf_counter()
        child = subprocess.Popen(
            [str(word) for word in command], env=environment(**variables), stdout=said, stderr=said, cwd=REPOSITORY
        )
        _, status, usage = os.wait4(child.pid, 0)  # of this process and those it waited for
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        told = said.read()
    if child.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{told[-4000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, {"told": told})


def alone(function: Callable, *arguments, **variables: str) -> Run:
    """``function(*arguments)``, of a module of the benchmarks, in a new process; what goes in and comes out is JSON.

    A "seconds" or "cpu" it returns (see ``timed``) is the time of the work without start and imports, and stands for the process's own.
    """
    with tempfile.NamedTemporaryFile("r", suffix=".json") as answer:
        told = json.dumps(arguments, default=str)
        command = [sys.executable, "-m", "tests.benchmarks.alone", function.__module__, function.__name__, told]
        run = process([*command, answer.name], **variables)
        found = json.load(answer) or {}
    return Run(found.get("seconds", run.seconds), found.get("cpu", run.cpu), run.peak_mb, found)


def timed(work: Callable) -> tuple[dict[str, float], object]:
    """Seconds of wall and of this process's processor that the work took, and its result."""

    def cpu() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    before, started = cpu(), time.perf_counter()
    result = work()
    return {"seconds": time.perf_counter() - started, "cpu": cpu() - before}, result


def main() -> None:
    module, function, arguments, answer = sys.argv[1:]
    found = getattr(importlib.import_module(module), function)(*json.loads(arguments))
    Path(answer).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
