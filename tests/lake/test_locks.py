"""What only one machine of a lake may do at a time."""

import os
import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.locks import only_daemon, only_refresh
from orchestration.core.settings import Settings
from orchestration.store.lake.locks import lake_is_free

pytestmark = pytest.mark.slow


def test_one_daemon_and_one_refresh_whichever_the_machine(settings: Settings, tmp_path: Path) -> None:
    elsewhere = replace(settings, data_dir=tmp_path / "elsewhere")
    holder = re.escape(f"process {os.getpid()} since ") + ".*" + re.escape(f" on {socket.gethostname()}")
    for only, told in (
        (only_daemon, "Another warehouse ui works on this lake"),
        (only_refresh, "Another refresh of this lake"),
    ):
        with only(settings), pytest.raises(WarehouseError, match=f"(?s){told}.*{holder}"), only(elsewhere):
            pass
        with only(elsewhere):
            assert lake_is_free(settings) == (only is only_daemon)
