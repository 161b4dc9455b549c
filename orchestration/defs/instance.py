"""Dagster's own storage in the data folder, or in the lake's PostgreSQL, whichever Dagster command opens it: dagster.yaml
names these classes."""

import os
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.compute_log_manager import CapturedLogContext
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from sqlalchemy import Connection, Engine, create_engine, event

from orchestration.core.settings import Settings, from_environment
from orchestration.store import open_store

BUSY_S = 30.0  # how long one process waits while another writes


def _settings() -> Settings:
    """Make the settings: Dagster creates these classes from dagster.yaml, in whichever command opens the instance."""
    settings = from_environment(os.environ)
    os.environ.update(settings.environment())  # the password of the lake, and OpenBLAS's threads
    return settings


def _folder() -> str:
    folder = _settings().dagster_dir
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


class EventLog(SqliteEventLogStorage):
    """Dagster's event log, whose databases stay open for the next event: opened anew for each, with every statement
    compiled anew, they take longer than all else that Dagster does in a refresh."""

    OPEN_AT_MOST = 8  # databases: one for each run that is looked at, and the one over all runs

    def __init__(self, base_dir: str) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._engines:
                engine = create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": BUSY_S})
                event.listen(engine, "connect", _no_flush_for_each_event)
                self._initdb(engine)
                if len(self._engines) == self.OPEN_AT_MOST:
                    self._engines.pop(next(iter(self._engines))).dispose()
                self._engines[shard] = engine
            with self._engines[shard].begin() as connection:
                yield connection

    def dispose(self) -> None:
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()


def _no_flush_for_each_event(connection: sqlite3.Connection, _) -> None:
    """With the write-ahead log that these databases have, a loss of power may cost the last events, never the database."""
    connection.execute("pragma synchronous = normal")


class Runs(DagsterSqliteStorage):
    """Runs, events and schedules: in the lake's PostgreSQL where the settings name one, so that every machine sees them."""

    def __init__(self, base_dir: str, inst_data=None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(self._event_log_storage._base_dir)

    @classmethod
    def config_type(cls) -> dict:
        return {}

    @classmethod
    def from_config_value(cls, inst_data, config_value) -> DagsterStorage:
        if address := open_store(_settings()).history_address():
            from dagster_postgres import DagsterPostgresStorage

            return DagsterPostgresStorage(address, inst_data=inst_data)
        return cls(base_dir=_folder(), inst_data=inst_data)


class LogsInDataFolder(LocalComputeLogManager):
    """What the steps printed. Ctrl-C is for the run, not for the processes that copy its output to the terminal, which would
    print tracebacks of their own and end before the last lines: they inherit that the signal is held back."""

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        with ExitStack() as stack:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                captured = stack.enter_context(super().capture_logs(log_key))
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            yield captured

    @classmethod
    def config_type(cls) -> dict:
        return {}

    @classmethod
    def from_config_value(cls, inst_data, config_value) -> "LogsInDataFolder":
        return cls(base_dir=_folder(), inst_data=inst_data)


class ArtifactsInDataFolder(LocalArtifactStorage):
    """Everything else that Dagster writes."""

    @classmethod
    def config_type(cls) -> dict:
        return {}

    @classmethod
    def from_config_value(cls, inst_data, config_value) -> "ArtifactsInDataFolder":
        return cls(base_dir=_folder(), inst_data=inst_data)
