"""Dagster's own storage in the data folder, whichever Dagster command opens it: dagster.yaml names these classes."""

from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from orchestration.settings import from_environment


def _folder() -> str:
    folder = from_environment().dagster_dir
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


class RunsInDataFolder(DagsterSqliteStorage):
    """Runs, events and schedules."""

    @classmethod
    def config_type(cls) -> dict:
        return {}

    @classmethod
    def from_config_value(cls, inst_data, config_value) -> "RunsInDataFolder":
        return cls(base_dir=_folder(), inst_data=inst_data)


class LogsInDataFolder(LocalComputeLogManager):
    """What the steps printed."""

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
