"""Where builds, publications and the history of runs are kept: one Protocol, two implementations.

Belongs here: opening, listing, locking and sharing what is stored, in local files (``local``) or in a shared lake
(``lake``, which needs the extra of that name). This is the only package that knows whether a lake is configured.
Does not belong here: what a publication contains (``publication``) and how it is queried (``query``).
"""

from orchestration.core.settings import Settings
from orchestration.store.local import LocalStore
from orchestration.store.protocol import Store


def open_store(settings: Settings) -> Store:
    """Choose the store that the settings name.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address`` for the shared lake, without one for local files.

    Returns
    -------
    Store
        Nothing is opened or contacted yet.
    """
    if settings.lake_address is None:
        return LocalStore(settings)
    from orchestration.store.lake.store import LakeStore  # its packages are an extra

    return LakeStore(settings)
