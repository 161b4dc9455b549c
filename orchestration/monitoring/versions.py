"""Whether a source is used in the newest version that its publisher is known to have released."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orchestration.ingest.records import Source, SourceFile
from orchestration.monitoring.watch import Seen


@dataclass(frozen=True)
class VersionState:
    """Whether the version in use is the newest known, and what is known in words."""

    is_newest: bool
    found: str


def due(released: str | None, cadence_years: float) -> datetime | None:
    """When a new version is due: the publisher's usual interval after a release.

    Parameters
    ----------
    released : str or None
        Year, or year and month, of the release; None if not known.
    cadence_years : float
        The usual interval.

    Returns
    -------
    datetime or None
        In UTC; None without a release.
    """
    if released is None:
        return None
    year, _, month = released.partition("-")
    return datetime(int(year), int(month or 12), 1, tzinfo=UTC) + timedelta(days=365.25 * cadence_years)


def version_state(source: Source, file: SourceFile, seen: Seen | None, now: datetime) -> VersionState:
    """Judge one file by what its record and the last look at the publisher say.

    Parameters
    ----------
    source : Source
        The record, with a newer version if one is known.
    file : SourceFile
        The file in use.
    seen : Seen or None
        What the sensor found last; None if it has not looked.
    now : datetime
        The time to judge by.

    Returns
    -------
    VersionState
        Not the newest if the record names a newer version, or the publisher offers other bytes. A version that is only
        older than the usual interval passes: that nothing newer is known is all that can be said of it.
    """
    used = f"version {file.version or 'undated'}" + (f", released {file.released}" if file.released else "")
    if source.newer_version:
        return VersionState(False, f"{used}; newer: {source.newer_version}")
    if seen and seen.difference:
        return VersionState(False, f"{used}; the publisher offers other bytes: {seen.difference}")
    expected = due(file.released, source.cadence_years)
    if expected is None:
        return VersionState(True, f"{used}; no newer version is known")
    when = f"was due {expected:%Y-%m}: look for it" if expected < now else f"is due about {expected:%Y-%m}"
    return VersionState(True, f"{used}; no newer version is known, the next {when}")
