"""The store in a shared lake: builds and publications in DuckLake, locks and the history of runs in PostgreSQL."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.locks import DAEMON, REFRESH, hold, is_free
from orchestration.core.settings import Settings
from orchestration.store.lake.build import begin_build, build_environment
from orchestration.store.lake.catalogue import BUILD, attached, nothing_published
from orchestration.store.lake.locks import hold_lake, lake_is_free
from orchestration.store.lake.publish import publish_to_lake
from orchestration.store.lake.server import server_connection, storage_address
from orchestration.store.lake.snapshots import newest, snapshots
from orchestration.store.local import LocalStore
from orchestration.store.protocol import Latest, Refusal, SharedPublication, StoredPublication


class LakeStore:
    """A lake that several machines share; implements `Store`.

    The data folder of this machine still holds its raw tables, results and its own copy of the publication.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address``.
    """

    is_shared = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._local = LocalStore(settings)

    @contextmanager
    def hold_refresh(self, wait_seconds: float = 0) -> Iterator[None]:
        """Hold the data folder and the lake for one refresh; see `Store`."""
        with hold(self._settings.lock_path, REFRESH, wait_seconds) as is_outermost:
            if is_outermost:
                with hold_lake(self._settings, REFRESH, wait_seconds):
                    yield
            else:
                yield

    @contextmanager
    def hold_daemon(self) -> Iterator[None]:
        """Hold the data folder and the lake for one daemon; see `Store`."""
        with hold(self._settings.daemon_lock_path, DAEMON), hold_lake(self._settings, DAEMON):
            yield

    def is_free(self) -> bool:
        """Whether no process of any machine refreshes the lake; see `Store`."""
        return is_free(self._settings.lock_path) and lake_is_free(self._settings)

    def attached_build(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Connect with the build's catalogue attached read-only; see `Store`."""
        return attached(self._settings, BUILD, "build")

    def begin_build(self) -> None:
        """Empty the build's catalogue; see `Store`."""
        begin_build(self._settings)

    def build_environment(self) -> dict[str, str]:
        """Variables of dbt's target ``lake``; see `Store`."""
        return build_environment(self._settings)

    def current(self) -> StoredPublication:
        """The newest snapshot; see `Store`."""
        snapshot = newest(self._settings)
        if snapshot is None:
            raise nothing_published(self._settings)
        return snapshot

    def publications(self) -> tuple[dict[str, StoredPublication], str | None]:
        """Snapshots by publication id; see `Store`."""
        found: dict[str, StoredPublication] = {one.publication_id: one for one in snapshots(self._settings)}
        return found, next(reversed(found), None)

    def latest(self) -> Latest:
        """The newer of the data folder's publication and the lake's; see `Store`."""
        local = self._local.latest()
        if local.record is None:
            return replace(local, is_shared=False)
        shared = newest(self._settings)
        if shared is None or shared.publication_id < local.record["publication_id"]:
            return replace(local, is_shared=False)
        if shared.publication_id == local.record["publication_id"]:
            return local
        return Latest(shared.record(), shared.tables, is_local=False)

    def share(self) -> SharedPublication:
        """Copy warehouse.duckdb into the lake as one snapshot; see `Store`."""
        return publish_to_lake(self._settings)

    def refusal_of_sample(self) -> Refusal | None:
        """Other machines read the lake; see `Store`."""
        return Refusal(
            "the lake is shared, so that the sample is published there only on request",
            "pass --sources sample with another WAREHOUSE_DATA_DIR and without WAREHOUSE_LAKE",
        )

    def summary(self) -> str | None:
        """The lake's newest publication, or why it cannot be read; see `Store`."""
        try:
            found = snapshots(self._settings)
        except WarehouseError as error:
            return f"{error.problem} {error.where}: {error.found}"
        if not found:
            return "nothing is published there yet; the machine that refreshes it has to run warehouse run"
        latest = found[-1]
        synthetic = "SYNTHETIC, " if latest.record()["is_synthetic"] else ""
        text = f"{latest.publication_id}, {synthetic}in {latest} (kept publications: {len(found)})"
        local = self._local.latest().record
        if local is not None and local["publication_id"] != latest.publication_id:
            text += "; not the publication of this data folder"
        return text

    def history_address(self) -> str | None:
        """The lake's PostgreSQL database; see `Store`."""
        with server_connection(self._settings):  # fails at once with a clear message; Dagster would retry for long
            return storage_address(self._settings)

    def history_location(self) -> str:
        """The lake's PostgreSQL database; see `Store`."""
        return "the lake's PostgreSQL database"

    def has_history(self) -> bool:
        """Always possible: another machine may have recorded runs; see `Store`."""
        return True
