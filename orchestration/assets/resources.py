"""What the assets of a run share: the lock that keeps two refreshes apart."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import ConfigurableResource, InitResourceContext

from orchestration.assets.failures import told_plainly
from orchestration.lock import refresh_lock
from orchestration.settings import from_environment


class RefreshLock(ConfigurableResource):
    """Held from the first asset of a run to its last; a second run fails with the name of the holder."""

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["RefreshLock"]:
        with told_plainly(), refresh_lock(from_environment().lock_path):
            yield self
