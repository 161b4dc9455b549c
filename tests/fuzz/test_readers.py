"""Thousands of spoiled source files: each is refused in plain words, or read cell for cell as another reader reads it.

Twice over: with the hash on record no changed file passes; and where the hash is made to fit, the readers and contracts
alone must not let a value pass that the file does not hold.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import SourceFile, load_catalog
from orchestration.ingest.contracts import Membership
from orchestration.ingest.fetch import fetch
from orchestration.ingest.membership import read_membership
from orchestration.ingest.raw import LINEAGE_COLUMNS, build_raw_table
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
    """Takes a spoiled file through fetch, reader and contract, and judges what comes out."""

    def __init__(self, whole: Small, folder: Path, membership: Membership) -> None:
        self.whole, self.folder, self.membership = whole, folder, membership
        self.seen: set[bytes] = set()
        self.accepted = 0
        self.unspoiled = self.load(whole.content)

    def load(self, content: bytes) -> Rows:
        """Header and rows of the raw table made from these bytes, their own hash on record."""
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
        try:
            rows = self.load(content)
        except WarehouseError as error:
            entry = self.whole.entry
            for named in (entry.source.name, entry.file.file, entry.table.name):
                assert named in error.where, str(error)
            assert error.found and error.next_step, str(error)
            return
        self.accepted += 1
        self.holds_what_the_file_holds(content, rows)

    def refused_by_hash(self, content: bytes) -> None:
        self.mirrored(content)
        source, cache = self.whole.entry.source.name, self.folder / "cache"
        with pytest.raises(WarehouseError, match="does not match its recorded sha256"):
            fetch(self.on_record(self.whole.content), source, cache, self.folder / "mirror", allow_network=False)
        assert not cache.exists()

    def holds_what_the_file_holds(self, content: bytes, rows: Rows) -> None:
        if self.whole.table.format == "rdata":  # no other reader: the test below looks closer
            assert {len(row) for row in rows} == {len(self.whole.table.columns)}
            return
        try:
            theirs = rows_of(self.whole.table, content)
        except Exception as error:  # noqa: BLE001 - whatever the other library raises on a spoiled file
            assert rows == self.unspoiled, f"accepted, but the other reader says {error!r}"
            return
        assert difference(rows, theirs) is None


@pytest.fixture
def bench(request: pytest.FixtureRequest, world: Path, membership: Membership, tmp_path: Path) -> Iterator[Bench]:
    entry = load_catalog(SOURCES_DIR).raw_tables[request.param]
    bench = Bench(small(entry, world / entry.source.name / entry.file.file), tmp_path, membership)
    yield bench
    print(f"{request.param}: {len(bench.seen)} spoiled files, {bench.accepted} read as they are")


@pytest.mark.parametrize("bench", TABLES, indirect=True)
def test_no_spoiled_file_passes_as_another(bench: Bench) -> None:
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
    made = len(bench.seen)  # files that differ from the whole one and from each other
    assert made >= FILES_EACH


@pytest.mark.parametrize("bench", ["rivalries_tss", "rivalries_td"], indirect=True)
def test_one_wrong_byte_of_r_data_reaches_one_cell_or_is_refused(bench: Bench) -> None:
    """No other reader of R data is at hand, so the rows are held against those of the whole file."""
    cells = [cell for row in bench.unspoiled for cell in row]

    @settings(max_examples=150, derandomize=True, database=None, deadline=None)
    @given(NUMBER, NUMBER)
    def spoil(a: int, b: int) -> None:
        try:
            rows = bench.load(unpacked_flipped(bench.whole, bench.whole.content, a, b, ""))
        except WarehouseError:
            return
        assert [len(row) for row in rows] == [len(row) for row in bench.unspoiled]
        found = [cell for row in rows for cell in row]
        assert sum(one != other for one, other in zip(found, cells, strict=True)) <= 1

    spoil()
