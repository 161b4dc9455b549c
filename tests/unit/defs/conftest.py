"""Dagster's definitions for the sample, loaded once."""

import pytest
from dagster import Definitions

from orchestration.core.settings import SAMPLE, Settings
from orchestration.defs.assemble import build_defs


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    return build_defs(Settings(tmp_path_factory.mktemp("definitions"), sources=SAMPLE))
