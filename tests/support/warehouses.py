"""Refreshed data folders that all tests of a session share, also across the workers of pytest-xdist."""

import json
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support.shell import Done, Shell


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Temporary folder of the session: the workers of pytest-xdist have their own folders in it."""
    base = factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


def refreshed_once(
    factory: pytest.TempPathFactory, name: str, *arguments: str, variables: tuple[tuple[str, str], ...] = ()
) -> tuple[Shell, Done]:
    """Refresh an empty data folder in the first test that needs it, and return it with the output of the refresh.

    Tests read the folder and change nothing; a test that changes it works on a copy (`copied`).
    """
    folder = shared_folder(factory) / name
    shell, record = Shell(folder / "data", variables), folder / "done.json"
    with FileLock(folder.with_suffix(".lock")):
        if not record.exists():
            folder.mkdir(exist_ok=True)
            done = shell("run", *arguments)
            record.write_text(json.dumps([done.args, done.returncode, done.stdout, done.stderr]))
    done = Done(*json.loads(record.read_text()))
    assert done.returncode == 0, done.stderr
    return shell, done


def copied(shell: Shell, folder: Path, *variables: tuple[str, str]) -> Shell:
    """Copy a data folder into ``folder``, so that a test can change it."""
    copy = Shell(folder / "data", variables)
    shutil.copytree(shell.data_dir, copy.data_dir, symlinks=True)
    return copy
