"""Row-count drift: how many rows a raw table has now, beside those it had in the publication in place."""

from dataclasses import dataclass

import duckdb

from orchestration.core.settings import Settings

# Named choices. A historical series grows by a few rows a year and hardly ever loses one.
LOSS_TO_TELL = 0.01
GROWTH_TO_TELL = 0.25
LOSS_TO_STOP = 0.20


@dataclass(frozen=True)
class Load:
    """One load of a raw table: how many rows, from which bytes, under which version of the publisher's."""

    rows: int
    sha256: str
    version: str


@dataclass(frozen=True)
class Drift:
    """status: pass, warn, or fail, which keeps the refresh from being published. found: what to say of it."""

    status: str
    found: str


def drift(before: Load | None, now: Load) -> Drift:
    """Judge a load by the last one published; None where none was, or only one of other data.

    The same bytes read to the same rows never drift. A loss beyond LOSS_TO_STOP passes only as a new version that is on
    record as one: a publisher who replaces a file in silence does not empty a table.
    """
    if before is None:
        return Drift("pass", f"{now.rows:,} rows; nothing published to compare them with")
    told = f"{now.rows:,} rows, {before.rows:,} in the publication in place"
    if now.rows == before.rows:
        return Drift("pass", told)
    if now.sha256 == before.sha256:
        return Drift("warn", f"{told}, read from the same bytes: the contract or the reader has changed")
    change = (now.rows - before.rows) / max(before.rows, 1)
    told = f"{told} ({change:+.1%}, version {before.version} to {now.version})"
    if change < -LOSS_TO_STOP and now.version == before.version:
        return Drift("fail", f"{told}: more than {LOSS_TO_STOP:.0%} lost without a new version on record")
    if change < -LOSS_TO_TELL:
        return Drift("warn", f"{told}: more than {LOSS_TO_TELL:.0%} lost")
    if change > GROWTH_TO_TELL:
        return Drift("warn", f"{told}: more than {GROWTH_TO_TELL:.0%} gained")
    return Drift("pass", told)


def published_loads(settings: Settings) -> dict[str, Load]:
    """Every raw table of the current publication of the data folder.

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
    except duckdb.Error:  # damaged, or of a version before meta.raw_tables: there is nothing to compare with
        return {}
    return {name: Load(*load) for name, *load in rows}
