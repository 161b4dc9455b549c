"""Freshness by the schedule: how old marts and publication may be before Dagster shows them as overdue."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from dagster import AssetKey, AssetMaterialization, DagsterInstance, FreshnessPolicy
from dagster._utils.schedules import cron_string_iterator

from orchestration.core.settings import Settings
from orchestration.defs.keys import PUBLICATION_KEY, mart_key
from orchestration.publication.content import MART_TABLES

# Named choices: a refresh takes minutes and may wait for another one; a daemon may be started on the next morning.
RUN, ONE_MISSED = timedelta(hours=1), timedelta(days=1)
TICKS = 60  # enough to meet the longest pause of a schedule by weekday or hour
CONFIRMED = "confirmed"


def cron_ticks(cron: str, after: datetime) -> Iterator[datetime]:
    """Yield the times of a cron expression, in UTC.

    The iterator is private in Dagster; a public way to ask a schedule for its next tick would replace it.
    """
    return cron_string_iterator(after.timestamp(), cron, "UTC")


def by_schedule(settings: Settings) -> FreshnessPolicy:
    """Make the policy of what every tick of the schedule refreshes or confirms.

    Parameters
    ----------
    settings : Settings
        With the cron expression.

    Returns
    -------
    FreshnessPolicy
        Warns after the longest pause between two ticks and the time for a run, fails a day later. It fails where
        the daemon was stopped or the schedule is off, once a daemon evaluates it.
    """
    ticks = islice(cron_ticks(settings.refresh_cron, datetime.now(UTC)), TICKS)
    longest = max(later - earlier for earlier, later in pairwise(ticks))
    return FreshnessPolicy.time_window(warn_window=longest + RUN, fail_window=longest + RUN + ONE_MISSED)


def confirm_current(instance: DagsterInstance, publication_id: str | None) -> None:
    """Record that marts and publication are up to date without a run, after a tick that found nothing changed.

    Parameters
    ----------
    instance : DagsterInstance
        Where the assets are recorded.
    publication_id : str or None
        The current publication.
    """
    for key in (PUBLICATION_KEY, *map(mart_key, MART_TABLES)):
        _confirm(instance, key, f"publication {publication_id} is what a refresh would publish now")


def _confirm(instance: DagsterInstance, key: AssetKey, what: str) -> None:
    """Repeat the last materialization with its versions and metadata, so that nothing else appears to have changed."""
    last = instance.get_latest_materialization_event(key)
    if last and last.asset_materialization:
        made = last.asset_materialization
        again = AssetMaterialization(key, metadata={**made.metadata, CONFIRMED: what}, tags=made.tags)
        instance.report_runless_asset_event(again)
