"""What a new version of a source would change: raw tables, and the mart built from it in a scratch folder."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.build.fingerprint import refresh_fingerprint
from orchestration.build.manifest import prepare_target
from orchestration.build.process import output_of, run_dbt
from orchestration.build.run_results import node_of, read_manifest, read_run_results
from orchestration.core.database import quote_literal
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.ingest.acquisition import Acquisition
from orchestration.ingest.catalog import Catalog, RawTable, catalog_of, load_catalog
from orchestration.ingest.membership import MEMBERSHIP_TABLE, read_membership
from orchestration.ingest.raw import build_raw_table
from orchestration.ingest.readers import read_table
from orchestration.publication.compare import TableDifference, compare
from orchestration.publication.content import MART_TABLES
from orchestration.publication.table_keys import TABLE_KEYS
from orchestration.store.publication_file import PublicationFile
from orchestration.upgrade.propose import Proposal

DYADS = "tag:dyads"  # two million rows, made only where asked for
FIGURES = "real_data"  # the tag of the tests that hold the mart against figures of the present versions

# What a broken contract says, and the field of the record that would have to say otherwise.
CONTRACT_FIELDS = {
    "other columns": "columns (or year_columns)",
    "in another order": "columns",
    "should hold a number": "columns (its type) or missing_marks",
    "outside the range": "ranges (or missing_codes)",
    "has no key": "key or known_empty_keys",
    "key is repeated": "key or known_duplicates",
    "outside state system membership": "membership_key",
    "not in the encoding": "encoding",
    "trailing column": "trailing_empty_column",
    "sheet": "sheet",
    "object": "object",
    "archive": "archive_member",
}


@dataclass(frozen=True)
class FailedTest:
    """A dbt test that the new mart does not pass. is_figure: it holds figures of the versions on record till now."""

    name: str
    message: str
    is_figure: bool


@dataclass(frozen=True)
class Preview:
    """raw and marts: differences by table. baseline: what the marts were held against. failed: tests of the new mart."""

    raw: dict[str, TableDifference]
    marts: dict[str, TableDifference]
    baseline: str
    failed: tuple[FailedTest, ...]

    @property
    def broken(self) -> tuple[FailedTest, ...]:
        return tuple(test for test in self.failed if not test.is_figure)

    @property
    def changed_figures(self) -> tuple[FailedTest, ...]:
        return tuple(test for test in self.failed if test.is_figure)


def preview(settings: Settings, proposal: Proposal, tolerance: float = 0.0) -> Preview:
    """Read the new file under its contract, build the mart from it in a scratch folder, and compare both.

    tolerance: as in comparison.compare. The scratch folder is ``upgrade`` in the data folder; it is gone when this ends.
    Raises WarehouseError where the contract is broken, naming the field of the record, or a model cannot be built.
    """
    with _scratch(settings) as scratch:
        now = Acquisition(load_catalog(settings.catalog_dir), settings, settings.mirror_dir)
        sources = [proposal.after if source.name == proposal.after.name else source for source in now.catalog.values()]
        new_file = scratch / "new" / proposal.new_file.file
        new_file.parent.mkdir()
        new_file.write_bytes(proposal.content)
        after = replace(settings.without_lake(), data_dir=scratch / "after")
        build_raw(now, catalog_of(sources), after, proposal, new_file)
        raw = compare_raw(now, proposal, new_file, tolerance)
        failed = build_mart(after, with_tests=True)
        published = PublicationFile(settings.warehouse_path).record()
        if published and published["fingerprint"] == refresh_fingerprint(now.hashes()):
            return Preview(raw, _compare_marts(settings.warehouse_path, after, tolerance), "what is published", failed)
        before = replace(settings.without_lake(), data_dir=scratch / "before")
        build_raw(now, now.catalog, before)
        build_mart(before, with_tests=False)
        baseline = "the mart as the records are now (not what is published, which was made from other records or code)"
        return Preview(raw, _compare_marts(before.build_path, after, tolerance), baseline, failed)


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """An empty folder, on the disk that is large enough for the warehouse; what a killed upgrade left is removed."""
    folder = settings.data_dir / "upgrade"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise WarehouseError(
            "The scratch folder of the upgrade cannot be written; nothing was recorded.",
            where=str(folder),
            expected="room for a second build",
            found=error.strerror or str(error),
            next_step="free space or mend the permissions, then upgrade again",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build_raw(
    now: Acquisition, catalog: Catalog, to: Settings, proposal: Proposal | None = None, new_file: Path | None = None
) -> None:
    """All raw tables of a catalogue; those in place are taken over where they are what would be made again."""
    to.raw_dir.mkdir(parents=True)
    for path in now.settings.raw_dir.glob("*.parquet"):
        shutil.copyfile(path, to.raw_dir / path.name)
    changed = {table.name for table in proposal.new_file.tables} if proposal else set()
    entries = sorted(
        catalog.raw_tables.values(), key=lambda e: (e.table.name != MEMBERSHIP_TABLE, e.table.name not in changed)
    )
    for entry in entries:
        is_changed = entry.table.name in changed
        path = new_file if is_changed else now.fetch(entry.source.name, entry.file).path
        membership = read_membership(to.raw_dir) if entry.table.membership_key else None
        try:
            build_raw_table(entry.source, entry.file, entry.table, path, to.raw_dir, datetime.now(UTC), membership)
        except WarehouseError as error:
            raise _contract_broken(error, entry.table, proposal) if is_changed else error from error


def _contract_broken(error: WarehouseError, table: RawTable, proposal: Proposal) -> WarehouseError:
    field = next(
        (field for told, field in CONTRACT_FIELDS.items() if told in error.problem), "the field it contradicts"
    )
    return WarehouseError(
        f"The new file breaks the contract on record; nothing was recorded. {error.problem}",
        where=error.where,
        expected=error.expected,
        found=error.found,
        next_step=f"if the publisher means it so: copy {proposal.path}, change {field} of table {table.name} in the copy,"
        " and give it with --record; otherwise fetch the file again",
    )


def compare_raw(
    now: Acquisition, proposal: Proposal, new_file: Path, tolerance: float = 0.0
) -> dict[str, TableDifference]:
    """Each raw table of the file, old and new; a wide table is compared in its long form, a row to a filled cell."""
    old_path = now.fetch(proposal.before.name, proposal.old_file).path
    old_tables = {table.name: table for table in proposal.old_file.tables}
    differences = {}
    connection = duckdb.connect(":memory:")
    try:
        for table in proposal.new_file.tables:
            for side, contract, path in (("old", old_tables[table.name], old_path), ("new", table, new_file)):
                content: pa.Table = read_table(contract, path)
                connection.register(f"{side}_text", content)
                connection.execute(f"create or replace view {side}_typed as {_typed(contract, f'{side}_text')}")
            key = [name for name in table.key if name in old_tables[table.name].columns]
            year = next((name for name in key if "year" in name.lower() or name.lower().startswith("yr")), None)
            if table.year_columns:
                key, year = [*key, "calendar_year"], "calendar_year"
            year = f'try_cast("{year}" as integer)' if year else None
            differences[table.name] = compare(connection, "old_typed", "new_typed", key, year=year, tolerance=tolerance)
    finally:
        connection.close()
    return differences


def _typed(contract: RawTable, relation: str) -> str:
    """SQL for a raw table with numbers as numbers, and its missing codes and marks as NULL."""
    cast = []
    for name, kind in contract.column_types.items():
        column = f'"{name}"'
        if kind != "text":
            value = f"try_cast({column} as {'bigint' if kind == 'integer' else 'double'})"
            for code in contract.missing_codes_of(name):
                value = f"nullif({value}, {code})"
            column = f"{value} as {column}"
        cast.append(column)
    typed = f"select {', '.join(cast)} from {relation}"
    years = contract.year_columns
    if not years:
        return typed
    names = ", ".join(f'"{year}"' for year in range(years.first, years.last + 1))
    return f"from (unpivot ({typed}) on {names} into name calendar_year value cell)"


def build_mart(settings: Settings, *, with_tests: bool) -> tuple[FailedTest, ...]:
    """dbt's models, and the tests that do not pass; a failed test does not keep a model from being built."""
    prepare_target(settings.dbt_target_dir, settings)
    if not with_tests:
        _dbt(settings, "--resource-type", "model", "--resource-type", "seed")
        return ()
    failed = _dbt(settings, "--exclude-resource-type", "unit_test")
    if failed:  # what stands downstream of a failed test was skipped
        _dbt(settings, "--resource-type", "model", "--resource-type", "seed")
    return failed


def _dbt(settings: Settings, *selection: str) -> tuple[FailedTest, ...]:
    """Run one dbt build and return its failed tests. Raises WarehouseError if a model or seed cannot be built."""
    target = settings.dbt_target_dir
    done = run_dbt(settings, "build", "--exclude", DYADS, *selection, target=target)
    failed = [result for result in read_run_results(target) if result.has_failed]
    unbuilt = [result for result in failed if result.kind != "test"]
    if unbuilt or (done.returncode and not failed):
        raise WarehouseError(
            "The mart cannot be built from the new file; nothing was recorded.",
            where=", ".join(result.name for result in unbuilt) or "dbt",
            expected="models that build",
            found=next((result.message for result in failed if result.message), output_of(done)),
            next_step="Change the model that reads the file, then upgrade again.",
        )
    (target / "run_results.json").unlink()
    manifest = read_manifest(target)
    tests = [(node_of(manifest, result), result) for result in failed]
    return tuple(FailedTest(node["name"], result.message, FIGURES in node["tags"]) for node, result in tests)


def _compare_marts(before: Path, after: Settings, tolerance: float) -> dict[str, TableDifference]:
    connection = duckdb.connect(":memory:")
    try:
        for name, path in (("mart_before", before), ("mart_after", after.build_path)):
            connection.execute(f"attach {quote_literal(path)} as {name} (read_only)")
        return {
            f"marts.{table}": compare(
                connection,
                f"mart_before.marts.{table}",
                f"mart_after.marts.{table}",
                TABLE_KEYS[f"marts.{table}"].columns,
                year=TABLE_KEYS[f"marts.{table}"].year,
                tolerance=tolerance,
            )
            for table in MART_TABLES
        }
    finally:
        connection.close()
