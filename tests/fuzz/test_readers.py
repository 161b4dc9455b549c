"""Thousands of damaged source files: each is refused with a clear message, or read as an independent reader reads it.

First, the recorded hash refuses every changed file. Second, with a hash that matches the changed file, readers and
contracts must not return a value that the file does not contain.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.contracts import Membership
from orchestration.ingest.fetch import fetch
from orchestration.ingest.membership import read_membership
from orchestration.ingest.raw import LINEAGE_COLUMNS, build_raw_table
from orchestration.ingest.records import SourceFile
from orchestration.ingest.sample import write_sample_mirror
from tests.fuzz.independent import Rows, difference, rows_of
from tests.fuzz.mutations import TEXTS, mutations_of, unpacked_flipped
from tests.fuzz.samples import Small, small

pytestmark = pytest.mark.slow

TABLES = list(load_catalog(SOURCES_DIR).raw_tables)
IN_ALL = 2_000
FILES_EACH = -(-IN_ALL // len(TABLES))
WHEN = datetime(2020, 1, 1, tzinfo=UTC)

NUMBER = st.integers(0, 2**20)
LATER = st.lists(st.tuples(NUMBER, NUMBER, NUMBER, st.sampled_from(TEXTS)), max_size=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_sample_mirror(load_catalog(SOURCES_DIR), folder)
    return folder


@pytest.fixture(scope="module")
def membership(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Membership:
    raw = tmp_path_factory.mktemp("raw")
    entry = load_catalog(SOURCES_DIR).raw_tables["state_system_spells"]
    build_raw_table(entry.source, entry.file, entry.table, world / entry.source.name / entry.file.file, raw, WHEN)
    return read_membership(raw)


class Bench:
    """Passes a damaged file through fetch, reader and contract, and checks the result."""

    def __init__(self, whole: Small, folder: Path, membership: Membership) -> None:
        self.whole, self.folder, self.membership = whole, folder, membership
        self.seen: set[bytes] = set()
        self.accepted = 0
        self.undamaged = self.load(whole.content)

    def load(self, content: bytes) -> Rows:
        """Header and rows of the raw table of these bytes, with their hash recorded."""
        path = self.mirrored(content)
        file = self.on_record(content)
        entry = self.whole.entry
        parquet = self.folder / f"{entry.table.name}.parquet"
        parquet.unlink(missing_ok=True)
        build_raw_table(entry.source, file, entry.table, path, self.folder, WHEN, self.membership)
        columns = pq.read_table(parquet).drop_columns(list(LINEAGE_COLUMNS)).to_pydict()
        return [list(columns), *(list(row) for row in zip(*columns.values(), strict=True))]

    def mirrored(self, content: bytes) -> Path:
        path = self.folder / "mirror" / self.whole.entry.source.name / self.whole.entry.file.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def on_record(self, content: bytes) -> SourceFile:
        sha256 = hashlib.sha256(content).hexdigest()
        return self.whole.entry.file.model_copy(update={"sha256": sha256, "size_bytes": len(content)})

    def judge(self, content: bytes) -> None:
        if content == self.whole.content:
            return
        self.seen.add(hashlib.sha256(content).digest())
        self.refused_by_hash(content)
        outcome = self.outcome(lambda: self.load(content), WarehouseError)
        if isinstance(outcome, WarehouseError):
            self.says_what_and_where(outcome)
        else:
            self.accepted += 1
            self.has_the_values_of_the_file(content, outcome)

    def says_what_and_where(self, error: WarehouseError) -> None:
        entry = self.whole.entry
        for name in (entry.source.name, entry.file.file, entry.table.name):
            assert name in error.where, str(error)
        assert error.found, str(error)
        assert error.next_step, str(error)

    @staticmethod
    def outcome(read: Callable[[], Rows], fault: type[Exception]) -> Rows | Exception:
        try:
            return read()
        except fault as error:
            return error

    def refused_by_hash(self, content: bytes) -> None:
        self.mirrored(content)
        source, cache = self.whole.entry.source.name, self.folder / "cache"
        with pytest.raises(WarehouseError, match="does not match its recorded sha256"):
            fetch(self.on_record(self.whole.content), source, cache, self.folder / "mirror", allow_network=False)
        assert not cache.exists()

    def has_the_values_of_the_file(self, content: bytes, rows: Rows) -> None:
        if self.whole.table.format == "rdata":  # no other reader; the test below is stricter
            assert {len(row) for row in rows} == {len(self.whole.table.columns)}
            return
        theirs = self.outcome(lambda: rows_of(self.whole.table, content), Exception)  # any class of exception
        if isinstance(theirs, Exception):
            assert rows == self.undamaged, f"accepted, but the other reader raises {theirs!r}"
        else:
            assert difference(rows, theirs) is None


@pytest.fixture
def bench(request: pytest.FixtureRequest, world: Path, membership: Membership, tmp_path: Path) -> Iterator[Bench]:
    entry = load_catalog(SOURCES_DIR).raw_tables[request.param]
    bench = Bench(small(entry, world / entry.source.name / entry.file.file), tmp_path, membership)
    yield bench
    print(f"{request.param}: {len(bench.seen)} damaged files, {bench.accepted} read")


@pytest.mark.parametrize("bench", TABLES, indirect=True)
def test_a_damaged_file_is_refused_or_read_correctly(bench: Bench) -> None:
    first, later = mutations_of(bench.whole)

    @settings(
        max_examples=FILES_EACH * 3 // 2, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(first + later), NUMBER, NUMBER, st.sampled_from(TEXTS), LATER)
    def spoil(mutate, a: int, b: int, text: str, more: list) -> None:
        content = mutate(bench.whole, bench.whole.content, a, b, text)
        for which, c, d, other in more:
            if content:
                content = later[which % len(later)](bench.whole, content, c, d, other)
        bench.judge(content)

    spoil()
    made = len(bench.seen)  # files that differ from the original and from each other
    assert made >= FILES_EACH


@pytest.mark.parametrize("bench", ["rivalries_tss", "rivalries_td"], indirect=True)
def test_a_wrong_byte_of_r_data_changes_at_most_one_cell(bench: Bench) -> None:
    """There is no independent reader of R data, so the rows are compared with those of the original file."""
    cells = [cell for row in bench.undamaged for cell in row]

    @settings(max_examples=150, derandomize=True, database=None, deadline=None)
    @given(NUMBER, NUMBER)
    def spoil(a: int, b: int) -> None:
        try:
            rows = bench.load(unpacked_flipped(bench.whole, bench.whole.content, a, b, ""))
        except WarehouseError:
            return
        assert [len(row) for row in rows] == [len(row) for row in bench.undamaged]
        found = [cell for row in rows for cell in row]
        assert sum(one != other for one, other in zip(found, cells, strict=True)) <= 1

    spoil()
