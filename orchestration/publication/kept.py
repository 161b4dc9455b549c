"""The publications that are kept: which there are, what sets each apart from the one before, and finding one by its id."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.query.run import Published, render_table

CURRENT, PREVIOUS = "current", "previous"
NOT_KEPT = "No such publication is kept."

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


def published(settings: Settings) -> Published:
    """The publication that stands: warehouse.duckdb, or the newest snapshot of the lake where the settings name one.

    WarehouseError where the lake has none or cannot be reached; whether the file is there is seen on opening it.
    """
    if settings.lake_address is None:
        return settings.warehouse_path
    from orchestration.store.lake.catalogue import nothing_there
    from orchestration.store.lake.snapshots import newest

    snapshot = newest(settings)
    if snapshot is None:
        raise nothing_there(settings)
    return snapshot


def kept_publications(settings: Settings) -> list[KeptPublication]:
    """Every kept publication, newest first, of the lake where the settings name one; also those that an older version of
    the warehouse made."""
    places, in_place = _kept(settings)
    found: list[KeptPublication] = []
    before: SourceVersions | None = None
    for publication_id, place in places.items():  # oldest first
        record, sources, rows, lacks = _read(place)
        found.append(
            KeptPublication(
                publication_id=publication_id,
                is_current=publication_id == in_place,
                published_at=record.get("published_at"),
                is_synthetic=record.get("is_synthetic"),
                software_version=record.get("software_version"),
                country_years=rows,
                size_bytes=place.stat().st_size if isinstance(place, Path) else place.size_bytes(),
                fingerprint=record.get("fingerprint"),
                changed_sources=source_changes(before, sources) if before and sources else (),
                lacks=tuple(lacks),
            )
        )
        before = sources or before
    return found[::-1]


def find(settings: Settings, wanted: str) -> Published:
    """One publication: by its id, the beginning of its id if no other begins so, ``current`` (the one in place) or
    ``previous`` (the one made before that).

    Raises WarehouseError with the ids there are if none, or more than one, is meant.
    """
    places, in_place = _kept(settings)
    if wanted == CURRENT:
        if not (places if settings.lake_address else settings.warehouse_path.exists()):
            _not_found(wanted, "nothing is published here", places)
        return places[in_place] if settings.lake_address else settings.warehouse_path
    if wanted == PREVIOUS:
        ids = list(places)
        place = ids.index(in_place) if in_place in places else 0
        if place == 0:
            _not_found(wanted, "none older than the one in place is kept", places)
        return places[ids[place - 1]]
    if wanted in places:
        return places[wanted]
    meant = [publication_id for publication_id in places if wanted and publication_id.startswith(wanted)]
    if len(meant) != 1:
        problem = "More than one publication is meant." if meant else NOT_KEPT
        _not_found(wanted, f"{len(meant)} ids that begin so" if meant else "no id that begins so", places, problem)
    return places[meant[0]]


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
    table = render_table([*names, "sources changed since the one before"], rows)
    lacking = [
        f"{one.publication_id} lacks {', '.join(one.lacks)}: another version made it" for one in kept if one.lacks
    ]
    return "\n".join([table.rstrip("\n"), "* is in place", *lacking])


def publications_records(kept: list[KeptPublication]) -> list[dict]:
    """``warehouse publications --format json``: one object for each, newest first."""
    return [asdict(one) for one in kept]


def _kept(settings: Settings) -> tuple[dict[str, Published], str | None]:
    """Every publication by its id, oldest first, and the id of the one in place: of the lake, or of this data folder."""
    if settings.lake_address is None:
        in_place = _id_in_place(settings)
        return _files(settings, in_place), in_place
    from orchestration.store.lake.snapshots import snapshots

    places = {one.publication_id: one for one in snapshots(settings)}
    return places, next(reversed(places), None)


def _files(settings: Settings, in_place: str | None) -> dict[str, Path]:
    """File by publication id, oldest first, which is the order of the ids: each begins with its time. The publication
    in place belongs to them even if its kept copy was removed."""
    files = {path.stem: path for path in settings.publications_dir.glob("[!.]*.duckdb")}
    if in_place:
        files.setdefault(in_place, settings.warehouse_path)
    return dict(sorted(files.items()))


def _id_in_place(settings: Settings) -> str | None:
    if not settings.warehouse_path.exists():
        return None
    return _read(settings.warehouse_path)[0].get("publication_id")


@contextmanager
def _attached(place: Published) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """A connection in memory with a publication attached as ``kept``; None where its file cannot be opened."""
    if not isinstance(place, Path):
        with place.attach("kept") as connection:
            yield connection
        return
    with duckdb.connect(":memory:") as connection:
        try:
            connection.execute(f"attach '{str(place).replace(chr(39), chr(39) * 2)}' as kept (read_only)")
        except duckdb.Error:
            connection = None
        yield connection


def _read(place: Published) -> tuple[dict, SourceVersions | None, int | None, list[str]]:
    """What a publication says of itself, its sources, its country-years, and what it lacks; it may be of another version."""
    wanted = ("publication_id", "published_at", "is_synthetic", "software_version", "fingerprint")
    record, sources, rows, lacks = {}, None, None, []
    with _attached(place) as connection:
        if connection is None:
            return record, sources, rows, ["everything (it is not a DuckDB file that this version can open)"]
        connection.execute("set timezone = 'UTC'")
        there = {
            name
            for (name,) in connection.execute(
                "select column_name from duckdb_columns() where database_name = 'kept' and schema_name = 'meta'"
                " and table_name = 'publication'"
            ).fetchall()
        }
        lacks += [f"meta.publication.{name}" for name in wanted if name not in there] if there else ["meta.publication"]
        if found := [name for name in wanted if name in there]:
            texts = ", ".join(ISO_TIME if name == "published_at" else name for name in found)
            values = connection.execute(f"select {texts} from kept.meta.publication").fetchone()
            record = dict(zip(found, values or (), strict=False))
        try:
            sources = source_versions(connection, "kept")
        except duckdb.Error:
            lacks.append("meta.sources")
        try:
            (rows,) = connection.execute("select count(*) from kept.marts.country_years").fetchone()
        except duckdb.Error:
            lacks.append("marts.country_years")
    return record, sources, rows, lacks


def _not_found(wanted: str, found: str, files: Mapping[str, Published], problem: str = NOT_KEPT) -> NoReturn:
    listed = ", ".join(reversed(files)) or "none yet"
    raise WarehouseError(
        problem,
        where=f"publication {wanted!r}",
        expected=f"{CURRENT}, {PREVIOUS}, or an id or the beginning of one: {listed}",
        found=found,
        next_step="warehouse publications lists them; WAREHOUSE_KEEP_PUBLICATIONS says how many are kept"
        if files
        else "warehouse run",
    )
