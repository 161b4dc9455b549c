"""Whether a refresh is called for: what stands published, what a run would publish, and whether one is under way."""

from dataclasses import dataclass

import duckdb
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from orchestration.build.fingerprint import refresh_fingerprint
from orchestration.core.settings import Settings
from orchestration.ingest.acquisition import Acquisition, open_acquisition
from orchestration.ingest.catalog import load_catalog
from orchestration.publication.write import current
from orchestration.query.run import rows_of

ASKED_BY, DATA, CHANGED = "warehouse/started_by", "warehouse/data", "warehouse/changed"
UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class Standing:
    """publication_id, fingerprint and is_synthetic of what is published, or None; sources: sha256 by <source>/<file>."""

    publication_id: str | None
    fingerprint: str | None
    is_synthetic: bool | None
    sources: dict[str, str] | None


def what_stands(settings: Settings) -> Standing:
    """What is published in the data folder, which does not stand before it is in the lake, if there is one; nothing where
    there is no file that this version can read. WarehouseError where the lake cannot be reached."""
    published = current(settings.warehouse_path)
    if published is None or not _is_shared(settings, str(published["publication_id"])):
        return Standing(None, None, None, None)
    try:
        rows = rows_of(settings.warehouse_path, "select source, file, sha256 from meta.sources")
    except duckdb.Error:  # of an older version, which kept them otherwise
        rows = []
    return Standing(
        publication_id=str(published.get("publication_id")),
        fingerprint=str(published.get("fingerprint")),
        is_synthetic=bool(published.get("is_synthetic")),
        sources={f"{row['source']}/{row['file']}": row["sha256"] for row in rows},
    )


def _is_shared(settings: Settings, publication_id: str) -> bool:
    if settings.lake_address is None:
        return True
    from orchestration.store.lake.snapshots import newest

    shared = newest(settings)
    return shared is not None and shared.publication_id >= publication_id


def reason_to_hold(settings: Settings, instance: DagsterInstance, standing: Standing) -> str | None:
    """Why no run may be asked for now, whatever changed; None if one may."""
    if settings.is_synthetic and standing.is_synthetic is False:
        return (
            f"Real data are published ({standing.publication_id}), which the SYNTHETIC sample must not replace: "
            "unset WAREHOUSE_SOURCES, or set another WAREHOUSE_DATA_DIR."
        )
    unfinished = instance.get_runs(RunsFilter(statuses=UNFINISHED), limit=1)
    if unfinished:
        return f"A refresh is under way or waiting: run {unfinished[0].run_id}."
    return None


def sources_now(settings: Settings) -> Acquisition:
    """The sources by the records as they lie on disk now: a tick runs in a process that may be months old."""
    load_catalog.cache_clear()
    return open_acquisition(settings)


def would_publish(settings: Settings) -> str:
    """The fingerprint that a run would publish now; the network is not asked."""
    return refresh_fingerprint(sources_now(settings).hashes())


def run_tags(settings: Settings, asked_by: str, changed: list[str] | None = None) -> dict[str, str]:
    """Who asked, on which data, and which files changed: what the runs page shows of a run."""
    tags = {ASKED_BY: asked_by, DATA: "SYNTHETIC" if settings.is_synthetic else "real"}
    if changed:
        tags[CHANGED] = listed(changed)
    return tags


def listed(names: list[str]) -> str:
    """The first three, and how many more."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
