"""A raw table is written once for the same bytes and contract, with its lineage, and never partially."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.ingest.contracts import membership_of
from orchestration.ingest.raw import RawResult, build_raw_table
from orchestration.ingest.records import RawTable, Source, SourceFile
from tests.support.source_samples import catalog, small_table

TEXT = b"name,ccode,year,steel\nUSA,2,1816,80\nUKG,200,1816,\n"
MEMBERS = membership_of([(2, 1816), (200, 1816)])
MORE_MEMBERS = membership_of([(2, 1816), (200, 1816), (200, 1817)])
MONDAY, TUESDAY = datetime(2026, 11, 23, 4, 30, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)


class Bench:
    """One source file and the folder its raw table is written to."""

    def __init__(self, folder: Path) -> None:
        self.path, self.raw_dir = folder / "small.csv", folder / "raw"
        self.path.write_bytes(TEXT)
        self.sha256 = "ab" * 32

    @property
    def parquet(self) -> Path:
        return self.raw_dir / "small.parquet"

    def build(self, loaded_at=MONDAY, table: RawTable | None = None, members=MEMBERS, version="1.0") -> RawResult:
        table = table or small_table()
        file = SourceFile.model_construct(file="small.csv", version=version, sha256=self.sha256, tables=(table,))
        source = Source.model_construct(name="iron", files=(file,))
        return build_raw_table(source, file, table, self.path, self.raw_dir, loaded_at, members)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_table_is_text_with_lineage_columns(bench: Bench) -> None:
    result = bench.build(datetime(2026, 11, 23, 6, 30, tzinfo=timezone(timedelta(hours=2))))
    assert (result.table, result.path, result.rows, result.columns) == ("small", bench.parquet, 2, 4)
    assert (result.sha256, result.version, result.reused) == (bench.sha256, "1.0", False)
    lineage = {"_source_sha256": bench.sha256, "_source_version": "1.0", "_loaded_at": "2026-11-23T04:30:00+00:00"}
    assert pq.read_table(bench.parquet).to_pylist() == [
        {"name": "USA", "ccode": "2", "year": "1816", "steel": "80"} | lineage,
        {"name": "UKG", "ccode": "200", "year": "1816", "steel": None} | lineage,
    ]
    assert {str(kind) for kind in pq.read_schema(bench.parquet).types} == {"string"}


def test_a_file_without_version_is_undated(bench: Bench) -> None:
    bench.build(version=None)
    assert pq.read_table(bench.parquet)["_source_version"][0].as_py() == "undated"


def test_an_unchanged_source_leaves_the_table_unchanged(bench: Bench) -> None:
    made = bench.build(MONDAY)
    before = (bench.parquet.read_bytes(), bench.parquet.stat().st_mtime_ns)
    bench.path.unlink()
    assert bench.build(TUESDAY) == replace(made, reused=True)
    assert (bench.parquet.read_bytes(), bench.parquet.stat().st_mtime_ns) == before


@pytest.mark.parametrize("change", ["bytes", "version", "contract", "membership"])
def test_any_change_rebuilds_the_table(bench: Bench, change: str) -> None:
    bench.build(MONDAY)
    if change == "bytes":
        bench.path.write_bytes(TEXT + b"UKG,200,1817,1\n")
        bench.sha256 = "cd" * 32
    again = bench.build(
        TUESDAY,
        table=small_table(ranges={"year": [1800, 2020]}) if change == "contract" else None,
        version="2.0" if change == "version" else "1.0",
        members=MORE_MEMBERS if change in ("membership", "bytes") else MEMBERS,
    )
    assert not again.reused
    assert pq.read_table(bench.parquet)["_loaded_at"][0].as_py() == "2026-11-24T00:00:00+00:00"


@pytest.mark.parametrize("damage", ["a page", "the footer", "cut", "empty", "no parquet"])
def test_a_damaged_table_is_rebuilt(bench: Bench, damage: str) -> None:
    bench.build(MONDAY)
    whole = bytearray(bench.parquet.read_bytes())
    if damage in ("a page", "the footer"):
        position = whole.index(b"UKG") if damage == "a page" else len(whole) - 20
        whole[position] ^= 0xFF
    damaged = {"cut": whole[: len(whole) // 2], "empty": b"", "no parquet": b"PAR1 no PAR1"}.get(damage, whole)
    bench.parquet.write_bytes(damaged)
    assert not bench.build(TUESDAY).reused
    assert pq.read_table(bench.parquet).num_rows == 2


def test_a_contract_violation_keeps_the_last_valid_table(bench: Bench) -> None:
    bench.build(MONDAY)
    before = bench.parquet.read_bytes()
    bench.path.write_bytes(TEXT.replace(b"80", b"eighty"))
    bench.sha256 = "cd" * 32
    with pytest.raises(WarehouseError) as caught:
        bench.build(TUESDAY)
    assert caught.value.where == "source iron, file small.csv, table small, line 2, column steel"
    assert caught.value.found == "'eighty'"
    assert bench.parquet.read_bytes() == before
    assert list(bench.raw_dir.iterdir()) == [bench.parquet]


def test_an_unreadable_file_is_reported_with_file_and_line(bench: Bench) -> None:
    bench.path.write_bytes(TEXT + b"USA\n")
    with pytest.raises(WarehouseError) as caught:
        bench.build()
    for named in ("source iron", "small.csv", "table small", "line 4"):
        assert named in caught.value.where
    assert not bench.parquet.exists()


def test_a_real_source_becomes_a_raw_table(mirror: Path, tmp_path: Path) -> None:
    entry = catalog().raw_tables["selectorate_deposit"]
    path = mirror / entry.source.name / entry.file.file
    result = build_raw_table(entry.source, entry.file, entry.table, path, tmp_path, MONDAY)
    assert (result.rows, result.columns, result.reused) == (26_438, 135, False)
    assert pq.read_schema(result.path).names[-3:] == ["_source_sha256", "_source_version", "_loaded_at"]
    assert build_raw_table(entry.source, entry.file, entry.table, path, tmp_path, TUESDAY).reused
