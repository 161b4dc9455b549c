"""Fixtures of every test: the real source files, and one refresh on them and on the synthetic sample."""

from pathlib import Path

import pytest

from tests.support.shell import Done, Shell, find_mirror
from tests.support.warehouses import refreshed_once

LONGEST = ("test_operation.py", "test_lake.py", "test_coverage.py", "test_recovery.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files that take minutes first: otherwise one worker ends with such a file while the other is idle."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder of the real source files; tests that need it are skipped without it."""
    found = find_mirror()
    if found is None:
        pytest.skip("no mirror of the real source files: set WAREHOUSE_MIRROR")
    return found


@pytest.fixture(scope="session")
def real_warehouse(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """One refresh on the real files; tests read it and change nothing."""
    shell, _ = refreshed_once(tmp_path_factory, "real", "--sources", str(mirror), "--offline")
    return shell


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, Done]:
    """One refresh with neither network nor mirror, and its output; tests read it and change nothing."""
    return refreshed_once(tmp_path_factory, "sample", variables=(("WAREHOUSE_OFFLINE", "1"),))
