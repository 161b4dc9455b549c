"""Fingerprints of everything that a publication depends on; equal if a refresh would publish the same again."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestration.build.manifest import project_fingerprint
from orchestration.core.settings import PACKAGES, REPOSITORY


def fingerprint_parts(source_hashes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Hash everything that a publication depends on, part by part.

    Parameters
    ----------
    source_hashes : iterable of (source, sha256)
        The sha256 of every source record, which holds the sha256 of each of its files.

    Returns
    -------
    dict of str to str
        sha256 by part: source records, code of orchestration and analysis, dbt project, locked packages.
    """
    return {
        **{f"record of source {name}": sha256 for name, sha256 in sorted(source_hashes)},
        **{f"code of {package}": code_fingerprint(package) for package in ("orchestration", "analysis")},
        "dbt project": project_fingerprint(),
        "requirements.lock": _sha256(REPOSITORY / "requirements.lock"),
    }


def fingerprint_of(parts: Mapping[str, str]) -> str:
    """Combine the parts of `fingerprint_parts` into one sha256."""
    return hashlib.sha256("".join(f"{name}={sha256}\n" for name, sha256 in sorted(parts.items())).encode()).hexdigest()


def refresh_fingerprint(source_hashes: Iterable[tuple[str, str]]) -> str:
    """Compute the fingerprint of what a refresh would publish now; the parameter is that of `fingerprint_parts`."""
    return fingerprint_of(fingerprint_parts(source_hashes))


def code_fingerprint(package: str) -> str:
    """Hash the names and bytes of a package's modules and records.

    Parameters
    ----------
    package : str
        ``orchestration`` or ``analysis``.

    Returns
    -------
    str
        sha256 over every ``*.py`` and ``*.yml`` file.
    """
    digest = hashlib.sha256()
    for path in sorted((PACKAGES / package).rglob("*")):
        if path.suffix in (".py", ".yml"):
            digest.update(f"{path.relative_to(PACKAGES)}={_sha256(path)}\n".encode())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
