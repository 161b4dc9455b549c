"""Workers for the estimation: processes of this machine, or a Dask cluster if the settings name one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.build.fingerprint import code_fingerprint
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings

if TYPE_CHECKING:
    from distributed import Client

WAIT_SECONDS = 15


@contextmanager
def estimation_workers(settings: Settings) -> Iterator[None]:
    """Let joblib send its tasks to the Dask scheduler of the settings, or to local processes without one.

    The tasks of a lost worker are repeated by another one; the results do not depend on the worker.

    Parameters
    ----------
    settings : Settings
        With ``dask_address`` or without.

    Yields
    ------
    None

    Raises
    ------
    WarehouseError
        If the scheduler or a worker cannot be reached, a worker has another version of the analysis, or several workers
        are lost at the same task.
    """
    if settings.dask_address is None:
        yield
        return
    from distributed import Client, KilledWorker
    from joblib import parallel_config

    class ResilientClient(Client):
        """Keep large arguments as tasks, which the scheduler repeats; scattered data are lost with their worker."""

        async def scatter(self, data: object, **_: object) -> object:  # type: ignore[override]
            return self.submit(_identity, data, pure=False)

    try:
        client = ResilientClient(settings.dask_address, timeout=WAIT_SECONDS, set_as_default=True)
    except (OSError, ValueError) as error:
        raise _unusable(settings, "a running Dask scheduler", str(error)) from error
    try:
        _check_workers(settings, client)
        with parallel_config(backend="dask"):
            yield
    except KilledWorker as error:
        raise _unusable(settings, "workers that finish their tasks", str(error)) from error
    finally:
        client.close()


def _identity(data: object) -> object:
    return data


def _check_workers(settings: Settings, client: "Client") -> None:
    try:
        client.wait_for_workers(1, timeout=WAIT_SECONDS)
        versions = set(client.run(code_fingerprint, "analysis").values())
    except TimeoutError as error:
        raise _unusable(settings, f"a worker within {WAIT_SECONDS} s", "none") from error
    except ModuleNotFoundError as error:
        raise _unusable(settings, "workers with this project installed", str(error)) from error
    if versions != {code_fingerprint("analysis")}:
        raise _unusable(
            settings, "the same version of the analysis on every worker", f"{len(versions)} other version(s)"
        )


def _unusable(settings: Settings, expected: str, found: str) -> WarehouseError:
    return WarehouseError(
        "The Dask cluster cannot be used for the estimation.",
        where=f"WAREHOUSE_DASK={settings.dask_address}",
        expected=expected,
        found=found,
        next_step="Install this version on scheduler and workers, or unset WAREHOUSE_DASK to use this machine.",
    )
