"""``warehouse run --with bayes`` without its packages stops before anything is fetched or built."""

from pathlib import Path

import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.modelling import results
from orchestration.runtime.refresh import refresh


def test_missing_packages_are_named_with_their_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "find_spec", lambda name: None)
    announced: list[str] = []
    with pytest.raises(WarehouseError, match="pip install 'numpyro") as raised:
        refresh(
            Settings(data_dir=tmp_path),
            "sample",
            force=False,
            extras=["bayes"],
            wait_seconds=0,
            announce=announced.append,
        )
    assert "leave out --with bayes" in str(raised.value)
    assert not announced
