"""Export: unusual values survive every format, and a folder is replaced completely or not at all."""

import csv
import errno
import math
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import frictionless
import pandas
import pyarrow
import pyarrow.parquet
import pyreadstat
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import load_catalog
from orchestration.outputs.export import folder as folder_module
from orchestration.outputs.export.content import Column, Content, Table, read_content
from orchestration.outputs.export.folder import CHECKSUMS, FORMATS, export
from orchestration.outputs.export.stata import stata_names, variable_label, write_stata
from orchestration.store.publication_file import PublicationFile

VALUES = {
    "row": ("integer", pyarrow.int64(), [1, 2, 3]),
    "whole": ("integer", pyarrow.int64(), [2, None, -9]),
    "large": ("integer", pyarrow.int64(), [2_147_483_621, None, 2**53 - 1]),
    "number": ("number", pyarrow.float64(), [0.1 + 0.2, None, -5e-324]),
    "flag": ("boolean", pyarrow.bool_(), [True, None, False]),
    "day": ("date", pyarrow.date32(), [date(1816, 1, 1), None, date(2024, 12, 31)]),
    "words": ("string", pyarrow.string(), ['a "quoted", text', None, "two\nlines; Côte d'Ivoire, 中"]),
    "treatise": ("string", pyarrow.string(), ["ß" * 3000, None, " spaces "]),
    "nothing": ("string", pyarrow.string(), [None, None, None]),
}

CATALOG = load_catalog(SOURCES_DIR)


def column(name: str, kind: str = "integer", description: str = "A description.") -> Column:
    return Column(name, kind, "unit", description, "source", 1 / 3, None, None, None)


def content(values: dict = VALUES, is_synthetic: bool = False, publication_id: str = "p1") -> Content:
    data = pyarrow.table({name: pyarrow.array(cells, type=arrow) for name, (_, arrow, cells) in values.items()})
    columns = tuple(column(name, kind) for name, (kind, _, _) in values.items())
    publication = {
        "publication_id": publication_id,
        "published_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "fingerprint": "f",
        "is_synthetic": is_synthetic,
        "software_version": "0",
        "note": "SYNTHETIC: invented" if is_synthetic else "Real data",
    }
    return Content(publication, [], (Table("marts", "things", "Some things.", (), columns, data),))


def publish(path: Path, statement: str, data_type: str) -> PublicationFile:
    """A publication with one table, marts.things, made by the statement, and its column x."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema marts; create schema results; create schema meta;"
            " create table meta.publication as select 'p1' as publication_id,"
            " timestamptz '2026-01-02 03:04:05+00' as published_at, false as is_synthetic, 'Real data' as note;"
            " create table meta.sources (source varchar, file varchar);"
            f" create table marts.things as {statement}; comment on table marts.things is 'Things.';"
            " create table meta.columns as select 'marts' as table_schema, 'things' as table_name, 'x' as column_name,"
            f" 1 as position, '{data_type}' as data_type, 'unit' as unit, 'd' as description, 's' as source,"
            " 0.5 as share_missing, null as first_year, null as last_year, 'nmc' as source_records"
        )
    return PublicationFile(path)


def test_rows_are_read_in_the_order_of_their_values(tmp_path: Path) -> None:
    (table,) = read_content(publish(tmp_path / "w.duckdb", "from (values (3), (1), (null)) as v(x)", "INTEGER")).tables
    assert table.data["x"].to_pylist() == [1, 3, None]
    assert (table.full_name, table.columns[0].kind) == ("marts.things", "integer")


@pytest.mark.parametrize(
    ("statement", "data_type"),
    [
        ("select 'infinity'::double as x", "DOUBLE"),
        ("from (values (null), ('nan'::double)) as v(x)", "DOUBLE"),
        ("select -9e307::double as x", "DOUBLE"),
        ("select [1, 2] as x", "INTEGER[]"),
    ],
)
def test_values_that_a_format_does_not_support_are_named(tmp_path: Path, statement: str, data_type: str) -> None:
    with pytest.raises(WarehouseError, match=r"marts\.things\.x"):
        read_content(publish(tmp_path / "w.duckdb", statement, data_type))


@pytest.mark.parametrize(
    "lacking", ["drop table meta.sources", "alter table meta.columns drop column share_missing", "drop schema results"]
)
def test_an_incompatible_schema_is_refused(tmp_path: Path, lacking: str) -> None:
    publication = publish(tmp_path / "w.duckdb", "select 1 as x", "INTEGER")
    with duckdb.connect(str(publication.path)) as connection:
        connection.execute(lacking)
    with pytest.raises(WarehouseError, match="schema is incompatible"):
        read_content(publication)


def test_a_column_of_nulls_is_exported(tmp_path: Path) -> None:
    (table,) = read_content(publish(tmp_path / "w.duckdb", "select null::double as x", "DOUBLE")).tables
    assert table.data["x"].null_count == 1


def cells(name: str) -> list:
    return VALUES[name][2]


def test_csv_follows_rfc_4180(tmp_path: Path) -> None:
    export(content(), CATALOG, tmp_path / "out", ["csv"])
    written = (tmp_path / "out/marts/things.csv").read_bytes()
    assert written.count(b"\r\n") == 4
    assert not written.startswith(b"\xef\xbb\xbf")
    with (tmp_path / "out/marts/things.csv").open(encoding="utf-8", newline="") as stream:
        first, second, third = csv.DictReader(stream)
    assert set(list(second.values())[1:]) == {""}, "missing is empty"
    assert (first["flag"], third["flag"], first["day"]) == ("true", "false", "1816-01-01")
    assert (first["words"], third["words"], first["treatise"]) == (cells("words")[0], cells("words")[2], "ß" * 3000)
    assert float(first["number"]) == cells("number")[0]
    assert float(third["number"]) == cells("number")[2]


def test_frictionless_reads_every_cell(tmp_path: Path) -> None:
    export(content(), CATALOG, tmp_path / "out", list(FORMATS))
    report = frictionless.validate(str(tmp_path / "out/datapackage.json"))
    assert report.valid, report.flatten(["type", "note"])
    assert len(report.tasks) == 3
    package = frictionless.Package(str(tmp_path / "out/datapackage.json"))
    rows = package.get_resource("marts.things.csv").read_rows()
    for name in VALUES:
        found = [float(row[name]) if name == "number" and row[name] is not None else row[name] for row in rows]
        assert found == cells(name), name


def test_stata_keeps_every_cell(tmp_path: Path) -> None:
    export(content(), CATALOG, tmp_path / "out", ["stata"])
    path = tmp_path / "out/marts/things.dta"
    found, about = pyreadstat.read_dta(path, apply_value_formats=False)
    for name in ("whole", "large", "number"):
        assert [None if math.isnan(value) else value for value in found[name]] == cells(name), name
    assert [None if pandas.isna(day) else day for day in found["day"]] == cells("day")
    assert [None if pandas.isna(value) else bool(value) for value in found["flag"]] == cells("flag")
    for name in ("words", "treatise", "nothing"):
        assert list(found[name]) == [value or "" for value in cells(name)], "Stata's missing text is the empty one"
    assert about.variable_value_labels == {"flag": {0: "false", 1: "true"}}
    assert about.file_label == "p1 marts.things"
    assert about.original_variable_types["day"] == "%td"
    again = pandas.read_stata(path, convert_categoricals=False)
    assert list(again["treatise"]) == list(found["treatise"]), "a long text is a strL"


@pytest.mark.parametrize(
    ("low", "high", "stored"),
    [
        (-127, 100, "int8"),
        (-127, 101, "int16"),
        (-128, 100, "int16"),
        (0, 32_740, "int16"),
        (0, 32_741, "int32"),
        (0, 2_147_483_620, "int32"),
        (0, 2_147_483_621, "double"),
    ],
)
def test_integers_take_the_smallest_type_with_room_for_missing(
    tmp_path: Path, low: int, high: int, stored: str
) -> None:
    made = content({"n": ("integer", pyarrow.int64(), [low, None, high])})
    write_stata(made.tables[0], made, tmp_path / "n.dta")
    found, about = pyreadstat.read_dta(tmp_path / "n.dta")
    assert about.readstat_variable_types["n"] == stored
    assert list(found["n"].dropna()) == [low, high]
    assert found["n"].isna().sum() == 1


def test_a_region_has_the_same_code_in_every_export(tmp_path: Path) -> None:
    made = content({"region": ("string", pyarrow.string(), ["Asia", None, "Atlantis"])})
    table = Table("marts", "countries", "States.", (), made.tables[0].columns, made.tables[0].data)
    write_stata(table, made, tmp_path / "r.dta")
    found, about = pyreadstat.read_dta(tmp_path / "r.dta")
    assert found["region"].iloc[0] == 5
    assert found["region"].iloc[2] == 8
    assert math.isnan(found["region"].iloc[1])
    assert about.variable_value_labels["region"][5] == "Asia"
    assert about.variable_value_labels["region"][8] == "Atlantis"


def test_stata_names_and_labels_fit() -> None:
    long = "a" * 33
    assert stata_names(["year", long, long + "b", "a" * 32]) == {
        "year": "year",
        long: "a" * 32,
        long + "b": "a" * 31 + "2",
        "a" * 32: "a" * 31 + "3",
    }
    assert variable_label(column("x", description="word " * 16)) == "word " * 16
    cut = variable_label(column("x", description="word " * 17))
    assert cut == " ".join(["word"] * 15) + "..."
    assert len(cut) <= 80


def test_parquet_carries_the_codebook(tmp_path: Path) -> None:
    export(content(), CATALOG, tmp_path / "out", ["parquet"])
    schema = pyarrow.parquet.read_schema(tmp_path / "out/marts/things.parquet")
    assert schema.field("day").metadata[b"description"] == b"A description."
    assert schema.field("day").metadata[b"unit"] == b"unit"
    assert schema.metadata[b"publication_id"] == b"p1"
    group = pyarrow.parquet.ParquetFile(tmp_path / "out/marts/things.parquet").metadata.row_group(0)
    assert {group.column(i).compression for i in range(group.num_columns)} == {"ZSTD"}


def test_synthetic_data_are_marked_in_every_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(content(is_synthetic=True), CATALOG, out, list(FORMATS))
    for path in out.glob("marts/*"):
        assert path.name.startswith("SYNTHETIC_")
    for name in ("README.txt", "codebook.html", "CITATION.cff", "citations.bib", "datapackage.json"):
        assert "SYNTHETIC" in (out / name).read_text(), name
    assert (out / "README.txt").read_text().startswith("SYNTHETIC")
    _, about = pyreadstat.read_dta(out / "marts/SYNTHETIC_things.dta", metadataonly=True)
    assert about.file_label.startswith("SYNTHETIC")
    schema = pyarrow.parquet.read_schema(out / "marts/SYNTHETIC_things.parquet")
    assert schema.metadata[b"note"].startswith(b"SYNTHETIC")
    assert frictionless.Package(str(out / "datapackage.json")).title.startswith("SYNTHETIC")


def test_a_previous_export_is_replaced_completely(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(content(), CATALOG, out, list(FORMATS))
    export(content(publication_id="p2"), CATALOG, out, ["csv"])
    assert sorted(path.name for path in out.glob("marts/*")) == ["things.csv"]
    assert "p2" in (out / "README.txt").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def add_a_file(out: Path) -> None:
    (out / "marts" / "mine.do").write_text("regress y x")


def change_a_file(out: Path) -> None:
    (out / "marts" / "things.csv").write_text("edited")


def remove_the_checksums(out: Path) -> None:
    (out / CHECKSUMS).unlink()


@pytest.mark.parametrize("spoil", [add_a_file, change_a_file, remove_the_checksums])
def test_files_that_no_export_wrote_are_not_overwritten(tmp_path: Path, spoil) -> None:
    out = tmp_path / "out"
    export(content(), CATALOG, out, ["csv"])
    spoil(out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(WarehouseError, match="Refusing to overwrite"):
        export(content(), CATALOG, out, ["csv"])
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_folder_with_other_files_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(WarehouseError, match="Refusing to overwrite"):
        export(content(), CATALOG, tmp_path, ["csv"])
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("had_one", [True, False])
@pytest.mark.parametrize("fails", sorted(FORMATS))
def test_a_full_disk_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, had_one: bool, fails: str
) -> None:
    out = tmp_path / "out"
    if had_one:
        export(content(), CATALOG, out, list(FORMATS))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def full(table: Table, content: Content, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(folder_module.FORMATS, fails, (FORMATS[fails][0], full))
    with pytest.raises(WarehouseError, match="No space left"):
        export(content(publication_id="p2"), CATALOG, out, list(FORMATS))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if had_one else [])


@pytest.mark.parametrize("failure", [PermissionError(errno.EACCES, "Permission denied"), KeyboardInterrupt()])
def test_the_previous_export_is_restored_on_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    out = tmp_path / "out"
    export(content(), CATALOG, out, ["csv"])
    rename = Path.rename

    def refuse_the_new_folder(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise failure
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new_folder)
    with pytest.raises((WarehouseError, KeyboardInterrupt)):
        export(content(publication_id="p2"), CATALOG, out, ["csv"])
    assert "p1" in (out / "README.txt").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
