"""The kept publications: a list with the changes from each to the next, and finding one by its id."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

import duckdb

from orchestration.core.database import memory_connection, single_row
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.core.text_tables import render_table
from orchestration.store import open_store
from orchestration.store.protocol import StoredPublication

CURRENT, PREVIOUS = "current", "previous"
NOT_FOUND = "Publication not found."

ISO_TIME = "strftime(published_at, '%Y-%m-%dT%H:%M:%S+00:00')"

SourceVersions = Mapping[str, tuple[str, str]]
"""Version and sha256 by ``<source>/<file>``."""


@dataclass(frozen=True)
class KeptPublication:
    """One kept publication; an attribute is None if the publication does not have it.

    Attributes
    ----------
    publication_id : str
        Its id.
    is_current : bool
        Whether readers query it by default.
    published_at : str or None
        Start of the refresh, ISO 8601 in UTC.
    is_synthetic : bool or None
        Whether its data are the synthetic sample.
    software_version : str or None
        Version of the warehouse that made it.
    country_years : int or None
        Rows of marts.country_years.
    size_bytes : int
        Size of its data in bytes.
    fingerprint : str or None
        Hash of everything that it depends on.
    changed_sources : tuple of str
        Changes of source files since the previous kept publication, see `source_changes`.
    lacks : tuple of str
        Tables and columns that this version of the warehouse needs and the publication does not have, as
        ``schema.table`` or ``schema.table.column``.
    """

    publication_id: str
    is_current: bool
    published_at: str | None
    is_synthetic: bool | None
    software_version: str | None
    country_years: int | None
    size_bytes: int
    fingerprint: str | None
    changed_sources: tuple[str, ...]
    lacks: tuple[str, ...]


def kept_publications(settings: Settings) -> list[KeptPublication]:
    """List every kept publication of the store, including those that another version of the warehouse made.

    Parameters
    ----------
    settings : Settings
        With the data folder or the lake.

    Returns
    -------
    list of KeptPublication
        Newest first.

    Raises
    ------
    WarehouseError
        If a lake cannot be reached.
    """
    publications, current_id = open_store(settings).publications()
    found: list[KeptPublication] = []
    previous: SourceVersions | None = None
    for publication_id, publication in publications.items():  # oldest first
        record, sources, rows, lacks = _read(publication)
        found.append(
            KeptPublication(
                publication_id=publication_id,
                is_current=publication_id == current_id,
                published_at=record.get("published_at"),
                is_synthetic=record.get("is_synthetic"),
                software_version=record.get("software_version"),
                country_years=rows,
                size_bytes=publication.size_bytes(),
                fingerprint=record.get("fingerprint"),
                changed_sources=source_changes(previous, sources) if previous and sources else (),
                lacks=tuple(lacks),
            )
        )
        previous = sources or previous
    return found[::-1]


def find(settings: Settings, wanted: str | None = None) -> StoredPublication:
    """Find one publication.

    Parameters
    ----------
    settings : Settings
        With the data folder or the lake.
    wanted : str, optional
        An id, the beginning of exactly one id, ``current``, or ``previous`` (published before the current one). By
        default the current one, whose existence is then checked only when it is opened.

    Returns
    -------
    StoredPublication
        Not opened yet.

    Raises
    ------
    WarehouseError
        If no publication, or more than one, matches; the message lists the ids.
    """
    store = open_store(settings)
    if wanted is None:
        return store.current()
    publications, current_id = store.publications()
    if wanted == CURRENT:
        if not (publications or settings.warehouse_path.exists()):
            _not_found(wanted, "nothing is published", publications)
        return store.current()
    if wanted == PREVIOUS:
        ids = list(publications)
        position = ids.index(current_id) if current_id in publications else 0
        if position == 0:
            _not_found(wanted, "no publication older than the current one is kept", publications)
        return publications[ids[position - 1]]
    if wanted in publications:
        return publications[wanted]
    matching = [publication_id for publication_id in publications if wanted and publication_id.startswith(wanted)]
    if len(matching) != 1:
        problem = "The beginning of the id is ambiguous." if matching else NOT_FOUND
        found = f"{len(matching)} ids that begin with it" if matching else "no id that begins with it"
        _not_found(wanted, found, publications, problem)
    return publications[matching[0]]


def source_changes(before: SourceVersions, after: SourceVersions) -> tuple[str, ...]:
    """Describe the source files whose version or bytes differ.

    A source's sole renamed file is reported as a new version of that file.

    Parameters
    ----------
    before, after : SourceVersions
        Source files of two publications.

    Returns
    -------
    tuple of str
        One entry for each changed file, sorted; empty if there is none.
    """
    removed, added = _by_source(before.keys() - after.keys()), _by_source(after.keys() - before.keys())
    changes = []
    for file in before.keys() & after.keys():
        (old_version, old_sha256), (new_version, new_sha256) = before[file], after[file]
        if old_version != new_version:
            changes.append(f"{file} {old_version} -> {new_version}")
        elif old_sha256 != new_sha256:
            changes.append(f"{file} other bytes of version {new_version}")
    for source in removed.keys() | added.keys():
        gone, new_files = removed.get(source, []), added.get(source, [])
        if len(gone) == len(new_files) == 1:
            (gone_file,), (new_file,) = gone, new_files
            changes.append(f"{gone_file} {before[gone_file][0]} -> {new_file.partition('/')[2]} {after[new_file][0]}")
        else:
            changes += [f"{file} removed" for file in gone] + [f"{file} added" for file in new_files]
    return tuple(sorted(changes))


def _by_source(files: Iterable[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for file in sorted(files):
        grouped.setdefault(file.partition("/")[0], []).append(file)
    return grouped


def source_versions(connection: duckdb.DuckDBPyConnection, database: str) -> SourceVersions:
    """Read the source files of an attached publication.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Connection with the publication attached.
    database : str
        Its alias.

    Returns
    -------
    SourceVersions
        From meta.sources; a file without a version is ``undated``.

    Raises
    ------
    duckdb.Error
        If meta.sources does not exist or has another schema.
    """
    rows = connection.execute(
        f"select source || '/' || file, coalesce(version, 'undated'), sha256 from {database}.meta.sources"
    ).fetchall()
    return {file: (version, sha256) for file, version, sha256 in rows}


def publications_text(kept: list[KeptPublication]) -> str:
    """Render the list of kept publications for ``warehouse publications``.

    Parameters
    ----------
    kept : list of KeptPublication
        Newest first.

    Returns
    -------
    str
        A table, and below it one line for each publication of another schema.
    """
    if not kept:
        return "Nothing is published yet. Publish with warehouse run."
    rows = [
        (
            "*" if one.is_current else "",
            one.publication_id,
            (one.published_at or "?")[:16].replace("T", " "),
            {None: "?", True: "SYNTHETIC", False: "real"}[one.is_synthetic],
            one.software_version or "?",
            f"{one.country_years:,}" if one.country_years is not None else "?",
            f"{one.size_bytes / 1e6:.1f}",
            (one.fingerprint or "?")[:8],
            "; ".join(one.changed_sources),
        )
        for one in kept
    ]
    names = ["", "publication", "published (UTC)", "data", "software", "country-years", "MB", "fingerprint"]
    table = render_table([*names, "sources changed since the previous one"], rows)
    lacking = [
        f"{one.publication_id} was made by another version and lacks {', '.join(one.lacks)}"
        for one in kept
        if one.lacks
    ]
    return "\n".join([table.rstrip("\n"), "* current publication", *lacking])


def publications_records(kept: list[KeptPublication]) -> list[dict[str, Any]]:
    """Convert kept publications to the objects of ``warehouse publications --format json``, in the same order."""
    return [asdict(one) for one in kept]


def _read(publication: StoredPublication) -> tuple[dict[str, Any], SourceVersions | None, int | None, list[str]]:
    """Read record, sources, country-years and what is missing; another version of the warehouse may have made it."""
    wanted = ("publication_id", "published_at", "is_synthetic", "software_version", "fingerprint")
    record: dict[str, Any] = {}
    sources: SourceVersions | None = None
    rows: int | None = None
    lacks: list[str] = []
    with closing(memory_connection()) as connection:
        try:
            publication.attach_to(connection, "kept")
        except duckdb.Error:
            return record, sources, rows, ["everything (not a DuckDB file that this version can open)"]
        connection.execute("set timezone = 'UTC'")
        columns = connection.execute(
            "select column_name from duckdb_columns() where database_name = 'kept' and schema_name = 'meta'"
            " and table_name = 'publication'"
        ).fetchall()
        existing = {name for (name,) in columns}
        lacks += (
            [f"meta.publication.{name}" for name in wanted if name not in existing]
            if existing
            else ["meta.publication"]
        )
        if found := [name for name in wanted if name in existing]:
            texts = ", ".join(ISO_TIME if name == "published_at" else name for name in found)
            values = connection.execute(f"select {texts} from kept.meta.publication").fetchone()
            record = dict(zip(found, values or (), strict=False))
        try:
            sources = source_versions(connection, "kept")
        except duckdb.Error:
            lacks.append("meta.sources")
        try:
            (rows,) = single_row(connection.execute("select count(*) from kept.marts.country_years"))
        except duckdb.Error:
            lacks.append("marts.country_years")
    return record, sources, rows, lacks


def _not_found(
    wanted: str, found: str, publications: Mapping[str, StoredPublication], problem: str = NOT_FOUND
) -> NoReturn:
    listed = ", ".join(reversed(list(publications))) or "none"
    raise WarehouseError(
        problem,
        where=f"publication {wanted!r}",
        expected=f"{CURRENT}, {PREVIOUS}, or an id or the beginning of one: {listed}",
        found=found,
        next_step="List them with warehouse publications; WAREHOUSE_KEEP_PUBLICATIONS sets how many are kept."
        if publications
        else "Publish with warehouse run.",
    )
