"""Readers return every cell as published, and one clear message for a wrong or damaged file."""

import datetime
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
import rdata

from orchestration.core.errors import WarehouseError
from orchestration.ingest.readers import read_table
from orchestration.ingest.records import RawTable
from tests.support.source_samples import catalog, real_table, small_table

CSV = small_table()
TEXT = "name,ccode,year,steel\nUSA,2,1816,80\nUKG,200,1816,-9\n"
CELLS = {"name": ["USA", "UKG"], "ccode": ["2", "200"], "year": ["1816", "1816"], "steel": ["80", "-9"]}


def read(folder: Path, content: bytes, table: RawTable = CSV, name: str = "small.csv") -> dict[str, list]:
    path = folder / name
    path.write_bytes(content)
    result = read_table(table, path)
    assert set(result.schema.types) <= {pa.string()}
    return result.to_pydict()


def message(folder: Path, content: bytes, table: RawTable = CSV, name: str = "small.csv") -> str:
    with pytest.raises(WarehouseError) as caught:
        read(folder, content, table, name)
    fault = caught.value
    assert name in fault.where
    assert "table small" in fault.where
    assert fault.expected
    assert fault.found
    assert fault.next_step
    return str(fault)


# ---------------------------------------------------------------- CSV: cells as published


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False], ids=["line end at the end", "none"])
def test_any_line_end_gives_the_same_cells(tmp_path: Path, line_end: str, last: bool) -> None:
    text = TEXT if last else TEXT.rstrip()
    assert read(tmp_path, text.replace("\n", line_end).encode()) == CELLS


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + TEXT.encode()) == CELLS


def test_latin_1_is_read_if_recorded(tmp_path: Path) -> None:
    content = TEXT.replace("USA", "Côte d'Ivoire").encode("latin-1")
    assert read(tmp_path, content, small_table(encoding="latin-1"))["name"][0] == "Côte d'Ivoire"


def test_text_is_verbatim_and_an_empty_cell_is_null(tmp_path: Path) -> None:
    rows = 'name,ccode,year,steel\n" Korea, ""South""",007,1.50e3,\n,NA,nan,""\n'
    assert read(tmp_path, rows.encode()) == {
        "name": [' Korea, "South"', None],
        "ccode": ["007", "NA"],
        "year": ["1.50e3", "nan"],
        "steel": [None, None],
    }


def test_recorded_leading_lines_and_trailing_commas_are_dropped(tmp_path: Path) -> None:
    table = small_table(skip_lines=2, trailing_empty_column=True)
    text = '"Last updated",\n\n' + TEXT.replace("\n", ",\n")
    assert read(tmp_path, text.encode(), table) == CELLS
    reported = message(tmp_path, text.replace("80,", "80,81").encode(), table)
    assert "trailing column" in reported
    assert "'81'" in reported


def test_blank_lines_at_the_end_are_ignored(tmp_path: Path) -> None:
    assert read(tmp_path, (TEXT + "\n\n").encode()) == CELLS


# ---------------------------------------------------------------- CSV: faults


def test_an_empty_file(tmp_path: Path) -> None:
    assert "empty" in message(tmp_path, b"")
    assert "empty" in message(tmp_path, b"\xef\xbb\xbf")
    assert "empty" in message(tmp_path, b" \r\n")


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html>", b"\xef\xbb\xbf\n <HTML lang='en'>", b"<html>"])
def test_a_web_page_saved_as_csv(tmp_path: Path, page: bytes) -> None:
    assert "HTML page" in message(tmp_path, page + b"<body>404 Not Found</body></html>")


@pytest.mark.parametrize(("row", "cells"), [("UKG,200,1816", 3), ("UKG,200,1816,1,2", 5), (",,,,", 5)])
def test_a_ragged_row_is_reported_with_its_line_and_counts(tmp_path: Path, row: str, cells: int) -> None:
    reported = message(tmp_path, f"name,ccode,year,steel\nUSA,2,1816,80\n{row}\nUKG,200,1817,1\n".encode())
    assert "line 3" in reported
    assert "4 cells" in reported
    assert f"{cells} cells" in reported


def test_skipped_lines_count_in_the_line_number(tmp_path: Path) -> None:
    assert "line 6" in message(tmp_path, ("one\ntwo\n" + TEXT + "x\n").encode(), small_table(skip_lines=2))


def test_a_blank_line_between_rows(tmp_path: Path) -> None:
    reported = message(tmp_path, TEXT.replace("\nUKG", "\n\nUKG").encode())
    assert "Blank line" in reported
    assert "line 3" in reported


def test_an_unbalanced_quote_is_reported_on_its_line(tmp_path: Path) -> None:
    reported = message(tmp_path, TEXT.replace("USA", '"USA').replace("UKG", 'UKG"').encode())
    assert "line 2" in reported


def test_an_unclosed_quote(tmp_path: Path) -> None:
    assert "line 2" in message(tmp_path, TEXT.replace("USA", '"USA').encode())


def test_a_wrong_encoding_is_reported_with_line_and_offset(tmp_path: Path) -> None:
    content = TEXT.replace("UKG", "Österreich").encode("latin-1")
    reported = message(tmp_path, content)
    assert "line 3" in reported
    assert "0xd6" in reported
    assert f"offset {content.index(0xD6)}" in reported
    assert "utf-8" in reported


def test_a_nul_byte(tmp_path: Path) -> None:
    reported = message(tmp_path, TEXT.replace("UKG", "U\0G").encode())
    assert "NUL" in reported
    assert "line 3" in reported


def test_a_cell_above_the_size_limit(tmp_path: Path) -> None:
    assert "line 2" in message(tmp_path, TEXT.replace("USA", "U" * 200_000).encode())


# ---------------------------------------------------------------- Stata, Excel, R, zip

STATA = small_table(format="stata", encoding=None)
EXCEL = small_table(format="excel", encoding=None, sheet="Data")
RDATA = small_table(format="rdata", encoding=None, object="small")


def stata_bytes(folder: Path, frame: pd.DataFrame) -> bytes:
    pyreadstat.write_dta(frame, str(folder / "made.dta"))
    return (folder / "made.dta").read_bytes()


def test_stata_numbers_are_the_repr_of_the_double(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "name": ["USA", ""],
            "ccode": pd.Series([2, 200], dtype="int16"),
            "year": [1816.0, None],
            "steel": pd.Series([2.3, 693600000], dtype="float32"),
        }
    )
    assert read(tmp_path, stata_bytes(tmp_path, frame), STATA, "small.dta") == {
        "name": ["USA", None],
        "ccode": ["2", "200"],
        "year": ["1816", None],
        "steel": ["2.299999952316284", "693600000"],
    }


def workbook_bytes(rows: list[list], sheet: str = "Data") -> bytes:
    workbook = openpyxl.Workbook()
    workbook.active.title = sheet
    for row in rows:
        workbook.active.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def test_excel_integers_have_no_point_and_blank_edges_go(tmp_path: Path) -> None:
    rows = [
        ["name", 1800, 1801.0, "steel", None],
        ["USA", 0.1, ".", 1e15, None],
        ["UKG", None, 217.4, -9, None],
        [None, None, None, None, None],
        ["", "", "", "", ""],
    ]
    assert read(tmp_path, workbook_bytes(rows), EXCEL, "small.xlsx") == {
        "name": ["USA", "UKG"],
        "1800": ["0.1", None],
        "1801": [".", "217.4"],
        "steel": ["1000000000000000.0", "-9"],
    }


def test_excel_dates_become_text(tmp_path: Path) -> None:
    rows = [["day"], [datetime.date(2010, 9, 13)]]
    assert read(tmp_path, workbook_bytes(rows), EXCEL, "small.xlsx")["day"][0].startswith("2010-09-13")


def test_a_column_without_a_name_is_kept_for_the_contract(tmp_path: Path) -> None:
    assert read(tmp_path, workbook_bytes([["a", None], [1, 2]]), EXCEL, "small.xlsx") == {"a": ["1"], "": ["2"]}


def test_a_missing_sheet_is_reported_with_the_existing_ones(tmp_path: Path) -> None:
    reported = message(tmp_path, workbook_bytes([[1]], "Notes"), EXCEL, "small.xlsx")
    assert "Data" in reported
    assert "Notes" in reported


def test_an_empty_sheet(tmp_path: Path) -> None:
    assert "empty" in message(tmp_path, workbook_bytes([]), EXCEL, "small.xlsx")


def rda_bytes(folder: Path, **objects) -> bytes:
    rdata.write_rda(folder / "made.rda", objects)
    return (folder / "made.rda").read_bytes()


def test_r_numbers_and_missing_values(tmp_path: Path) -> None:
    names = pd.Series(["A-B", "C-D"], dtype=object)
    frame = pd.DataFrame({"name": names, "ccode": [220.0, 300.0], "aprin": [1.5, float("nan")]})
    cells = {"name": ["A-B", "C-D"], "ccode": ["220", "300"], "aprin": ["1.5", None]}
    assert read(tmp_path, rda_bytes(tmp_path, small=frame), RDATA, "small.rda") == cells


def test_a_missing_r_object_and_one_that_is_not_a_data_frame(tmp_path: Path) -> None:
    reported = message(tmp_path, rda_bytes(tmp_path, large=pd.DataFrame({"a": [1.0]})), RDATA, "small.rda")
    assert "Object not found" in reported
    assert "large" in reported
    assert "data frame" in message(tmp_path, rda_bytes(tmp_path, small="text"), RDATA, "small.rda")


def test_a_member_of_a_zip_is_read_and_named_in_messages(tmp_path: Path) -> None:
    table = small_table(archive_member="in/small.csv")
    for text, lines in ((TEXT, None), (TEXT + "short\n", "line 4")):
        with zipfile.ZipFile(tmp_path / "small.zip", "w") as archive:
            archive.writestr("in/small.csv", text)
        content = (tmp_path / "small.zip").read_bytes()
        if lines is None:
            assert read(tmp_path, content, table, "small.zip") == CELLS
        else:
            reported = message(tmp_path, content, table, "small.zip")
            assert lines in reported
            assert "in/small.csv" in reported


@pytest.mark.parametrize(("table", "name"), [(STATA, "a.dta"), (EXCEL, "a.xlsx"), (RDATA, "a.rda")])
def test_a_damaged_binary_file_gives_one_message(tmp_path: Path, table: RawTable, name: str) -> None:
    whole = {
        "a.dta": lambda: stata_bytes(tmp_path, pd.DataFrame({"a": [1.0] * 50})),
        "a.xlsx": lambda: workbook_bytes([["a"], *[[i] for i in range(50)]]),
        "a.rda": lambda: rda_bytes(tmp_path, small=pd.DataFrame({"a": [float(i) for i in range(50)]})),
    }[name]()
    for content in (whole[: len(whole) // 2], b"name,ccode\n1,2\n", bytes(100)):
        reported = message(tmp_path, content, table, name)
        assert any(
            words in reported for words in ("is not a zip archive", "A compressed file is damaged", "cannot be read as")
        )
        assert "table small" in reported


def test_an_error_in_a_workbook_is_not_an_empty_cell(tmp_path: Path) -> None:
    for error in ("#N/A", "#DIV/0!"):
        reported = message(tmp_path, workbook_bytes([["a"], [1], [error]]), EXCEL, "a.xlsx")
        assert "holds an error" in reported
        assert "A3" in reported


def test_importing_the_readers_imports_no_reader_library() -> None:
    modules = "orchestration.ingest.readers, orchestration.ingest.fetch"
    slow = {"pandas", "pyreadstat", "rdata", "python_calamine", "requests", "pooch"}
    code = f"import sys, {modules}; print(*{slow} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# ---------------------------------------------------------------- the real files, held against other readers


ROWS = {
    "state_system_spells": 244, "state_system_years": 15_951, "major_powers": 14, "cow_country_codes": 243,
    "atop": 2_510, "atop_alliances": 789, "national_capabilities": 17_121, "allen_digiuseppe_2013": 28_147,
    "world_bank_infant_mortality": 266, "child_mortality": 40_820, "polity5": 17_574, "selectorate_w4": 26_438,
    "selectorate_deposit": 26_438, "mid_disputes": 2_436, "mid_participants": 5_883, "direct_contiguity": 82_498,
    "interstate_wars": 337, "national_trade": 14_410, "rivalries_tss": 264, "rivalries_td": 197,
    "external_threat": 14_400, "atop_state_years": 11_923, "un_igme_mortality": 13_125, "maddison": 23_280,
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_real_tables_have_the_documented_number_of_rows(mirror: Path, name: str) -> None:
    table = real_table(name, mirror)
    assert table.num_rows == ROWS[name]
    assert tuple(table.column_names) == catalog().raw_tables[name].table.columns


@pytest.mark.parametrize("name", [n for n, e in catalog().raw_tables.items() if e.table.format == "csv"])
def test_real_csv_tables_equal_what_pandas_reads(mirror: Path, name: str) -> None:
    entry = catalog().raw_tables[name]
    source: Path | io.BytesIO = mirror / entry.source.name / entry.file.file
    if entry.table.archive_member:
        with zipfile.ZipFile(source) as archive:
            source = io.BytesIO(archive.read(entry.table.archive_member))
    # The lines to skip are counted by pandas without the blank ones among them.
    skip = {"skiprows": lambda line: line < entry.table.skip_lines}
    theirs = pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False, **skip)
    if entry.table.trailing_empty_column:
        theirs = theirs.iloc[:, :-1]
    ours = real_table(name, mirror)
    assert list(theirs.columns) == ours.column_names
    for column in ours.column_names:
        assert ours[column].to_pylist() == [cell or None for cell in theirs[column]], column


@pytest.mark.parametrize("name", [n for n, e in catalog().raw_tables.items() if e.table.format == "excel"])
def test_real_excel_tables_equal_what_openpyxl_reads(mirror: Path, name: str) -> None:
    entry = catalog().raw_tables[name]
    path = mirror / entry.source.name / entry.file.file
    sheet = openpyxl.load_workbook(path, read_only=True, data_only=True)[entry.table.sheet]
    _, *theirs = (row for row in sheet.iter_rows(max_col=len(entry.table.columns), values_only=True) if any(row))
    ours = list(zip(*real_table(name, mirror).to_pydict().values(), strict=True))
    assert len(ours) == len(theirs)
    for our_row, their_row in zip(ours, theirs, strict=True):
        for our, their in zip(our_row, their_row, strict=True):
            if type(their) in (int, float):
                assert float(our) == their
            else:
                assert our == (their or None)


@pytest.mark.parametrize("name", ["allen_digiuseppe_2013", "selectorate_deposit"])
def test_real_stata_tables_equal_what_pandas_reads(mirror: Path, name: str) -> None:
    entry = catalog().raw_tables[name]
    source: Path | io.BytesIO = mirror / entry.source.name / entry.file.file
    if entry.table.archive_member:
        with zipfile.ZipFile(source) as archive:
            source = io.BytesIO(archive.read(entry.table.archive_member))
    theirs = pd.read_stata(source, convert_dates=False, convert_categoricals=False, preserve_dtypes=True)
    ours = real_table(name, mirror).to_pandas()
    assert list(theirs.columns) == list(ours.columns)
    for column in ours.columns:
        if not pd.api.types.is_numeric_dtype(theirs[column]):
            assert ours[column].fillna("").tolist() == theirs[column].tolist(), column
        else:
            pd.testing.assert_series_equal(ours[column].astype(float), theirs[column].astype(float), check_exact=True)


def test_real_rivalries_are_rendered_without_decimals(mirror: Path) -> None:
    first = real_table("rivalries_tss", mirror).slice(0, 1).to_pylist()[0]
    assert first["rivalry"] == "Austria (Hungary)-France"
    assert (first["ccode1"], first["ccode2"], first["start"], first["end"]) == ("220", "300", "1494", "1918")
    assert (first["positional"], first["ideological"]) == ("1", None)


def test_the_capability_of_the_usa_in_1945_is_the_published_one(mirror: Path) -> None:
    rows = real_table("national_capabilities", mirror).to_pylist()
    (usa_1945,) = (row for row in rows if (row["ccode"], row["year"]) == ("2", "1945"))
    assert usa_1945["cinc"] == "0.38386354"
