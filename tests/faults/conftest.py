"""A published sample for each fault test to damage."""

from pathlib import Path

import pytest

from tests.support.shell import Done, Shell
from tests.support.warehouses import copied


@pytest.fixture
def published(sample_warehouse: tuple[Shell, Done], tmp_path: Path) -> Shell:
    """A data folder of its own, with the SYNTHETIC sample published in it."""
    return copied(sample_warehouse[0], tmp_path, ("WAREHOUSE_OFFLINE", "1"))
