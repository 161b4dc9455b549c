"""What the assets of a run share: the lock that keeps two refreshes apart."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import ConfigurableResource, InitResourceContext

from orchestration.core.locks import only_refresh
from orchestration.core.settings import from_environment
from orchestration.defs.failures import told_plainly

# Named choice: a run that Dagster launched waits for a refresh from the command line, which takes a minute, rather than
# be lost; the command line itself holds the lock already.
WAIT_S = 600.0


class RefreshLock(ConfigurableResource):
    """Held from the first asset of a run to its last; a second run waits WAIT_S, then fails with the holder's name."""

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["RefreshLock"]:
        with told_plainly(), only_refresh(from_environment(), WAIT_S):
            yield self
