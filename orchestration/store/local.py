"""The store in local files: build.duckdb, warehouse.duckdb and the kept publications of one data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import duckdb

from orchestration.core.database import quote_literal
from orchestration.core.locks import DAEMON, REFRESH, hold, is_free
from orchestration.core.settings import Settings
from orchestration.store.protocol import Latest, Refusal, SharedPublication, StoredPublication
from orchestration.store.publication_file import PublicationFile


class LocalStore:
    """Builds and publications of one data folder; implements `Store`.

    Parameters
    ----------
    settings : Settings
        Their ``data_dir`` is the data folder.
    """

    is_shared = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @contextmanager
    def hold_refresh(self, wait_seconds: float = 0) -> Iterator[None]:
        """Hold the data folder for one refresh; see `Store`."""
        with hold(self._settings.lock_path, REFRESH, wait_seconds):
            yield

    @contextmanager
    def hold_daemon(self) -> Iterator[None]:
        """Hold the data folder for one daemon; see `Store`."""
        with hold(self._settings.daemon_lock_path, DAEMON):
            yield

    def is_free(self) -> bool:
        """Whether no other process refreshes the data folder; see `Store`."""
        return is_free(self._settings.lock_path)

    @contextmanager
    def attached_build(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Connect with build.duckdb attached read-only; see `Store`."""
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"attach {quote_literal(self._settings.build_path)} as build (read_only)")
            yield connection

    def begin_build(self) -> None:
        """Remove build.duckdb; see `Store`."""
        self._settings.build_path.unlink(missing_ok=True)
        self._settings.build_path.with_suffix(".duckdb.wal").unlink(missing_ok=True)

    def build_environment(self) -> dict[str, str]:
        """No variables: the profile's defaults suffice; see `Store`."""
        return {}

    def current(self) -> StoredPublication:
        """The publication in warehouse.duckdb; see `Store`."""
        return PublicationFile(self._settings.warehouse_path)

    def publications(self) -> tuple[dict[str, StoredPublication], str | None]:
        """Kept files by id; ids begin with a time, so that their order is that of publication; see `Store`.

        The current publication is included even if its kept copy was removed.
        """
        current = PublicationFile(self._settings.warehouse_path)
        current_id = self._current_id(current)
        found: dict[str, StoredPublication] = {
            path.stem: PublicationFile(path) for path in self._settings.publications_dir.glob("[!.]*.duckdb")
        }
        if current_id:
            found.setdefault(current_id, current)
        return dict(sorted(found.items())), current_id

    @staticmethod
    def _current_id(current: PublicationFile) -> str | None:
        """Id of the current publication, also if another version of the warehouse made it."""
        if not current.path.exists():
            return None
        try:
            with duckdb.connect(str(current.path), read_only=True) as connection:
                row = connection.execute("select publication_id from meta.publication").fetchone()
        except duckdb.Error:
            return None
        return row[0] if row else None

    def latest(self) -> Latest:
        """The publication in warehouse.duckdb; see `Store`."""
        current = PublicationFile(self._settings.warehouse_path)
        return Latest(current.record(), current.tables())

    def share(self) -> SharedPublication:
        """Not possible for local files; see `Store`."""
        return _not_shared()

    def refusal_of_sample(self) -> Refusal | None:
        """Real data in the data folder must not be replaced by the sample; see `Store`."""
        current = PublicationFile(self._settings.warehouse_path)
        record = current.record()
        if not current.path.exists() or (record and record["is_synthetic"]):
            return None
        what = "real data are" if record else "a file that this version cannot read is"
        return Refusal(
            f"{what} published here, which the sample must not replace",
            "pass --sources sample with another WAREHOUSE_DATA_DIR",
        )

    def summary(self) -> str | None:
        """None: local files are described by the publication; see `Store`."""
        return None

    def history_address(self) -> str | None:
        """None: the history of runs is kept in the data folder; see `Store`."""
        return None

    def history_location(self) -> str:
        """The data folder's ``dagster``; see `Store`."""
        return str(self._settings.dagster_dir)

    def has_history(self) -> bool:
        """Whether the folder exists; see `Store`."""
        return self._settings.dagster_dir.exists()


def _not_shared() -> NoReturn:
    raise RuntimeError("a store of local files is not shared; check Store.is_shared first")
