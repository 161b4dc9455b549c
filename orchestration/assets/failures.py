"""How a failure reaches Dagster: the user's message as it is, without a traceback of ours around it."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import Failure

from orchestration.errors import WarehouseError


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn a WarehouseError into a Dagster Failure with the same words."""
    try:
        yield
    except WarehouseError as error:
        raise Failure(description=str(error)) from error
