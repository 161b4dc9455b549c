"""``make bench``: every benchmark in one table with its target, and as JSON, so that two commits can be compared.

Exit status 1 if a target is missed, or with --compare if something became slower. A run takes half an hour on two idle
cores. On busy ones only ratios and processor times are meaningful; see the load average that is printed.
"""

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import record
from tests.benchmarks.measurement import Measurement
from tests.benchmarks.workspace import Workspace
from tests.benchmarks.yardstick import yardstick
from tests.support.shell import find_mirror

PARTS = ("refresh", "ingest", "marts", "dyads", "estimation", "query")


def main() -> None:
    options = arguments()
    if options.compare:
        try:
            sys.exit(compare(options.compare))
        except OSError as error:
            sys.exit(f"bench --compare: {error}")
    commit, load_at_start = record.current_commit(), os.getloadavg()[0]
    measurements: list[Measurement] = []
    yardsticks: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        workspace = Workspace(Path(folder), None if options.sample else find_mirror(), options.rounds, options.sizes)
        workspace.prepare()
        for part in options.only or PARTS:
            started = time.perf_counter()
            before = yardstick()
            module = importlib.import_module(f"tests.benchmarks.{part}")
            extra = [options.dyad_worlds] if part == "dyads" else []
            measurements += module.measure(workspace, *extra)
            yardsticks[part] = before + yardstick()
            print(f"{part}: {time.perf_counter() - started:.0f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    settings = {
        "only": options.only,
        "rounds": options.rounds,
        "sizes": options.sizes,
        "real": workspace.mirror is not None,
    }
    found = record.new_record(commit, settings, load_at_start, yardsticks, measurements)
    print(record.table(measurements))
    machine = found.machine
    print(
        f"\n{'real data' if workspace.mirror else 'SYNTHETIC sample'}, {machine['cpus']} processors, load average",
        end=" ",
    )
    print(f"{machine['load_at_start']:.1f} at the start and {machine['load_at_end']:.1f} at the end")
    print(f"written to {record.write(found)}")
    missed = [m for m in measurements if not m.is_met]
    for m in missed:
        print(f"target missed: {m.part}, {m.what}: {record.figure(m.figure)} {m.unit}")
    sys.exit(bool(missed))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=[], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5, help="of each comparison (default 5)")
    parser.add_argument("--sizes", type=sizes, default=[1, 10, 100], help="of the grown worlds (default 1,10,100)")
    parser.add_argument("--dyad-worlds", type=int, default=3, help="worlds in the largest dyad table (default 3)")
    parser.add_argument("--sample", action="store_true", help="the synthetic sample, also if there are real files")
    pair = "records to compare, older first; a single one is compared with the newest other"
    parser.add_argument("--compare", nargs="+", type=Path, metavar="JSON", help=pair)
    found = parser.parse_args()
    if found.compare and len(found.compare) > 2:
        parser.error("--compare takes one record or two")
    return found


def sizes(text: str) -> list[int]:
    found = [int(size) for size in text.split(",")]
    if found[0] != 1 or found != sorted(set(found)):
        raise argparse.ArgumentTypeError("sizes ascend from 1, such as 1,10,100")
    return found


def compare(paths: list[Path]) -> bool:
    older = paths[0] if len(paths) == 2 else record.newest_other(paths[0])
    text, is_slower = record.compare(record.read(older), record.read(paths[-1]))
    print(text)
    return is_slower


if __name__ == "__main__":
    main()
