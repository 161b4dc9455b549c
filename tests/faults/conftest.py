"""What the fault tests share: a published sample to lose, and what must hold after a fault and after the run that follows."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Shell

FORCED = ("run", "--sources", "sample", "--force")
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def published(sample_warehouse: tuple[Shell, Done], tmp_path: Path) -> Shell:
    """A data folder of its own, with the SYNTHETIC sample published in it."""
    shell = Shell(tmp_path / "data", (("WAREHOUSE_OFFLINE", "1"),))
    shutil.copytree(sample_warehouse[0].data_dir, shell.data_dir)
    return shell


def refused(done: Done, *told: str) -> None:
    """The run failed in plain words, with a next step."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert "next:" in done.stderr, done.stderr
    for words in told:
        assert words in done.stderr, done.stderr


def is_whole(shell: Shell) -> bool:
    """One publication that answers, with results of its own mart."""
    return shell.sql(
        "select (select count(*) > 8000 from marts.country_years), bool_and(m.mart_fingerprint = p.mart_fingerprint)"
        " from results.models as m, meta.publication as p"
    ) == "true,true"  # fmt: skip


def green(shell: Shell) -> None:
    """The next run succeeds, publishes anew, and needs no cleaning before it."""
    before = shell.published_hash() if shell.published.exists() else None
    done = shell(*FORCED)
    assert done.returncode == 0, done.stderr
    assert shell.published_hash() != before
    assert is_whole(shell)
    assert not list(shell.data_dir.glob("publications/.*"))
    assert not list(shell.data_dir.rglob("*.part"))


def change_sample(data_dir: Path, file: str, change: Callable[[bytes], bytes]) -> None:
    """Another version of a file of the sample, with the record that vouches for it."""
    folder = data_dir / "sample_mirror"
    content = change((folder / file).read_bytes())
    (folder / file).write_bytes(content)
    record = json.loads((folder / "SYNTHETIC.json").read_text())
    record["files"][file] = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    (folder / "SYNTHETIC.json").write_text(json.dumps(record))
