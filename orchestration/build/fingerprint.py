"""What a publication depends on, in one hash: equal fingerprints mean that a refresh would publish the same again."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from orchestration.build.manifest import project_fingerprint
from orchestration.core.settings import REPOSITORY


def refresh_fingerprint(source_hashes: Iterable[tuple[str, str]]) -> str:
    """sha256 over (source, sha256 of its record) of every source, every line of our code, the dbt project and the locked packages."""
    digest = hashlib.sha256()
    for name, sha256 in sorted(source_hashes):
        digest.update(f"{name}={sha256}\n".encode())
    for package in ("orchestration", "analysis"):
        digest.update(code_fingerprint(package).encode())
    digest.update(project_fingerprint().encode())
    digest.update(_sha256(REPOSITORY / "requirements.lock").encode())
    return digest.hexdigest()


def code_fingerprint(package: str) -> str:
    """sha256 over the names and bytes of a package's modules and records."""
    digest = hashlib.sha256()
    for path in sorted((REPOSITORY / package).rglob("*")):
        if path.suffix in (".py", ".yml"):
            digest.update(f"{path.relative_to(REPOSITORY)}={_sha256(path)}\n".encode())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
