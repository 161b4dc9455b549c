"""Only one machine of a lake refreshes or runs a daemon at a time."""

import os
import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.store import open_store

pytestmark = pytest.mark.slow


def test_one_daemon_and_one_refresh_on_all_machines(settings: Settings, tmp_path: Path) -> None:
    here, elsewhere = open_store(settings), open_store(replace(settings, data_dir=tmp_path / "elsewhere"))
    holder = re.escape(f"process {os.getpid()} since ") + ".*" + re.escape(f" on {socket.gethostname()}")
    with (
        here.hold_daemon(),
        pytest.raises(WarehouseError, match=f"(?s)Another warehouse ui uses this lake.*{holder}"),
        elsewhere.hold_daemon(),
    ):
        pass
    with (
        here.hold_refresh(),
        pytest.raises(WarehouseError, match=f"(?s)Another refresh of this lake.*{holder}"),
        elsewhere.hold_refresh(),
    ):
        pass
    with elsewhere.hold_daemon():
        assert here.is_free()
    with elsewhere.hold_refresh():
        assert not here.is_free()
