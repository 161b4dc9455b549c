"""The record of one run: its table, its JSON file, and what became slower or faster between two records.

Ratios, exponents and memory are compared as they are; seconds and rates after division by the yardstick measured before
and after their part. A change counts if the ranges of the rounds do not overlap and the medians differ by more than
10 %, or by 25 % if either run has fewer than five rounds. Differences between results are not compared.
"""

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tabulate import tabulate

from tests.benchmarks.measurement import Measurement
from tests.support.shell import REPOSITORY

FOLDER = REPOSITORY / "build" / "bench"
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "pandas", "numpy", "statsmodels")
ENOUGH_ROUNDS, LEAST, LEAST_OF_FEW = 5, 0.10, 0.25


@dataclass(frozen=True)
class Record:
    """One run, with the seconds of the yardstick before and after each part."""

    commit: str
    date: str
    machine: dict
    versions: dict[str, str]
    options: dict
    yardsticks: dict[str, list[float]]
    measurements: list[Measurement]

    @property
    def name(self) -> str:
        return f"{self.commit} of {self.date[:16]}"


def current_commit() -> str:
    """The commit that is checked out, with -dirty if files differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout.strip()

    return git("rev-parse", "--short=12", "HEAD") + ("-dirty" if git("status", "--porcelain") else "")


def new_record(commit: str, options: dict, load_at_start: float, yardsticks: dict, measurements: list) -> Record:
    """Make the record of a run that ends now."""
    machine = {
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "load_at_start": load_at_start,
        "load_at_end": os.getloadavg()[0],
    }
    versions = {"python": platform.python_version()} | {package: version(package) for package in PACKAGES}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Record(commit, now, machine, versions, options, yardsticks, measurements)


def write(record: Record) -> Path:
    """Write build/bench/<commit>[-dirty][-<parts>].json."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    parts = "".join(f"-{part}" for part in record.options["only"])
    path = FOLDER / f"{record.commit}{parts}.json"
    path.write_text(json.dumps(asdict(record), indent=1) + "\n")
    return path


def read(path: Path) -> Record:
    content = json.loads(path.read_text())
    measurements = [Measurement(**measurement) for measurement in content.pop("measurements")]
    return Record(**content, measurements=measurements)


def newest_other(path: Path) -> Path:
    """Find the newest record except the given one; raises FileNotFoundError if there is no other."""
    others = [other for other in FOLDER.glob("*.json") if other.resolve() != path.resolve()]
    if not others:
        raise FileNotFoundError(f"no other record in {FOLDER}")
    return max(others, key=lambda other: read(other).date)


def figure(value: float | None) -> str:
    """Format a figure with three significant digits."""
    if value is None:
        return ""
    if value == 0 or abs(value) < 1e-4:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(measurements: list[Measurement]) -> str:
    """Format aligned text, one line for each measurement; a ratio below 1 means that ours is faster."""
    heads = ["part", "what", "ours", "theirs", "median", "unit", "lowest", "highest", "rounds", "target", "met"]
    heads += ["peak MB", "theirs"]
    rows = []
    for m in measurements:
        sides = [f"{figure(median(s))} s" if s and m.unit == "ratio" else "" for s in (m.ours, m.theirs)]
        target = "" if m.target is None else f"{'>=' if m.more_is_better else '<='} {figure(m.target)}"
        met = "" if m.target is None else "yes" if m.is_met else "NO"
        spread = [figure(min(m.values)), figure(max(m.values)), len(m.values)]
        rows.append(
            [
                *(m.part, m.what, *sides, figure(m.figure), m.unit, *spread, target, met),
                *(figure(m.peak_mb), figure(m.their_peak_mb)),
            ]
        )
    return tabulate(
        rows, heads, disable_numparse=True, colalign=["left"] * 2 + ["right"] * 3 + ["left"] + ["right"] * 7
    )


def comparable(record: Record, measurement: Measurement) -> list[float]:
    """Values for the comparison of two runs, in units that do not depend on machine or day."""
    if measurement.unit not in ("s", "fits/s"):
        return measurement.values
    yardstick = median(record.yardsticks[measurement.part])
    return [value * yardstick if measurement.more_is_better else value / yardstick for value in measurement.values]


def change(before: list[float], after: list[float]) -> float | None:
    """Ratio of the medians, after / before, if it counts as a change by the rule above; None otherwise."""
    relative = median(after) / median(before)
    least = LEAST if min(len(before), len(after)) >= ENOUGH_ROUNDS else LEAST_OF_FEW
    overlap = min(before) <= max(after) and min(after) <= max(before)
    return None if overlap or max(relative, 1 / relative) <= 1 + least else relative


def compare(old: Record, new: Record) -> tuple[str, bool]:
    """Describe what became slower (or larger), faster, new and missing; and whether anything became slower."""
    before, after = ({(m.part, m.what): m for m in record.measurements} for record in (old, new))
    groups: dict[str, list[str]] = {"slower or larger": [], "faster or smaller": [], "missing": [], "new": []}
    same = 0
    for key, measurement in after.items():
        label = " ".join(key)
        if key not in before:
            groups["new"].append(f"{label}: {figure(measurement.figure)} {measurement.unit}")
            continue
        if measurement.unit == "difference":
            continue
        relative = change(comparable(old, before[key]), comparable(new, measurement))
        if relative is None:
            same += 1
            continue
        worse = (relative > 1) != measurement.more_is_better
        text = f"{label}: {figure(before[key].figure)} to {figure(measurement.figure)} {measurement.unit}"
        text += f", {'x' if relative else ''}{figure(relative)}"
        text += " against the yardstick" if measurement.unit in ("s", "fits/s") else ""
        groups["slower or larger" if worse else "faster or smaller"].append(text)
    groups["missing"] = [" ".join(key) for key in before if key not in after]
    lines = [f"{new.name} against {old.name}"]
    if old.machine["cpus"] != new.machine["cpus"]:
        lines.append(f"other machines: {old.machine['cpus']} and {new.machine['cpus']} processors")
    for name, found in groups.items():
        lines += [f"{name}:", *(f"  {line}" for line in found)] if found else []
    lines.append(f"{same} measurements unchanged within the spread of their rounds")
    return "\n".join(lines), bool(groups["slower or larger"])
