"""Ingest: verify, read, check and write every file of the mirror as Parquet, compared with pandas on the same files.

pandas (with calamine for Excel and rdata for R) neither verifies nor checks, and reads numbers as numbers. Growth is
measured on three CSV tables of state-years as raw.py builds them, with contract and membership, in larger worlds. The
other formats have fewer rows: an Excel sheet cannot hold ten times the rows of Maddison.
"""

import os
from pathlib import Path

from tests.benchmarks.alone import alone, timed
from tests.benchmarks.measurement import Measurement, growth, ratio
from tests.benchmarks.workspace import Workspace
from tests.benchmarks.world import STATE, copies_of

GROWN = ("state_system_years", "national_capabilities", "national_trade")
ROUNDS_GROWN = 3  # of each size; the largest is measured once


def measure(workspace: Workspace) -> list[Measurement]:
    folder = workspace.part("ingest")
    mirror = workspace.mirror or workspace.data / "sample_mirror"
    variables = {"WAREHOUSE_OFFLINE": "1", "WAREHOUSE_SOURCES": "real" if workspace.mirror else "sample"}
    ours, theirs = [], []
    for number in range(workspace.rounds):
        data = folder / f"data{number}"
        if not workspace.mirror:  # the sample's own files are made beforehand
            data.mkdir()
            (data / "sample_mirror").symlink_to(mirror)
        ours.append(alone(read_ours, **variables, WAREHOUSE_DATA_DIR=str(data), WAREHOUSE_MIRROR=str(mirror)))
        written = folder / f"pandas{number}"
        theirs.append(alone(read_theirs, data, written, **variables, WAREHOUSE_DATA_DIR=str(data)))
        if ours[-1].found["rows"] != theirs[-1].found["rows"]:
            raise AssertionError(f"we read {ours[-1].found['rows']}, pandas {theirs[-1].found['rows']}")
    found = [
        ratio(
            "ingest",
            "all sources, verified and checked / pandas, neither",
            [run.seconds for run in ours],
            [run.seconds for run in theirs],
            peak_mb=max(run.peak_mb for run in ours),
            their_peak_mb=max(run.peak_mb for run in theirs),
        )
    ]
    cpu: dict[float, list[float]] = {}
    for size in workspace.sizes:
        text = folder / f"text{size}"
        alone(write_text, workspace.data / "raw", text, size)
        rounds = 1 if size == workspace.sizes[-1] else min(ROUNDS_GROWN, workspace.rounds)
        runs = [alone(read_grown, text, workspace.data / "raw", folder / f"raw{size}_{n}", size) for n in range(rounds)]
        cpu[size] = [run.cpu for run in runs]
        peak_mb = max(run.peak_mb for run in runs)
    found += growth("ingest", "CSV tables", cpu)
    found.append(Measurement("ingest", f"CSV tables at {workspace.sizes[-1]}x, peak memory", "MB", [peak_mb]))
    return found


def read_ours() -> dict:
    """From the mirror to raw tables, with an empty cache, as in a refresh."""
    import pyreadstat  # noqa: F401 - imported before the clock starts, as their libraries are
    import python_calamine  # noqa: F401
    import rdata  # noqa: F401

    from orchestration.core.settings import from_environment
    from orchestration.ingest.acquisition import open_acquisition
    from orchestration.ingest.membership import MEMBERSHIP_TABLE

    acquisition = open_acquisition(from_environment(os.environ))
    entries = sorted(acquisition.catalog.raw_tables.values(), key=lambda entry: entry.table.name != MEMBERSHIP_TABLE)

    def work() -> dict[str, int]:
        rows, fetched = {}, {}
        for entry in entries:
            if entry.file.file not in fetched:
                fetched[entry.file.file] = acquisition.fetch(entry.source.name, entry.file)
            file = fetched[entry.file.file]
            raw = acquisition.build(entry.source.name, entry.file, entry.table, file, datetime.now(UTC))
            rows[raw.table] = raw.rows
        return rows

    from datetime import UTC, datetime

    taken, rows = timed(work)
    return taken | {"rows": rows}


def read_theirs(data: str, folder: str) -> dict:
    """Read the same files with pandas, from the cache of our run, and write them as Parquet."""
    import pandas as pd
    import pyarrow.parquet  # noqa: F401
    import python_calamine  # noqa: F401
    import rdata

    from orchestration.core.settings import from_environment
    from orchestration.ingest.acquisition import open_acquisition
    from orchestration.ingest.archives import extract

    Path(folder).mkdir()
    cached = {
        (path.parent.parent.name, path.name): path for path in (Path(data) / "sources").rglob("*") if path.is_file()
    }

    def frame(table, path: Path) -> pd.DataFrame:
        from io import BytesIO

        content = path.read_bytes()
        if table.archive_member:
            content = extract(content, table.archive_member, name=path.name)
        if table.format == "csv":
            return pd.read_csv(BytesIO(content), encoding=table.encoding, skiprows=table.skip_lines, low_memory=False)
        if table.format == "stata":
            return pd.read_stata(BytesIO(content), convert_categoricals=False, convert_dates=False)
        if table.format == "excel":
            sheet = pd.read_excel(BytesIO(content), sheet_name=table.sheet, engine="calamine", dtype=object)
            return sheet.map(lambda cell: None if pd.isna(cell) else str(cell))  # a column may mix text and numbers
        return rdata.read_rda(path)[table.object]

    def work() -> dict[str, int]:
        rows = {}
        for name, entry in open_acquisition(from_environment(os.environ)).catalog.raw_tables.items():
            content = frame(entry.table, cached[entry.source.name, entry.file.file])
            content.columns = content.columns.map(str)
            content.to_parquet(Path(folder) / f"{name}.parquet", compression="zstd")
            rows[name] = len(content)
        return rows

    taken, rows = timed(work)
    return taken | {"rows": rows}


def write_text(raw: str, folder: str, size: int) -> None:
    """Write the CSV files of a world ``size`` times as large."""
    import duckdb

    Path(folder).mkdir()
    with duckdb.connect() as connection:
        for name in GROWN:
            rows = f"(select * exclude (_source_sha256, _source_version, _loaded_at) from '{raw}/{name}.parquet')"
            connection.execute(f"copy ({copies_of(name, rows, size)}) to '{folder}/{name}.csv' (header)")


def read_grown(text: str, raw: str, folder: str, size: int) -> dict:
    """Build raw tables of those files, checked by contracts whose code ranges include the last copy."""
    from datetime import UTC, datetime

    from orchestration.core.settings import SOURCES_DIR
    from orchestration.ingest.catalog import load_catalog
    from orchestration.ingest.contracts import membership_of
    from orchestration.ingest.membership import read_membership
    from orchestration.ingest.raw import build_raw_table

    members = [divmod(member, 10_000) for member in read_membership(Path(raw)).to_pylist()]
    membership = membership_of((code + STATE * copy, year) for code, year in members for copy in range(size))
    entries = []
    for name in GROWN:
        entry = load_catalog(SOURCES_DIR).raw_tables[name]
        ranges = entry.table.ranges | {"ccode": (1, 999 + STATE * size)}
        change = {"ranges": ranges, "encoding": "utf-8", "archive_member": None, "skip_lines": 0}
        entries.append((entry, entry.table.model_copy(update=change | {"trailing_empty_column": False})))

    def work() -> int:
        rows = 0
        for entry, table in entries:
            workspace = (Path(text) / f"{table.name}.csv", Path(folder), datetime.now(UTC))
            result = build_raw_table(entry.source, entry.file, table, *workspace, membership)
            rows += result.rows
        return rows

    taken, rows = timed(work)
    return taken | {"rows": rows}
