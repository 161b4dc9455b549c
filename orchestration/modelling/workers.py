"""Where the estimation's tasks run: worker processes on this machine, or a Dask cluster if the settings name one."""

from collections.abc import Iterator
from contextlib import contextmanager

from orchestration.build.fingerprint import code_fingerprint
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings

WAIT_SECONDS = 15


@contextmanager
def estimation_workers(settings: Settings) -> Iterator[None]:
    """Inside it, joblib sends its tasks to the Dask scheduler at settings.dask_address, or to local processes if that is None.

    A worker that is lost has its tasks done by another; the numbers do not depend on who made them. Raises
    WarehouseError if the scheduler or a worker cannot be reached, if a worker has another version of the analysis, or
    if one worker after the other is lost at the same task.
    """
    if settings.dask_address is None:
        yield
        return
    from distributed import Client, KilledWorker
    from joblib import parallel_config

    class Keeping(Client):
        """The scheduler keeps the large arguments; joblib's own way is to leave them with one worker, with which they,
        and all tasks that need them, would be lost."""

        async def scatter(self, data: object, **_):
            return self.submit(_itself, data, pure=False)

    try:
        client = Keeping(settings.dask_address, timeout=WAIT_SECONDS, set_as_default=True)
    except (OSError, ValueError) as error:
        raise _unusable(settings, "a Dask scheduler that answers", str(error)) from error
    try:
        _check_workers(settings, client)
        with parallel_config(backend="dask"):
            yield
    except KilledWorker as error:
        raise _unusable(settings, "workers that last until their tasks are done", str(error)) from error
    finally:
        client.close()


def _itself(data: object) -> object:
    return data


def _check_workers(settings: Settings, client) -> None:
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
        next_step="start scheduler and workers with this very project installed, or unset WAREHOUSE_DASK to use this machine",
    )
