"""Progress of a run on a terminal: one line per asset, written as Dagster's events arrive."""

import logging
import sys
import time

from dagster import DagsterEventType, InitLoggerContext, logger

BUILT = "built "


class _AssetLines(logging.Handler):
    """Prints ``[ 12.3 s] marts/country_years  17,511 rows`` for every materialization."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._started = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        event = record.dagster_meta["dagster_event"]
        if event is None:
            if (told := record.dagster_meta["orig_message"]).startswith(BUILT):  # not the chatter of dagster-dbt
                self._print(f"  {told}")
        elif event.event_type == DagsterEventType.STEP_START:
            self._print(f"{event.step_key} ...")
        elif event.event_type == DagsterEventType.ASSET_MATERIALIZATION:
            rows = event.materialization.metadata.get("dagster/row_count")
            counted = f"  {rows.value:,} rows" if rows is not None else ""
            self._print(f"  {event.asset_key.to_user_string()}{counted}")

    def _print(self, text: str) -> None:
        print(f"[{time.monotonic() - self._started:6.1f} s] {text}", file=sys.stderr, flush=True)


@logger(description="One line per step and asset, for a terminal.")
def progress_logger(context: InitLoggerContext) -> logging.Logger:
    lines = logging.getLogger("alliance_formation_warehouse.progress")
    lines.setLevel(logging.DEBUG)
    lines.propagate = False
    lines.handlers = [_AssetLines()]
    return lines
