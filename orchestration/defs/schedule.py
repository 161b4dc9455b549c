"""The schedule: a refresh every week, unless it would publish the same again."""

from dagster import (
    DagsterInvalidDefinitionError,
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from orchestration.core.settings import Settings, invalid_setting
from orchestration.defs.freshness import confirm_current
from orchestration.defs.keys import INGEST
from orchestration.defs.need import current_publication, reason_to_hold, refresh_tags, would_publish

NAME = "weekly_refresh"


def weekly_refresh(settings: Settings) -> ScheduleDefinition:
    """Make the schedule of a refresh at WAREHOUSE_REFRESH_CRON in UTC; on by default, it ticks while a daemon runs.

    Raises
    ------
    WarehouseError
        If the setting is not a cron expression.
    """

    def tick(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        current = current_publication(settings)
        if hold := reason_to_hold(settings, context.instance, current):
            return SkipReason(hold)
        if current.fingerprint == would_publish(settings):
            confirm_current(context.instance, current.publication_id)
            return SkipReason(f"Nothing changed: publication {current.publication_id} is current.")
        return RunRequest(tags=refresh_tags(settings, f"schedule {NAME}", INGEST))

    try:
        return schedule(
            job_name=INGEST,
            name=NAME,
            cron_schedule=settings.refresh_cron,
            execution_timezone="UTC",
            default_status=DefaultScheduleStatus.RUNNING,
            description="A refresh, unless sources, code and packages are those of the current publication.",
        )(tick)
    except DagsterInvalidDefinitionError as error:
        raise invalid_setting(
            "WAREHOUSE_REFRESH_CRON",
            expected="a cron expression of five fields, such as 0 5 * * 1",
            found=settings.refresh_cron,
        ) from error
