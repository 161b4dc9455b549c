"""Propose the record of a new version of a source file, and write it.

Nothing is written before `write_record` is called. The publication is never changed here.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import Settings
from orchestration.ingest.archives import extract
from orchestration.ingest.catalog import parse_source
from orchestration.ingest.fetch import download, sha256_of
from orchestration.ingest.records import Source, SourceFile
from orchestration.upgrade.record_edit import edit_record, edited_fields


@dataclass(frozen=True)
class Request:
    """Options of the upgrade.

    Attributes
    ----------
    name : str
        A source, or ``source/file`` if it has several files.
    file : Path or None
        The new file, or the archive that contains it.
    url : str or None
        The publisher's address of the file.
    member : str or None
        Path of the file in the archive.
    version : str or None
        The publisher's name of the version.
    record : Path or None
        An edited record to start from, if the new file needs another contract.
    """

    name: str
    file: Path | None = None
    url: str | None = None
    member: str | None = None
    version: str | None = None
    record: Path | None = None


@dataclass(frozen=True)
class Proposal:
    """A record as it would be after the upgrade, and the bytes it describes.

    Attributes
    ----------
    before, after : Source
        The whole source on record, and as proposed.
    position : int
        Position of the file in the source's list of files, from 0.
    content : bytes
        The new file.
    path : Path
        The YAML file of the record.
    text_before, text : str
        Text of that file on record, and as proposed.
    """

    before: Source
    after: Source
    position: int
    content: bytes
    path: Path
    text_before: str
    text: str

    @property
    def old_file(self) -> SourceFile:
        """The file on record."""
        return self.before.files[self.position]

    @property
    def new_file(self) -> SourceFile:
        """The file as proposed."""
        return self.after.files[self.position]

    @property
    def is_new(self) -> bool:
        """Whether the bytes differ from those on record."""
        return self.old_file.sha256 != self.new_file.sha256


def propose(settings: Settings, request: Request) -> Proposal:
    """Read the new bytes and make their record, in memory only.

    Parameters
    ----------
    settings : Settings
        With the folder of the records.
    request : Request
        Which file to upgrade, and where its new version is.

    Returns
    -------
    Proposal
        With ``is_new`` False if the bytes are those on record.

    Raises
    ------
    WarehouseError
        If the source or file is not on record, the version does not differ, the record cannot be edited, or the bytes
        are not available.
    """
    path, before, position = _on_record(settings, request.name)
    text_before = path.read_text(encoding="utf-8")
    base_text = _read_text(request.record) if request.record else text_before
    base = parse_source(base_text, request.record or path)
    if request.record:
        _check_same_tables(before, base, request.record)
    old, described = before.files[position], base.files[position]
    content, file_name = _content(settings, request, described)
    sha256 = hashlib.sha256(content).hexdigest()
    version = request.version or (described.version if described.version != old.version else None)
    if sha256 == old.sha256:
        return Proposal(before, before, position, content, path, text_before, text_before)
    if version is None or version == old.version:
        raise WarehouseError(
            "The new file has no version, or the version on record.",
            where=f"source {before.name}, file {file_name}",
            expected=f"--version other than {old.version or 'undated'}, since the bytes differ: the publisher's"
            " version, or the date of an unannounced change, such as '6.0 of 2026-11-23'",
            found=version or "no version",
            next_step="Pass --version.",
        )
    changes: dict[str, str | int | None] = {
        "file": file_name,
        "version": version,
        "sha256": sha256,
        "size_bytes": len(content),
        "acknowledged_revision_of": old.sha256,  # confirmed by whoever has seen the differences
    }
    if request.url:
        changes |= {"publisher_url": request.url, "archive_member": request.member}
    if described.pinned_url == old.pinned_url:
        changes["pinned_url"] = None  # a copy of the old bytes
    if described.released == old.released:
        changes["released"] = None  # that of the old version
    versions = (described.version, version)
    text = edit_record(base_text, position, changes, versions)
    intended = edited_fields(yaml.safe_load(base_text), position, changes, versions)
    after = parse_source(yaml.safe_dump(intended, sort_keys=False), path)
    if not _describes(text, after):
        raise WarehouseError(
            "The source record cannot be edited automatically.",
            where=str(request.record or path),
            expected="one field per line, as in the other records",
            found="another YAML style",
            next_step="Set these fields by hand: " + ", ".join(f"{k}: {v}" for k, v in changes.items()),
        )
    return Proposal(before, after, position, content, path, text_before, text)


def _describes(text: str, record: Source) -> bool:
    try:
        return parse_source(text, Path("edited")) == record
    except WarehouseError:
        return False


def write_record(settings: Settings, proposal: Proposal) -> None:
    """Write the new bytes to the cache and replace the record; both are unchanged if one of them fails.

    Parameters
    ----------
    settings : Settings
        With the folder of the cache.
    proposal : Proposal
        What to record.

    Raises
    ------
    WarehouseError
        If a file cannot be written, or the record changed since the proposal was made.
    """
    if proposal.path.read_text(encoding="utf-8") != proposal.text_before:
        raise WarehouseError(
            "The source record changed during the upgrade; nothing was recorded.",
            where=str(proposal.path),
            expected="the record from which the proposal was made",
            found="another text",
            next_step="Check the change, then upgrade again.",
        )
    new = proposal.new_file
    cached = settings.cache_dir / proposal.after.name / (new.version or "undated") / new.file
    was_cached = cached.is_file() and sha256_of(cached) == new.sha256
    if not was_cached:
        with write_atomically(cached) as stream:
            stream.write(proposal.content)
    try:
        with write_atomically(proposal.path) as stream:
            stream.write(proposal.text.encode())
    except WarehouseError as error:
        if not was_cached:
            cached.unlink()
        raise WarehouseError(
            "The source record cannot be written; nothing was recorded.",
            where=error.where,
            expected=error.expected,
            found=error.found,
            next_step="If the installation is read-only, copy the folder of the records and set WAREHOUSE_CATALOG_DIR.",
        ) from error


def _on_record(settings: Settings, name: str) -> tuple[Path, Source, int]:
    """Path of the record, the source, and the position of the file that ``name`` identifies."""
    source_name, _, file_name = name.partition("/")
    paths = {path.stem: path for path in sorted(settings.catalog_dir.glob("*.yml"))}
    if source_name not in paths:
        raise _not_found("Unknown source.", source_name, list(paths))
    source = parse_source(paths[source_name].read_text(encoding="utf-8"), paths[source_name])
    names = [file.file for file in source.files]
    if file_name and file_name not in names:
        raise _not_found("Unknown file of a source.", name, [f"{source_name}/{known}" for known in names])
    if not file_name and len(names) > 1:
        raise _not_found("The source has several files.", name, [f"{source_name}/{known}" for known in names])
    return paths[source_name], source, names.index(file_name) if file_name else 0


def _not_found(problem: str, found: str, known: list[str]) -> WarehouseError:
    return WarehouseError(
        problem,
        where="NAME of warehouse sources upgrade",
        expected=", ".join(known),
        found=found,
        next_step="Pass one of these names; warehouse sources lists them.",
    )


def _check_same_tables(before: Source, base: Source, path: Path) -> None:
    """Check that an edited record is of the same source and has the raw tables that the models read."""
    expected, found = (
        [source.name, *(sorted(table.name for table in file.tables) for file in source.files)]
        for source in (before, base)
    )
    if expected != found:
        raise WarehouseError(
            "The edited record is of another source, or its raw tables differ from those that the models read.",
            where=str(path),
            expected=f"name and tables of its files: {expected}",
            found=str(found),
            next_step="Start from a copy of the current record and change only its contract.",
        )


def _content(settings: Settings, request: Request, described: SourceFile) -> tuple[bytes, str]:
    """The new bytes and the name of their file: from --file, --url or the address on record."""
    if request.file:
        content = _read_bytes(request.file)
        if not (request.member and zipfile.is_zipfile(io.BytesIO(content))):
            return content, request.file.name
        return extract(content, request.member, name=str(request.file)), _last_part(request.member)
    url = request.url or described.publisher_url
    member = request.member if request.url else request.member or described.archive_member
    if not url or settings.offline:
        raise WarehouseError(
            "No location of the new file is given.",
            where=f"source {request.name}",
            expected="--file, or network access and an address (--url or the one on record)",
            found="offline mode" if settings.offline else "no address on record",
            next_step="Download the file from the publisher's page and pass it as --file.",
        )
    content = download(url)
    return (extract(content, member, name=url), _last_part(member)) if member else (content, described.file)


def _last_part(member: str) -> str:
    return member.replace("!", "/").rsplit("/", 1)[-1]


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WarehouseError(
            "A file cannot be read.",
            where=str(path),
            expected="a readable file",
            found=error.strerror or type(error).__name__,
            next_step="Check the path and the permissions.",
        ) from error


def _read_text(path: Path) -> str:
    try:
        return _read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise WarehouseError(
            "A source record is not encoded in UTF-8.",
            where=str(path),
            expected="text in UTF-8",
            found=str(error),
            next_step="Save it as UTF-8.",
        ) from error
