"""Source records: the provenance of every source, its files and their raw tables, loaded from sources/*.yml.

A record says who made the data, where the file comes from, its sha256, and the contract of each raw table. A source
without a valid record does not enter the warehouse.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from orchestration.core.errors import WarehouseError
from orchestration.ingest.records import RawTable, Source, SourceFile

UNDECIDED = "undecided"  # the value of a field of a new record that a person has to decide


@dataclass(frozen=True)
class RawTableEntry:
    """A raw table with its file and its source."""

    source: Source
    file: SourceFile
    table: RawTable


@dataclass(frozen=True, eq=False)
class Catalog(Mapping[str, Source]):
    """All sources, a mapping by source name; `raw_tables` has every raw table by its name."""

    sources: Mapping[str, Source]
    raw_tables: Mapping[str, RawTableEntry]

    def __getitem__(self, name: str) -> Source:
        return self.sources[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sources)

    def __len__(self) -> int:
        return len(self.sources)


@cache
def load_catalog(folder: Path) -> Catalog:
    """Read every source record of a folder, once in a process.

    Parameters
    ----------
    folder : Path
        Folder with one ``<source>.yml`` for each source.

    Returns
    -------
    Catalog
        All sources.

    Raises
    ------
    WarehouseError
        If a record is invalid (the message names file and field), or two raw tables have the same name.
    """
    return catalog_of(load_source(path) for path in sorted(folder.glob("*.yml")))


def catalog_of(sources: Iterable[Source]) -> Catalog:
    """Index sources and raw tables by name.

    Parameters
    ----------
    sources : iterable of Source
        Sources with distinct names.

    Returns
    -------
    Catalog
        The same sources.

    Raises
    ------
    WarehouseError
        If two raw tables have the same name.
    """
    by_name = {source.name: source for source in sources}
    raw_tables: dict[str, RawTableEntry] = {}
    for source in by_name.values():
        for file in source.files:
            for table in file.tables:
                if table.name in raw_tables:
                    raise WarehouseError(
                        f"Duplicate raw table name: {table.name}.",
                        where=f"sources {raw_tables[table.name].source.name} and {source.name}",
                        expected="distinct names",
                        found="two raw tables of this name",
                        next_step="Rename one of the two tables.",
                    )
                raw_tables[table.name] = RawTableEntry(source, file, table)
    return Catalog(by_name, raw_tables)


def load_source(path: Path) -> Source:
    """Read one source record.

    Parameters
    ----------
    path : Path
        ``<source>.yml``.

    Returns
    -------
    Source
        The source, with the name of the file.

    Raises
    ------
    WarehouseError
        If the record is not valid; the message names the field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _invalid(path, "a YAML document", " ".join(str(error).split())) from error
    source = parse_source(text, path)
    if source.name != path.stem:
        raise _invalid(path, f"name: {path.stem}, as in the file name", f"name: {source.name}")
    return source


def parse_source(text: str, path: Path) -> Source:
    """Parse one source record.

    Parameters
    ----------
    text : str
        YAML.
    path : Path
        File name for error messages.

    Returns
    -------
    Source
        The source.

    Raises
    ------
    WarehouseError
        If the record is not valid, or a field is undecided; the message names the field.
    """
    try:
        record = yaml.load(text, Loader=yaml.CSafeLoader)
        undecided = _undecided(text) if UNDECIDED in text else []
    except yaml.YAMLError as error:
        raise _invalid(path, "a YAML document", " ".join(str(error).split())) from error
    if undecided:
        raise WarehouseError(
            "A source record has undecided fields.",
            where=f"{path.parent.name}/{path.name}, " + ", ".join(f"line {line}" for line, _ in undecided),
            expected=f"a decision on {', '.join(field for _, field in undecided)}",
            found=UNDECIDED,
            next_step=f"Replace each `{UNDECIDED}` in the record, from the publisher's page and codebook.",
        )
    if not isinstance(record, dict):
        raise _invalid(path, "a mapping of fields", type(record).__name__)
    try:
        return Source.model_validate(record)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'record'}: {fault['msg']}" for fault in error.errors()]
        raise _invalid(path, "every field valid", "; ".join(faults)) from error


def _undecided(text: str) -> list[tuple[int, str]]:
    """List line and name of every field whose value is `UNDECIDED`."""
    found, waiting = [], [("record", yaml.compose(text, Loader=yaml.CSafeLoader))]
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            waiting += [(key.value, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(name, item) for item in node.value]
        elif isinstance(node, yaml.ScalarNode) and node.value == UNDECIDED:
            found.append((node.start_mark.line + 1, name))
    return sorted(found)


def _invalid(path: Path, expected: str, found: str) -> WarehouseError:
    return WarehouseError(
        "The source record is not valid.",
        where=f"sources/{path.name}",
        expected=expected,
        found=found,
        next_step="Correct the record.",
    )
