"""Progress of a run on a terminal: one line for each asset, printed as Dagster's events arrive."""

import logging
import sys
import time
from typing import Any

from dagster import DagsterEventType, InitLoggerContext, LoggerDefinition

BUILT = "built "
STARTED = time.monotonic()  # a refresh is several runs in one process, and this module is imported before the first


class _AssetLines(logging.Handler):
    """Prints ``[ 12.3 s] marts/country_years  17,511 rows`` for every materialization."""

    def emit(self, record: logging.LogRecord) -> None:
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        event, message = meta.get("dagster_event"), meta.get("orig_message", "")
        if event is None:
            if message.startswith(BUILT):  # other messages are dagster-dbt's
                self._print(f"  {message}")
        elif event.event_type == DagsterEventType.STEP_START:
            self._print(f"{event.step_key} ...")
        elif event.event_type == DagsterEventType.ASSET_MATERIALIZATION:
            rows = event.materialization.metadata.get("dagster/row_count")
            counted = f"  {rows.value:,} rows" if rows is not None else ""
            self._print(f"  {event.asset_key.to_user_string()}{counted}")

    def _print(self, text: str) -> None:
        print(f"[{time.monotonic() - STARTED:6.1f} s] {text}", file=sys.stderr, flush=True)


def _terminal_logger(_: InitLoggerContext) -> logging.Logger:
    lines = logging.getLogger("alliance_formation_warehouse.progress")
    lines.setLevel(logging.DEBUG)
    lines.propagate = False
    lines.handlers = [_AssetLines()]
    return lines


progress_logger = LoggerDefinition(_terminal_logger, description="One line for each step and asset, for a terminal.")
