"""Retention of Dagster's history: the newest runs are kept, older ones are removed with their events and logs."""

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

KEPT_RUNS = 200  # named choice: about a year of weekly refreshes in four stages
A_DAY_S = 86_400
ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def remove_old_runs(instance: DagsterInstance) -> list[str]:
    """Remove all but the newest `KEPT_RUNS` runs.

    A run that made the last materialization of an asset is kept however old it is: the lineage shows that
    materialization, and it would be removed with its run. Runs that have not ended are kept.

    Parameters
    ----------
    instance : DagsterInstance
        Where the runs are recorded.

    Returns
    -------
    list of str
        Ids of the removed runs.
    """
    newest = {record.dagster_run.run_id for record in instance.get_run_records(limit=KEPT_RUNS)}
    ended = {run.run_id for run in instance.get_runs(RunsFilter(statuses=ENDED))}
    old = ended - newest
    if not old:
        return []
    old -= {
        record.asset_entry.last_materialization.run_id
        for record in instance.get_asset_records(instance.get_asset_keys())
        if record.asset_entry.last_materialization
    }
    for run_id in old:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    return sorted(old)


def old_runs_sensor() -> SensorDefinition:
    """Make the sensor that removes old runs once a day."""

    @sensor(
        name="old_runs",
        minimum_interval_seconds=A_DAY_S,
        default_status=DefaultSensorStatus.RUNNING,
        description=f"Removes all but the newest {KEPT_RUNS} runs with their events and logs, once a day. What made"
        " the last materialization of an asset is kept.",
    )
    def old_runs(context: SensorEvaluationContext) -> SkipReason:
        return SkipReason(f"Removed {len(remove_old_runs(context.instance))} runs.")

    return old_runs
