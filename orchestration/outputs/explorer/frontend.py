"""Build the front end of the page with Node, once for each state of its sources, and keep it in the user's cache."""

import gzip
import hashlib
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from orchestration.core.errors import WarehouseError
from orchestration.core.files import replace_folder
from orchestration.core.settings import environment_with_program

FRONTEND = Path(__file__).parent / "frontend"
PAGE = FRONTEND / "page.html"
ENGINE = "node_modules/@duckdb/duckdb-wasm/dist/duckdb-eh.wasm"
BORDERS = "node_modules/world-atlas/countries-50m.json"
PACKED = {"engine": ENGINE, "borders": BORDERS, "worker": "built/worker.js"}
TAKEN = ("main.js", "style.css")


def built_frontend(cache: Path | None = None) -> Path:
    """Build the front end, or find it in the cache.

    Parameters
    ----------
    cache : Path, optional
        Folder of the builds; by default ``alliance-warehouse/explorer`` in the user's cache folder.

    Returns
    -------
    Path
        Folder with ``main.js``, ``style.css`` and, as gzip in base64, ``engine``, ``worker`` and ``borders``.

    Raises
    ------
    WarehouseError
        If it is not in the cache and there is no Node, or the packages cannot be installed or bundled.
    """
    folder = (cache or user_cache_path("alliance-warehouse", appauthor=False) / "explorer") / sources_hash()[:16]
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if not folder.is_dir():
                _build(folder)
    except OSError as error:
        raise WarehouseError(
            "The front end of the explorer could not be written.",
            where=str(folder),
            expected="a writable cache folder with 400 MB of free space",
            found=error.strerror or str(error),
            next_step="Free disk space or correct the folder's permissions, then run again.",
        ) from error
    return folder


def sources_hash() -> str:
    """Hash the sources of the front end and its locked packages.

    Returns
    -------
    str
        sha256 in hexadecimal.
    """
    digest = hashlib.sha256()
    for path in source_files():
        digest.update(f"{path.relative_to(FRONTEND).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def source_files() -> list[Path]:
    """List the sources of the front end: no installed package and nothing built.

    Returns
    -------
    list of Path
        Sorted.
    """
    top = [path for path in FRONTEND.iterdir() if path.is_file()]
    return sorted([*top, *(path for path in (FRONTEND / "src").rglob("*") if path.is_file())])


def pack(content: bytes) -> bytes:
    """Compress an asset for a script element.

    Parameters
    ----------
    content : bytes
        Any bytes.

    Returns
    -------
    bytes
        gzip in base64; the same content gives the same bytes.
    """
    return b64encode(gzip.compress(content, 9, mtime=0))


def npm_command() -> Path:
    """Find npm: that of the extra ``explore`` in this environment, else the machine's.

    Returns
    -------
    Path
        The program.

    Raises
    ------
    WarehouseError
        If there is none; the message says in one line how to get it.
    """
    beside = Path(sys.executable).with_name("npm")
    found = beside if beside.exists() else shutil.which("npm")
    if not found:
        raise WarehouseError(
            "The explorer needs Node once, to build its front end:"
            " pip install 'alliance-formation-warehouse[explore]', then run again."
        )
    return Path(found)


def install_packages(folder: Path, *, with_development: bool) -> None:
    """Copy the sources into a folder and install their locked packages there.

    Parameters
    ----------
    folder : Path
        An existing, empty folder.
    with_development : bool
        Also install what only checks and tests need.

    Raises
    ------
    WarehouseError
        If there is no Node, or npm fails.
    """
    for path in source_files():
        copy = folder / path.relative_to(FRONTEND)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    _npm(folder, "ci", *([] if with_development else ["--omit=dev"]))


def _build(target: Path) -> None:
    with replace_folder(target) as built:
        work = built.parent / "work"
        work.mkdir()
        install_packages(work, with_development=False)
        _npm(work, "run", "build")
        for name in TAKEN:
            shutil.copyfile(work / "built" / name, built / name)
        for name, path in PACKED.items():
            (built / name).write_bytes(pack((work / path).read_bytes()))


def _npm(folder: Path, *arguments: str) -> None:
    npm = npm_command()
    done = subprocess.run(
        [npm, *arguments],
        cwd=folder,
        env=environment_with_program(npm),
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise WarehouseError(
            "The front end of the explorer could not be built.",
            where=f"npm {' '.join(arguments)}",
            expected="Node 18 or newer, and the npm registry within reach",
            found=" ".join(lines[-3:]) or f"exit status {done.returncode}",
            next_step="Correct this and run again; warehouse report and warehouse sql need no front end.",
        )
