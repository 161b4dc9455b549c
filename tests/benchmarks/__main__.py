"""``make bench``: every benchmark in one table of figures with their targets, kept as JSON so that two commits can be compared.

Ends with 1 where a target is missed, or with --compare where something became slower. Takes half an hour on two quiet cores; on busy ones
ratios and processor times still tell something, seconds do not: mind the load average printed.
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
from tests.benchmarks.place import Place
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
        place = Place(Path(folder), None if options.sample else find_mirror(), options.rounds, options.sizes)
        place.prepare()
        for part in options.only or PARTS:
            started = time.perf_counter()
            before = yardstick()
            module = importlib.import_module(f"tests.benchmarks.{part}")
            extra = [options.dyad_worlds] if part == "dyads" else []
            measurements += module.measure(place, *extra)
            yardsticks[part] = before + yardstick()
            print(f"{part}: {time.perf_counter() - started:.0f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    told = {"only": options.only, "rounds": options.rounds, "sizes": options.sizes, "real": place.mirror is not None}
    found = record.new_record(commit, told, load_at_start, yardsticks, measurements)
    print(record.table(measurements))
    machine = found.machine
    print(
        f"\n{'real data' if place.mirror else 'SYNTHETIC sample'}, {machine['cpus']} processors, load average", end=" "
    )
    print(f"{machine['load_at_start']:.1f} at the start and {machine['load_at_end']:.1f} at the end")
    print(f"kept in {record.write(found)}")
    missed = [m for m in measurements if not m.is_met]
    for m in missed:
        print(f"target missed: {m.part}, {m.what}: {record.figure(m.figure)} {m.unit}")
    sys.exit(bool(missed))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=[], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5, help="of what is measured side by side (default 5)")
    parser.add_argument("--sizes", type=sizes, default=[1, 10, 100], help="of the grown worlds (default 1,10,100)")
    parser.add_argument(
        "--dyad-worlds", type=int, default=3, help="worlds that meet in the largest dyad table (default 3)"
    )
    parser.add_argument("--sample", action="store_true", help="the synthetic sample, even where there are real files")
    told = "records to compare, older first; one is held against the newest other"
    parser.add_argument("--compare", nargs="+", type=Path, metavar="JSON", help=told)
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
    told, is_slower = record.compare(record.read(older), record.read(paths[-1]))
    print(told)
    return is_slower


if __name__ == "__main__":
    main()
