"""Assertions that must hold after a fault and after the next run, and changes to the sample's source files."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from tests.support.shell import Done, Shell

FORCED = ("run", "--sources", "sample", "--force")


def refused(done: Done, *words: str) -> None:
    """Assert that a run failed with a message for its user that names a next step."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert "next:" in done.stderr, done.stderr
    for expected in words:
        assert expected in done.stderr, done.stderr


def is_whole(shell: Shell) -> bool:
    """Whether the publication can be queried and its results were fitted on its own mart."""
    return shell.sql(
        "select (select count(*) > 8000 from marts.country_years), bool_and(m.mart_fingerprint = p.mart_fingerprint)"
        " from results.models as m, meta.publication as p"
    ) == "true,true"  # fmt: skip


def assert_recovers(shell: Shell) -> None:
    """Assert that the next run succeeds without cleaning up first, and leaves no temporary file."""
    before = shell.published_hash() if shell.published.exists() else None
    done = shell(*FORCED)
    assert done.returncode == 0, done.stderr
    assert shell.published_hash() != before
    assert is_whole(shell)
    assert not list(shell.data_dir.glob("publications/.*"))
    assert not list(shell.data_dir.rglob("*.part"))


def change_sample(data_dir: Path, file: str, change: Callable[[bytes], bytes]) -> None:
    """Write another version of a source file of the sample, with the record of its hash."""
    folder = data_dir / "sample_mirror"
    content = change((folder / file).read_bytes())
    (folder / file).write_bytes(content)
    record = json.loads((folder / "SYNTHETIC.json").read_text())
    record["files"][file] = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    (folder / "SYNTHETIC.json").write_text(json.dumps(record))
