"""Row-count drift: rows of a raw table compared with those in the current publication."""

from dataclasses import dataclass

import duckdb

from orchestration.core.settings import Settings

# Shares of the rows published before. Historical series grow by a few rows a year and rarely lose one.
MAX_LOSS = 0.01
MAX_GROWTH = 0.25
MAX_LOSS_OF_SAME_VERSION = 0.20


@dataclass(frozen=True)
class Load:
    """One load of a raw table.

    Attributes
    ----------
    rows : int
        Rows of the table.
    sha256 : str
        Hash of the file that was read.
    version : str
        The publisher's version of that file.
    """

    rows: int
    sha256: str
    version: str


@dataclass(frozen=True)
class Drift:
    """The outcome of comparing two loads.

    Attributes
    ----------
    status : str
        pass, warn or fail; a failed check prevents publication.
    found : str
        Row counts and what is unusual about them.
    """

    status: str
    found: str


def drift(before: Load | None, now: Load) -> Drift:
    """Compare the row count of a load with the last published one.

    The same row count from the same bytes always passes. A loss of more than `MAX_LOSS_OF_SAME_VERSION` fails unless
    the record has a new version: a publisher who replaces a file under the same version should not remove rows.

    Parameters
    ----------
    before : Load or None
        The published load; None if there is none, or only of the other kind of data.
    now : Load
        The load to judge.

    Returns
    -------
    Drift
        Status and evidence.
    """
    if before is None:
        return Drift("pass", f"{now.rows:,} rows; no published load to compare with")
    counts = f"{now.rows:,} rows, {before.rows:,} in the current publication"
    if now.rows == before.rows:
        return Drift("pass", counts)
    if now.sha256 == before.sha256:
        return Drift("warn", f"{counts}, read from the same bytes: the contract or the reader changed")
    change = (now.rows - before.rows) / max(before.rows, 1)
    counts = f"{counts} ({change:+.1%}, version {before.version} to {now.version})"
    if change < -MAX_LOSS_OF_SAME_VERSION and now.version == before.version:
        return Drift("fail", f"{counts}: more than {MAX_LOSS_OF_SAME_VERSION:.0%} lost without a new version")
    if change < -MAX_LOSS:
        return Drift("warn", f"{counts}: more than {MAX_LOSS:.0%} lost")
    if change > MAX_GROWTH:
        return Drift("warn", f"{counts}: more than {MAX_GROWTH:.0%} gained")
    return Drift("pass", counts)


def published_loads(settings: Settings) -> dict[str, Load]:
    """Read the loads of every raw table in the current publication of the data folder.

    Parameters
    ----------
    settings : Settings
        With the data folder, and the kind of data (real or sample) of this run.

    Returns
    -------
    dict of str to Load
        By raw table; empty if nothing is published, or only the other kind of data.
    """
    if not settings.warehouse_path.exists():
        return {}
    try:
        with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
            rows = connection.execute(
                "select table_name, rows, sha256, version from meta.raw_tables"
                " where (select is_synthetic from meta.publication) = ?",
                [settings.is_synthetic],
            ).fetchall()
    except duckdb.Error:  # damaged, or from a version without meta.raw_tables
        return {}
    return {name: Load(*load) for name, *load in rows}
