"""Dagster's event log with open databases loses no event, whichever process reads it."""

import logging
import uuid
from pathlib import Path

import pytest
from dagster import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from orchestration.defs.instance import EventLog


def entry(run_id: str, number: int) -> EventLogEntry:
    return EventLogEntry(
        error_info=None, level=logging.INFO, user_message=f"message {number}", run_id=run_id, timestamp=float(number)
    )


def test_more_runs_than_open_databases_lose_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventLog, "OPEN_AT_MOST", 2)
    runs = [str(uuid.uuid4()) for _ in range(EventLog.OPEN_AT_MOST + 3)]
    ours = EventLog(str(tmp_path))
    for number in range(3):
        for run_id in runs:
            ours.store_event(entry(run_id, number))
    expected = [f"message {number}" for number in range(3)]
    theirs = SqliteEventLogStorage(str(tmp_path))
    for run_id in runs:
        assert [event.user_message for event in theirs.get_logs_for_run(run_id)] == expected
        assert [event.user_message for event in ours.get_logs_for_run(run_id)] == expected
    ours.dispose()
    assert not list(tmp_path.glob("*-wal"))  # each closed database is one complete file
