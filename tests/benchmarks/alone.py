"""Work in a new process, so that its time and its peak memory are its own.

The process that starts others must stay small: Linux counts the memory of a parent in the peak of its child. The
modules of the benchmarks therefore import libraries within the functions that need them.
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
    """Wall and processor seconds, peak memory of the largest process in MB, and the result."""

    seconds: float
    cpu: float
    peak_mb: float
    found: dict


def environment(**variables: str) -> dict[str, str]:
    """The caller's environment without settings of the warehouse, dbt and Dagster."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("WAREHOUSE_", "DAGSTER_", "DBT_"))}
    return clean | {"DO_NOT_TRACK": "1"} | variables


def process(command: list[str | Path], **variables: str) -> Run:
    """Run and time a whole process; if it fails, the benchmark ends with its output."""
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        child = subprocess.Popen(
            [str(word) for word in command], env=environment(**variables), stdout=output, stderr=output, cwd=REPOSITORY
        )
        _, status, usage = os.wait4(child.pid, 0)  # of this process and those it waited for
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if child.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{text[-4000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, {"output": text})


def alone(function: Callable, *arguments, **variables: str) -> Run:
    """Call a function of a benchmark module in a new process; arguments and result are JSON.

    If it returns "seconds" or "cpu" (see ``timed``), these replace the times of the process: they exclude start and
    imports.
    """
    with tempfile.NamedTemporaryFile("r", suffix=".json") as answer:
        encoded = json.dumps(arguments, default=str)
        command = [sys.executable, "-m", "tests.benchmarks.alone", function.__module__, function.__name__, encoded]
        run = process([*command, answer.name], **variables)
        found = json.load(answer) or {}
    return Run(found.get("seconds", run.seconds), found.get("cpu", run.cpu), run.peak_mb, found)


def timed(work: Callable) -> tuple[dict[str, float], object]:
    """Wall and processor seconds of the work, and its result."""

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
