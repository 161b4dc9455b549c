"""Provenance from the built bytes: a build is published only with the records, raw tables and code it was made from."""

from orchestration.build.record import BuildRecord, current_inputs, differences, read_build_record
from orchestration.ingest.acquisition import Acquisition
from orchestration.publication.audit import refuse

LISTED = 8


def require_unchanged_build(acquisition: Acquisition) -> BuildRecord:
    """Check that the last build was made from the present records, raw tables and code.

    Parameters
    ----------
    acquisition : Acquisition
        The sources of this run, by the records on disk now.

    Returns
    -------
    BuildRecord
        What the build was made from; the tables of meta take their provenance from it.

    Raises
    ------
    AuditRefused
        If there is no complete build, or anything differs; the message lists each difference. The next plain refresh
        rebuilds, because its fingerprint differs from the current publication's.
    """
    where = str(acquisition.settings.dbt_target_dir)
    built = read_build_record(acquisition.settings)
    if built is None:
        refuse("The build is not complete.", where, "a build of all models that succeeded", "a failed or partial build")
    now = current_inputs(acquisition)
    found = _record_differences(acquisition, now) + differences(built, now)
    if found:
        more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
        refuse(
            "The build was made from other inputs than those on record.",
            where,
            "the source records, raw tables and code that the build was made from",
            "; ".join(found[:LISTED]) + more,
            next_step="Run warehouse run, which loads and builds everything again.",
        )
    return built


def _record_differences(acquisition: Acquisition, now: BuildRecord) -> list[str]:
    """Compare every record with the lineage of its raw tables."""
    found = []
    for source, file in acquisition.files():
        version = file.version or "undated"
        for table in file.tables:
            load = now.raw[table.name]
            if (load.sha256, load.version) != (file.sha256, version):
                found.append(
                    f"source {source}, raw table {table.name}: on record version {version} (sha256"
                    f" {file.sha256[:12]}...), loaded version {load.version} (sha256 {load.sha256[:12]}...)"
                )
    return found
