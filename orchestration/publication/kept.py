"""The publications that are kept: which there are, what sets each apart from the one before, and finding one by its id."""

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
NOT_KEPT = "Publication not found."

ISO_TIME = "strftime(published_at, '%Y-%m-%dT%H:%M:%S+00:00')"

SourceVersions = Mapping[str, tuple[str, str]]
"""``<source>/<file>`` of every source file, with its version and sha256."""


@dataclass(frozen=True)
class KeptPublication:
    """One kept publication; None stands for what its file does not say.

    published_at: ISO 8601. country_years: rows of that mart. changed_sources: the source files that differ from those
    of the kept publication before it, with both versions. lacks: what this version of the warehouse looks for in a
    publication and the file does not have, as ``schema.table`` or ``schema.table.column``.
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
        problem = "The id is ambiguous." if matching else NOT_KEPT
        found = f"{len(matching)} ids that begin with it" if matching else "no id that begins with it"
        _not_found(wanted, found, publications, problem)
    return publications[matching[0]]


def source_changes(before: SourceVersions, after: SourceVersions) -> tuple[str, ...]:
    """The source files whose version or bytes differ, each in a few words; a file that took the place of its source's
    only other one that went is told as its new version."""
    gone, come = _by_source(before.keys() - after.keys()), _by_source(after.keys() - before.keys())
    changes = []
    for file in before.keys() & after.keys():
        old, new = before[file], after[file]
        if old[0] != new[0]:
            changes.append(f"{file} {old[0]} -> {new[0]}")
        elif old != new:
            changes.append(f"{file} other bytes of version {new[0]}")
    for source in gone.keys() | come.keys():
        old, new = gone.get(source, []), come.get(source, [])
        if len(old) == len(new) == 1:
            changes.append(f"{old[0]} {before[old[0]][0]} -> {new[0].partition('/')[2]} {after[new[0]][0]}")
        else:
            changes += [f"{file} removed" for file in old] + [f"{file} added" for file in new]
    return tuple(sorted(changes))


def _by_source(files: Iterable[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for file in sorted(files):
        grouped.setdefault(file.partition("/")[0], []).append(file)
    return grouped


def source_versions(connection: duckdb.DuckDBPyConnection, database: str) -> SourceVersions:
    """The source files on record in an attached publication. Raises duckdb.Error where it has no such record."""
    rows = connection.execute(
        f"select source || '/' || file, coalesce(version, 'undated'), sha256 from {database}.meta.sources"
    ).fetchall()
    return {file: (version, sha256) for file, version, sha256 in rows}


def publications_text(kept: list[KeptPublication]) -> str:
    """``warehouse publications`` as a table, with a line below for each file that lacks something."""
    if not kept:
        return "No publication is kept yet (warehouse run)."
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
        f"{one.publication_id} lacks {', '.join(one.lacks)}: another version made it" for one in kept if one.lacks
    ]
    return "\n".join([table.rstrip("\n"), "* is current", *lacking])


def publications_records(kept: list[KeptPublication]) -> list[dict[str, Any]]:
    """``warehouse publications --format json``: one object for each, newest first."""
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
            return record, sources, rows, ["everything (it is not a DuckDB file that this version can open)"]
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
    wanted: str, found: str, publications: Mapping[str, StoredPublication], problem: str = NOT_KEPT
) -> NoReturn:
    listed = ", ".join(reversed(publications)) or "none yet"
    raise WarehouseError(
        problem,
        where=f"publication {wanted!r}",
        expected=f"{CURRENT}, {PREVIOUS}, or an id or the beginning of one: {listed}",
        found=found,
        next_step="warehouse publications lists them; WAREHOUSE_KEEP_PUBLICATIONS says how many are kept"
        if publications
        else "warehouse run",
    )
