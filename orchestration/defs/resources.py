"""What the assets of a run share: the settings, and the lock that keeps two refreshes apart."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import ConfigurableResource, InitResourceContext, ResourceDependency

from orchestration.core.settings import DAGSTER_UI, Settings
from orchestration.defs.failures import as_dagster_failure
from orchestration.defs.need import run_tags
from orchestration.store import open_store

# Named choice: a run that Dagster launched waits for a refresh of the command line, which takes a minute, rather than
# fail; the command line holds the lock already.
WAIT_S = 600.0


class RefreshLock(ConfigurableResource["RefreshLock"]):
    """Held from the first asset of a run to its last; a second run waits WAIT_S seconds, then fails."""

    settings: ResourceDependency[Settings]

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["RefreshLock"]:
        """Hold the store for one run, and tag a run that has no tags: one started on the page of an asset."""
        if context.run and context.instance:
            own = context.run.tags
            missing = {tag: value for tag, value in run_tags(self.settings, DAGSTER_UI).items() if tag not in own}
            if missing:
                context.instance.add_run_tags(context.run.run_id, missing)
        with as_dagster_failure(), open_store(self.settings).hold_refresh(WAIT_S):
            yield self
