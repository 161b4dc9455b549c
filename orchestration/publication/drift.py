"""Row-count drift: how many rows a raw table has now, beside those it had in the publication in place."""

from dataclasses import dataclass

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
