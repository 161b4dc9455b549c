"""The schedule: a refresh every week, unless it would publish again what stands."""

from dagster import (
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)
from dagster._utils.schedules import is_valid_cron_string

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.defs.need import current_publication, reason_to_hold, run_tags, would_publish

NAME = "weekly_refresh"


def weekly_refresh(job, settings: Settings) -> ScheduleDefinition:
    """The schedule of ``job`` at WAREHOUSE_REFRESH_CRON in UTC. It is on by default: it ticks only while somebody runs
    the daemon. Raises WarehouseError if that is no cron expression."""
    if not is_valid_cron_string(settings.refresh_cron):
        raise WarehouseError(
            "A setting is not usable.",
            where="environment variable WAREHOUSE_REFRESH_CRON",
            expected="a cron expression of five fields, such as 0 5 * * 1",
            found=settings.refresh_cron,
            next_step="set it to one, or unset it",
        )

    @schedule(
        job=job,
        name=NAME,
        cron_schedule=settings.refresh_cron,
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description="A refresh, unless sources, code and packages are those of the publication that stands.",
    )
    def tick(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        current = current_publication(settings)
        if hold := reason_to_hold(settings, context.instance, current):
            return SkipReason(hold)
        if current.fingerprint == would_publish(settings):
            return SkipReason(f"Nothing changed: publication {current.publication_id} stands.")
        return RunRequest(tags=run_tags(settings, f"schedule {NAME}"))

    return tick
