"""Dagster's storage in the data folder, or in the lake's PostgreSQL; dagster.yaml names these classes.

dagster.yaml names a storage class by its import path, and the paths of this project depend on its settings, so that
Dagster's own classes are subclassed. They are private in Dagster: with a public way to pass a base directory at run
time, this module would not be needed.
"""

import os
import signal
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.compute_log_manager import CapturedLogContext
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

from orchestration.core.settings import Settings, from_environment
from orchestration.store import open_store

BUSY_S = 30.0  # how long one process waits while another writes

InstanceData = ConfigurableClassData | None


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
    """Dagster's event log with its databases kept open.

    Opening one for each event, and compiling every statement again, takes longer than everything else that Dagster does
    in a refresh.
    """

    OPEN_AT_MOST = 8  # databases: one for each run that is read, and the index of all runs

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

    def delete_events(self, run_id: str) -> None:
        """Remove the events of a run and its database, which Dagster would leave empty."""
        super().delete_events(run_id)
        with self._db_lock:
            if engine := self._engines.pop(run_id, None):
                engine.dispose()
            for path in Path(self._base_dir).glob(f"{run_id}.db*"):
                path.unlink()

    def dispose(self) -> None:
        """Close every database."""
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()


def _no_flush_for_each_event(connection: sqlite3.Connection, _: object) -> None:
    """Flush at checkpoints only: with a write-ahead log, a power failure may cost the last events, not the database."""
    connection.execute("pragma synchronous = normal")


class Runs(DagsterSqliteStorage):
    """Runs, events and schedules; with a lake they are kept in its PostgreSQL, where every machine sees them."""

    def __init__(self, base_dir: str, inst_data: InstanceData = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(self._event_log_storage._base_dir)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration in dagster.yaml."""
        return {}

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls, inst_data: InstanceData, config_value: Mapping[str, Any]
    ) -> DagsterStorage[Any]:
        """Open the storage that the settings name."""
        if address := open_store(_settings()).history_address():
            from dagster_postgres import DagsterPostgresStorage

            return DagsterPostgresStorage(address, inst_data=inst_data)
        return cls(base_dir=_folder(), inst_data=inst_data)


class LogsInDataFolder(LocalComputeLogManager):
    """The output of the steps, in the data folder.

    Ctrl-C is meant for the run, not for the processes that copy its output to the terminal: they would print tracebacks
    and end before the last lines. They inherit a blocked SIGINT.
    """

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        """Capture the output of one step."""
        with ExitStack() as stack:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                captured = stack.enter_context(super().capture_logs(log_key))
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            yield captured

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration in dagster.yaml."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: InstanceData, config_value: Mapping[str, Any]) -> "LogsInDataFolder":
        """Open the logs below the data folder."""
        return cls(base_dir=_folder(), inst_data=inst_data)


class ArtifactsInDataFolder(LocalArtifactStorage):
    """Everything else that Dagster writes, in the data folder."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration in dagster.yaml."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: InstanceData, config_value: Mapping[str, Any]) -> "ArtifactsInDataFolder":
        """Open the folder below the data folder."""
        return cls(base_dir=_folder(), inst_data=inst_data)
