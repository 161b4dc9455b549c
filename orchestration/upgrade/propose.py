"""A new version of a source's file: its proposed record, what it would change, and recording it.

Nothing is written but a scratch folder until ``record`` is called, and nothing published is touched by any of it.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import yaml

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import Settings
from orchestration.ingest.archives import extract
from orchestration.ingest.catalog import Source, SourceFile, parse_source
from orchestration.ingest.fetch import download, sha256_of
from orchestration.upgrade.record_edit import edit_record, edited_fields


@dataclass(frozen=True)
class Request:
    """What the user asked for.

    name: a source, or ``source/file`` where it has several. file: the new file, or the archive it is in. url: the
    publisher's address of it. member: its path in the archive. version: the publisher's. record: an edited record to
    begin with, where the new file needs another contract.
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

    before, after: the whole source. place: the number of the file in it. text_before, text: of its YAML file at path.
    """

    before: Source
    after: Source
    place: int
    content: bytes
    path: Path
    text_before: str
    text: str

    @property
    def old_file(self) -> SourceFile:
        return self.before.files[self.place]

    @property
    def new_file(self) -> SourceFile:
        return self.after.files[self.place]

    @property
    def is_new(self) -> bool:
        return self.old_file.sha256 != self.new_file.sha256


def propose(settings: Settings, request: Request) -> Proposal:
    """Read the new bytes and write their record, in memory only.

    Raises WarehouseError where the source, file or version asked for does not fit, or the bytes cannot be had.
    """
    path, before, place = _on_record(settings, request.name)
    text_before = path.read_text(encoding="utf-8")
    base_text = _read_text(request.record) if request.record else text_before
    base = parse_source(base_text, request.record or path)
    if request.record:
        _check_same_tables(before, base, request.record)
    old, described = before.files[place], base.files[place]
    content, file_name = _content(settings, request, described)
    sha256 = hashlib.sha256(content).hexdigest()
    version = request.version or (described.version if described.version != old.version else None)
    if sha256 == old.sha256:
        return Proposal(before, before, place, content, path, text_before, text_before)
    if version is None or version == old.version:
        raise WarehouseError(
            "The new version has no name of its own.",
            where=f"source {before.name}, file {file_name}, which has other bytes than version {old.version or 'undated'}",
            expected="--version with the publisher's name of it, or the day of a silent change, such as '6.0 of 2026-11-23'",
            found=version or "none",
            next_step="give --version",
        )
    changes: dict[str, str | int | None] = {
        "file": file_name,
        "version": version,
        "sha256": sha256,
        "size_bytes": len(content),
    }
    if request.url:
        changes |= {"publisher_url": request.url, "archive_member": request.member}
    if described.pinned_url == old.pinned_url:
        changes["pinned_url"] = None  # a copy of the old bytes
    versions = (described.version, version)
    text = edit_record(base_text, place, changes, versions)
    intended = edited_fields(yaml.safe_load(base_text), place, changes, versions)
    after = parse_source(yaml.safe_dump(intended, sort_keys=False), path)
    if not _says(text, after):
        raise WarehouseError(
            "The record is not written in a way that this command can edit.",
            where=str(request.record or path),
            expected="one field to a line, as in the other records",
            next_step="set these fields by hand: " + ", ".join(f"{k}: {v}" for k, v in changes.items()),
        )
    return Proposal(before, after, place, content, path, text_before, text)


def _says(text: str, record: Source) -> bool:
    try:
        return parse_source(text, Path("edited")) == record
    except WarehouseError:
        return False


def record(settings: Settings, proposal: Proposal) -> None:
    """Put the new bytes into the cache and the new record in place of the old, each whole or not at all.

    Raises WarehouseError where one cannot be written, or the record was changed meanwhile; both are then as before.
    """
    if proposal.path.read_text(encoding="utf-8") != proposal.text_before:
        raise WarehouseError(
            "The record was changed by somebody else meanwhile; nothing was recorded.",
            where=str(proposal.path),
            next_step="look at the change, then upgrade again",
        )
    new = proposal.new_file
    cached = settings.cache_dir / proposal.after.name / (new.version or "undated") / new.file
    was_there = cached.is_file() and sha256_of(cached) == new.sha256
    if not was_there:
        with write_atomically(cached) as stream:
            stream.write(proposal.content)
    try:
        with write_atomically(proposal.path) as stream:
            stream.write(proposal.text.encode())
    except WarehouseError as error:
        if not was_there:
            cached.unlink()
        raise WarehouseError(
            "The record cannot be written; nothing was recorded.",
            where=error.where,
            expected=error.expected,
            found=error.found,
            next_step="where the installation is read-only, copy the records' folder and name it in WAREHOUSE_CATALOG_DIR",
        ) from error


def _on_record(settings: Settings, name: str) -> tuple[Path, Source, int]:
    """The record's path, the source, and which of its files is meant."""
    source_name, _, file_name = name.partition("/")
    paths = {path.stem: path for path in sorted(settings.catalog_dir.glob("*.yml"))}
    if source_name not in paths:
        _not_on_record("source", source_name, list(paths))
    source = parse_source(paths[source_name].read_text(encoding="utf-8"), paths[source_name])
    names = [file.file for file in source.files]
    if file_name and file_name not in names:
        _not_on_record("file", name, [f"{source_name}/{known}" for known in names])
    if not file_name and len(names) > 1:
        _not_on_record("one file", name, [f"{source_name}/{known}" for known in names])
    return paths[source_name], source, names.index(file_name) if file_name else 0


def _not_on_record(kind: str, found: str, known: list[str]) -> NoReturn:
    raise WarehouseError(
        f"Which {kind} to upgrade cannot be told.",
        expected=", ".join(known),
        found=found,
        next_step="warehouse sources lists what is on record",
    )


def _check_same_tables(before: Source, base: Source, path: Path) -> None:
    """An edited record is of the same source, with the raw tables that the models read."""
    expected, found = (
        [source.name, *(sorted(table.name for table in file.tables) for file in source.files)]
        for source in (before, base)
    )
    if expected != found:
        raise WarehouseError(
            "The edited record is not one of this source with the raw tables that the models read.",
            where=str(path),
            expected=f"name and tables of its files: {expected}",
            found=str(found),
            next_step="begin from a copy of the record in place and change the contract only",
        )


def _content(settings: Settings, request: Request, described: SourceFile) -> tuple[bytes, str]:
    """The new bytes and their file's name: from the file given, the address given, or the address on record."""
    if request.file:
        content = _read_bytes(request.file)
        if not (request.member and zipfile.is_zipfile(io.BytesIO(content))):
            return content, request.file.name
        return extract(content, request.member, name=str(request.file)), _last_part(request.member)
    url = request.url or described.publisher_url
    member = request.member if request.url else request.member or described.archive_member
    if not url or settings.offline:
        raise WarehouseError(
            "There is no place to take the new file from.",
            where=f"source {request.name}",
            expected="--file PATH, or the network and an address: --url, or one on record",
            found="no network is to be used" if settings.offline else "no address on record",
            next_step="download the file from the publisher's page and give --file",
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
            "A file cannot be read.", where=str(path), found=error.strerror, next_step="name a file that can be read"
        ) from error


def _read_text(path: Path) -> str:
    try:
        return _read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise WarehouseError(
            "A record is not a text in UTF-8.", where=str(path), found=str(error), next_step="save it as UTF-8"
        ) from error
