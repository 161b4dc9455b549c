"""Whether a refresh is needed: what is published, what a run would publish, and whether one is running."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from orchestration.build.fingerprint import refresh_fingerprint
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import (
    CHANGED_TAG,
    DATA_TAG,
    FAILED_TAG,
    REFRESH_TAG,
    STAGE_TAG,
    STARTED_BY_TAG,
    Settings,
)
from orchestration.defs.keys import PUBLISH, STAGES
from orchestration.ingest.acquisition import Acquisition, open_acquisition
from orchestration.ingest.catalog import load_catalog
from orchestration.query.run import rows_of
from orchestration.store import open_store
from orchestration.store.publication_file import PublicationFile

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
# Named choice: the daemon requests the next stage within a minute. After a longer pause it is not running, and must not
# keep others from refreshing.
BETWEEN_STAGES = timedelta(minutes=5)


@dataclass(frozen=True)
class Current:
    """The current publication, as far as a decision to refresh needs it; None in every field if there is none.

    Attributes
    ----------
    publication_id, fingerprint : str or None
        From its row of meta.publication.
    is_synthetic : bool or None
        Whether it holds the sample.
    sources : dict of str to str, or None
        sha256 by ``<source>/<file>``.
    """

    publication_id: str | None
    fingerprint: str | None
    is_synthetic: bool | None
    sources: dict[str, str] | None


def current_publication(settings: Settings) -> Current:
    """Describe the current publication of the data folder; with a lake, it counts only once it is in the lake.

    Raises
    ------
    WarehouseError
        If the lake cannot be reached.
    """
    file = PublicationFile(settings.warehouse_path)
    record = file.record()
    if record is None or not open_store(settings).latest().is_shared:
        return Current(None, None, None, None)
    try:
        rows = rows_of(file, "select source, file, sha256 from meta.sources")
    except WarehouseError:  # of an older version with another schema
        rows = []
    return Current(
        publication_id=str(record["publication_id"]),
        fingerprint=str(record["fingerprint"]),
        is_synthetic=bool(record["is_synthetic"]),
        sources={f"{row['source']}/{row['file']}": row["sha256"] for row in rows},
    )


def reason_to_hold(settings: Settings, instance: DagsterInstance, current: Current) -> str | None:
    """Say why no run may be requested now, whatever changed; None if one may."""
    if settings.is_synthetic and current.is_synthetic is False:
        return (
            f"Real data are published ({current.publication_id}), which the SYNTHETIC sample must not replace: "
            "unset WAREHOUSE_SOURCES, or set another WAREHOUSE_DATA_DIR."
        )
    unfinished = instance.get_runs(RunsFilter(statuses=UNFINISHED), limit=1)
    if unfinished:
        return f"A refresh is running or queued: run {unfinished[0].run_id}."
    return _between_stages(instance)


def _between_stages(instance: DagsterInstance) -> str | None:
    """Say which refresh has ended a stage and not yet begun the next; None if there is none."""
    for record in instance.get_run_records(limit=1):
        run, ended = record.dagster_run, datetime.fromtimestamp(record.end_time or 0, UTC)
        stage = run.tags.get(STAGE_TAG)
        is_waiting = run.is_success and REFRESH_TAG in run.tags and FAILED_TAG not in run.tags
        if is_waiting and stage in STAGES and stage != PUBLISH and datetime.now(UTC) - ended < BETWEEN_STAGES:
            return f"A refresh is between two stages: {stage} has ended (run {run.run_id}), the next one follows."
    return None


def sources_now(settings: Settings) -> Acquisition:
    """Open the sources by the records on disk now: a tick runs in a process that may be months old."""
    load_catalog.cache_clear()
    return open_acquisition(settings)


def would_publish(settings: Settings) -> str:
    """Compute the fingerprint that a run would publish now; the network is not used."""
    return refresh_fingerprint(sources_now(settings).hashes())


def run_tags(settings: Settings, started_by: str, changed: list[str] | None = None) -> dict[str, str]:
    """Make the tags of a run for Dagster's runs page: who started it, on which data, and which files changed."""
    tags = {STARTED_BY_TAG: started_by, DATA_TAG: "SYNTHETIC" if settings.is_synthetic else "real"}
    if changed:
        tags[CHANGED_TAG] = listed(changed)
    return tags


def refresh_tags(settings: Settings, started_by: str, stage: str, changed: list[str] | None = None) -> dict[str, str]:
    """Make the tags of the first run of a new refresh: those of `run_tags`, the stage, and the id of the refresh."""
    begun = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
    return run_tags(settings, started_by, changed) | {REFRESH_TAG: begun, STAGE_TAG: stage}


def listed(names: list[str]) -> str:
    """List the first three names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
