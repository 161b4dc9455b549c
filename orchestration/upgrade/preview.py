"""Compute what a new version of a source changes: its raw tables, and the mart built from it in a scratch folder."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from orchestration.build.fingerprint import refresh_fingerprint
from orchestration.build.manifest import prepare_target
from orchestration.build.process import output_of, run_dbt
from orchestration.build.run_results import node_of, read_manifest, read_run_results
from orchestration.core.database import memory_connection, quote_literal
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.ingest.acquisition import Acquisition
from orchestration.ingest.catalog import Catalog, catalog_of, load_catalog
from orchestration.ingest.membership import MEMBERSHIP_TABLE, read_membership
from orchestration.ingest.raw import build_raw_table
from orchestration.ingest.readers import read_table
from orchestration.ingest.records import RawTable
from orchestration.publication.compare import TableDifference, compare
from orchestration.publication.content import MART_TABLES
from orchestration.publication.table_keys import TABLE_KEYS
from orchestration.store.publication_file import PublicationFile
from orchestration.upgrade.propose import Proposal

DYADS = "tag:dyads"  # two million rows, built only on request
FIGURES = "real_data"  # tag of the tests that compare the mart with known figures of the current source versions

CONTRACT_FIELDS = {
    "differ from its contract": "columns (or year_columns)",
    "different order": "columns",
    "not a number": "columns (its type) or missing_marks",
    "outside the range": "ranges (or missing_codes)",
    "key is empty": "key or known_empty_keys",
    "duplicate key": "key or known_duplicates",
    "state system membership": "membership_key",
    "encoding": "encoding",
    "trailing column": "trailing_empty_column",
    "sheet": "sheet",
    "object": "object",
    "archive": "archive_member",
}
"""Words in the error of a broken contract, and the field of the source record to change."""


@dataclass(frozen=True)
class FailedTest:
    """A dbt test that the new mart does not pass.

    Attributes
    ----------
    name : str
        Name of the test.
    message : str
        What dbt reports.
    is_figure : bool
        Whether it checks known figures of the source versions on record.
    """

    name: str
    message: str
    is_figure: bool


@dataclass(frozen=True)
class Preview:
    """What a new file changes.

    Attributes
    ----------
    raw, marts : dict of str to TableDifference
        Differences of its raw tables and of every mart, by table.
    baseline : str
        What the marts were compared with.
    failed : tuple of FailedTest
        Tests that the new mart does not pass.
    """

    raw: dict[str, TableDifference]
    marts: dict[str, TableDifference]
    baseline: str
    failed: tuple[FailedTest, ...]

    @property
    def broken(self) -> tuple[FailedTest, ...]:
        """Failed tests that must pass for every version."""
        return tuple(test for test in self.failed if not test.is_figure)

    @property
    def changed_figures(self) -> tuple[FailedTest, ...]:
        """Failed tests of known figures."""
        return tuple(test for test in self.failed if test.is_figure)


def preview(settings: Settings, proposal: Proposal, tolerance: float = 0.0) -> Preview:
    """Read the new file under its contract, build a mart from it, and compare both with what they replace.

    Everything is written to the scratch folder ``upgrade`` in the data folder, which is removed at the end.

    Parameters
    ----------
    settings : Settings
        Settings of the warehouse.
    proposal : Proposal
        The new file and its record.
    tolerance : float
        Relative difference up to which numbers count as equal, as in `orchestration.publication.compare.compare`.

    Returns
    -------
    Preview
        The differences, and the tests that fail.

    Raises
    ------
    WarehouseError
        If the contract is broken (the error names the field of the record), if a model cannot be built, or if the
        scratch folder cannot be written.
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
            marts = _compare_marts(settings.warehouse_path, after, tolerance)
            return Preview(raw, marts, "the current publication", failed)
        before = replace(settings.without_lake(), data_dir=scratch / "before")
        build_raw(now, now.catalog, before)
        build_mart(before, with_tests=False)
        baseline = "a mart built from the current records (the publication was made from other records or code)"
        return Preview(raw, _compare_marts(before.build_path, after, tolerance), baseline, failed)


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """An empty folder in the data folder, which has room for a build; removes what a killed upgrade left."""
    folder = settings.data_dir / "upgrade"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise WarehouseError(
            "The scratch folder of the upgrade cannot be written; nothing was recorded.",
            where=str(folder),
            expected="free disk space for a second build",
            found=error.strerror or str(error),
            next_step="Free disk space or correct the folder's permissions, then upgrade again.",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build_raw(
    now: Acquisition, catalog: Catalog, to: Settings, proposal: Proposal | None = None, new_file: Path | None = None
) -> None:
    """Build every raw table of a catalog in a new folder; current raw tables that are unchanged are copied.

    Parameters
    ----------
    now : Acquisition
        The current catalog and its files.
    catalog : Catalog
        The catalog to build.
    to : Settings
        With the raw folder to create.
    proposal : Proposal, optional
        The proposal from which ``catalog`` was made.
    new_file : Path, optional
        The new file of the proposal.

    Raises
    ------
    WarehouseError
        If a file is not available or breaks its contract; for the new file, the error names the field of the record.
    """
    to.raw_dir.mkdir(parents=True)
    for path in now.settings.raw_dir.glob("*.parquet"):
        shutil.copyfile(path, to.raw_dir / path.name)
    changed = {table.name for table in proposal.new_file.tables} if proposal else set()
    entries = sorted(
        catalog.raw_tables.values(), key=lambda e: (e.table.name != MEMBERSHIP_TABLE, e.table.name not in changed)
    )
    for entry in entries:
        is_changed = entry.table.name in changed
        path = new_file if is_changed and new_file else now.fetch(entry.source.name, entry.file).path
        membership = read_membership(to.raw_dir) if entry.table.membership_key else None
        try:
            build_raw_table(entry.source, entry.file, entry.table, path, to.raw_dir, datetime.now(UTC), membership)
        except WarehouseError as error:
            if proposal and is_changed:
                raise _contract_broken(error, entry.table, proposal) from error
            raise


def _contract_broken(error: WarehouseError, table: RawTable, proposal: Proposal) -> WarehouseError:
    problem = error.problem.lower()
    field = next((field for words, field in CONTRACT_FIELDS.items() if words in problem), "the field it contradicts")
    return WarehouseError(
        f"The new file breaks the contract on record; nothing was recorded. {error.problem}",
        where=error.where,
        expected=error.expected,
        found=error.found,
        next_step=f"If the publisher intends this: copy {proposal.path}, change {field} of table {table.name} in the"
        " copy, and pass the copy as --record. Otherwise download the file again.",
    )


def compare_raw(
    now: Acquisition, proposal: Proposal, new_file: Path, tolerance: float = 0.0
) -> dict[str, TableDifference]:
    """Compare each raw table of the new file with the old one; a wide table in long form, one row per filled cell.

    Parameters
    ----------
    now : Acquisition
        The current catalog and its files.
    proposal : Proposal
        The old and the new record.
    new_file : Path
        The new file.
    tolerance : float
        As in `preview`.

    Returns
    -------
    dict of str to TableDifference
        By raw table. Numbers are compared as numbers; missing codes and marks count as NULL.

    Raises
    ------
    WarehouseError
        If one of the files is not available or cannot be read.
    """
    old_path = now.fetch(proposal.before.name, proposal.old_file).path
    old_tables = {table.name: table for table in proposal.old_file.tables}
    differences = {}
    with memory_connection() as connection:
        for table in proposal.new_file.tables:
            for side, contract, path in (("old", old_tables[table.name], old_path), ("new", table, new_file)):
                connection.register(f"{side}_text", read_table(contract, path))
                connection.execute(f"create or replace view {side}_typed as {_typed(contract, f'{side}_text')}")
            key = [name for name in table.key if name in old_tables[table.name].columns]
            year = next((name for name in key if "year" in name.lower() or name.lower().startswith("yr")), None)
            if table.year_columns:
                key, year = [*key, "calendar_year"], "calendar_year"
            year = f'try_cast("{year}" as integer)' if year else None
            differences[table.name] = compare(connection, "old_typed", "new_typed", key, year=year, tolerance=tolerance)
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
    """Build dbt's models; a failed test does not stop a model from being built.

    Parameters
    ----------
    settings : Settings
        With the raw folder to read and the build to write.
    with_tests : bool
        Whether to run the data tests.

    Returns
    -------
    tuple of FailedTest
        Tests that do not pass.

    Raises
    ------
    WarehouseError
        If a model or seed cannot be built.
    """
    prepare_target(settings.dbt_target_dir, settings)
    if not with_tests:
        _dbt_build(settings, "--resource-type", "model", "--resource-type", "seed")
        return ()
    failed = _dbt_build(settings, "--exclude-resource-type", "unit_test")
    if failed:  # dbt skips what is downstream of a failed test
        _dbt_build(settings, "--resource-type", "model", "--resource-type", "seed")
    return failed


def _dbt_build(settings: Settings, *selection: str) -> tuple[FailedTest, ...]:
    target = settings.dbt_target_dir
    done = run_dbt(settings, "build", "--exclude", DYADS, *selection, target=target)
    failed = [result for result in read_run_results(target) if result.has_failed]
    not_built = [result for result in failed if result.kind != "test"]
    if not_built or (done.returncode and not failed):
        raise WarehouseError(
            "The mart cannot be built from the new file; nothing was recorded.",
            where=", ".join(result.name for result in not_built) or "dbt",
            expected="models that build",
            found=next((result.message for result in failed if result.message), output_of(done)),
            next_step="Change the model that reads the file, then upgrade again.",
        )
    (target / "run_results.json").unlink()
    manifest = read_manifest(target)
    tests = [(node_of(manifest, result), result) for result in failed]
    return tuple(FailedTest(node["name"], result.message, FIGURES in node["tags"]) for node, result in tests)


def _compare_marts(before: Path, after: Settings, tolerance: float) -> dict[str, TableDifference]:
    with memory_connection() as connection:
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
