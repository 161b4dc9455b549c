"""A raw table that violates its contract is refused; the message has table, line and value."""

from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.ingest.contracts import Membership, check, membership_of
from tests.support.source_samples import catalog, real_table, small_table

MEMBERS = membership_of([(2, 1816), (2, 1817), (200, 1816)])
GOOD = {
    "name": ["USA", "USA", "UKG"],
    "ccode": ["2", "2", "200"],
    "year": ["1816", "1817", "1816"],
    "steel": ["80", "-9", None],
}


def strings(cells: dict[str, list[str | None]]) -> pa.Table:
    return pa.table({name: pa.array(column, pa.string()) for name, column in cells.items()})


def message(cells: dict[str, list], **changes) -> str:
    with pytest.raises(WarehouseError) as caught:
        check(small_table(**changes), strings(cells), MEMBERS)
    fault = caught.value
    assert "table small" in fault.where
    assert fault.expected
    assert fault.found
    assert fault.next_step
    return str(fault)


def test_a_table_that_meets_its_contract_passes() -> None:
    check(small_table(), strings(GOOD), MEMBERS)


# ---------------------------------------------------------------- columns


def test_a_missing_column_is_reported() -> None:
    reported = message({name: column for name, column in GOOD.items() if name != "steel"})
    assert "missing: 'steel'" in reported
    assert "4 columns" in reported


def test_an_unexpected_column_is_reported() -> None:
    assert "unexpected: 'surprise'" in message(GOOD | {"surprise": ["1", "1", "1"]})


def test_a_renamed_column_is_reported_with_both_names() -> None:
    reported = message({"name" if n == "name" else n.replace("steel", "irst"): c for n, c in GOOD.items()})
    assert "missing: 'steel'" in reported
    assert "unexpected: 'irst'" in reported


def test_columns_in_a_different_order_are_refused() -> None:
    reported = message({name: GOOD[name] for name in ("name", "year", "ccode", "steel")})
    assert "column 2" in reported
    assert "ccode" in reported
    assert "year" in reported


def test_a_duplicate_column_is_refused() -> None:
    table = strings(GOOD).append_column("year", pa.array(["1", "2", "3"]))
    with pytest.raises(WarehouseError, match="duplicate: 'year'"):
        check(small_table(), table, MEMBERS)


def test_a_header_without_rows_is_refused() -> None:
    assert "empty" in message({name: [] for name in GOOD})


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("text", ["n/a", " 80", "80 ", "8O", "1,000", "nan", "inf", "0x10", "--1", ".", "1e999", "８"])
def test_text_in_a_numeric_column_is_reported_with_its_line(text: str) -> None:
    reported = message(GOOD | {"steel": ["80", text, "1"]})
    assert "line 3, column steel" in reported
    assert repr(text) in reported


@pytest.mark.parametrize("text", ["80", "0", ".5", "5.", "0.5", "1e5", "1.5E-07", "-9", "-9.0"])
def test_every_number_format_of_the_publishers_is_accepted(text: str) -> None:
    check(small_table(), strings(GOOD | {"steel": ["80", text, "1"]}), MEMBERS)


@pytest.mark.parametrize("text", ["1816.5", "1816.0", "+1816", "1e3"])
def test_an_integer_has_no_decimal_point(text: str) -> None:
    assert "a whole number" in message(GOOD | {"year": ["1816", "1817", text]})


def test_only_a_declared_missing_mark_is_accepted() -> None:
    cells = GOOD | {"steel": ["80", ".", "1"]}
    check(small_table(missing_marks=["."]), strings(cells), MEMBERS)
    assert "'.'" in message(cells)


@pytest.mark.parametrize("text", ["-1", "-8", "-99", "-0.5"])
def test_an_undeclared_negative_code_is_refused(text: str) -> None:
    reported = message(GOOD | {"steel": ["80", "1", text]})
    assert "line 4, column steel" in reported
    assert repr(text) in reported
    assert "missing code: -9" in reported


def test_a_column_with_a_range_may_be_negative_within_it() -> None:
    cells = GOOD | {"steel": ["-10", "10", "-66"]}
    codes = [{"codes": [-66], "columns": ["steel"]}]
    check(small_table(ranges={"steel": [-10, 10]}, missing_codes=codes), strings(cells), MEMBERS)
    assert "'-11'" in message(cells | {"steel": ["-11", "10", "1"]}, ranges={"steel": [-10, 10]})


@pytest.mark.parametrize("year", ["1815", "2017", "-9"])
def test_a_value_outside_its_range_is_reported_with_the_range(year: str) -> None:
    reported = message(GOOD | {"year": ["1816", "1817", year]})
    assert "line 4, column year" in reported
    assert "from 1816 to 2016" in reported
    assert repr(year) in reported


# ---------------------------------------------------------------- keys


def test_a_duplicate_key_is_reported_with_values_and_lines() -> None:
    reported = message(GOOD | {"year": ["1816", "1816", "1816"]})
    assert "ccode 2, year 1816" in reported
    assert "lines 2, 3" in reported


def test_two_spellings_of_a_number_are_the_same_key() -> None:
    assert "ccode 2, year 1816" in message(GOOD | {"ccode": ["2", "02", "200"], "year": ["1816", "1816", "1816"]})


def test_known_duplicates_are_an_upper_bound() -> None:
    cells = GOOD | {"year": ["1816", "1816", "1816"]}
    known = {"rows": 1, "reason": "two spells"}
    check(small_table(known_duplicates=known), strings(cells), MEMBERS)
    more = {name: [*column, column[0]] for name, column in cells.items()}
    assert "2 surplus rows" in message(more, known_duplicates=known)


def test_empty_keys_beyond_the_known_number_are_refused() -> None:
    cells = GOOD | {"ccode": ["2", "2", None]}
    assert "line 4" in message(cells)
    check(small_table(known_empty_keys={"rows": 1, "reason": "no code"}), strings(cells), MEMBERS)


# ---------------------------------------------------------------- membership


def test_a_state_year_outside_membership_is_reported() -> None:
    reported = message(GOOD | {"year": ["1816", "1818", "1816"]})
    assert "line 3" in reported
    assert "ccode 2, year 1818" in reported


def test_a_missing_membership_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="requires the membership"):
        check(small_table(), strings(GOOD))


def test_line_numbers_are_those_of_the_file() -> None:
    cells = GOOD | {"steel": ["80", "x", "1"]}
    assert "line 7, " in message(cells, skip_lines=4)
    assert "observation 2, " in message(cells, format="stata", encoding=None)


# ---------------------------------------------------------------- the real tables


@pytest.fixture(scope="module")
def members(mirror: Path) -> Membership:
    spells = real_table("state_system_spells", mirror).to_pylist()
    return membership_of(
        (int(s["ccode"]), year) for s in spells for year in range(int(s["styear"]), int(s["endyear"]) + 1)
    )


def test_the_state_list_has_the_known_number_of_state_years(members: Membership) -> None:
    assert len(members) == 17_511
    assert sum(member % 10_000 <= 2016 for member in members.to_pylist()) == 15_951
    assert sum(member % 10_000 <= 2000 for member in members.to_pylist()) == 12_854


@pytest.mark.parametrize("name", catalog().raw_tables)
def test_every_real_table_meets_its_contract(mirror: Path, members: Membership, name: str) -> None:
    check(catalog().raw_tables[name].table, real_table(name, mirror), members)


@pytest.mark.parametrize("name", catalog().raw_tables)
def test_every_real_contract_detects_each_missing_column(mirror: Path, members: Membership, name: str) -> None:
    contract, table = catalog().raw_tables[name].table, real_table(name, mirror)
    for column in contract.columns:
        with pytest.raises(WarehouseError) as caught:
            check(contract, table.drop_columns(column), members)
        assert f"missing: {column!r}" in caught.value.found


@pytest.mark.parametrize("name", catalog().raw_tables)
def test_every_real_contract_detects_a_duplicate_row(mirror: Path, members: Membership, name: str) -> None:
    contract, table = catalog().raw_tables[name].table, real_table(name, mirror)
    with pytest.raises(WarehouseError, match="Duplicate key"):
        check(contract, pa.concat_tables([table, table.slice(0, 1)]), members)


def test_the_declared_known_faults_occur_in_the_files(mirror: Path, members: Membership) -> None:
    for entry in catalog().raw_tables.values():
        for fault in ("known_duplicates", "known_empty_keys"):
            known = getattr(entry.table, fault)
            if known:
                fewer = known.model_copy(update={"rows": known.rows - 1})
                with pytest.raises(WarehouseError):
                    check(entry.table.model_copy(update={fault: fewer}), real_table(entry.table.name, mirror), members)


@pytest.mark.parametrize("name", ["national_capabilities", "state_system_years"])
def test_a_real_state_year_outside_membership_is_reported(mirror: Path, members: Membership, name: str) -> None:
    contract, table = catalog().raw_tables[name].table, real_table(name, mirror)
    row = table.slice(0, 1).to_pylist()[0] | {"ccode": "260", "year": "1991"}
    with_row = pa.concat_tables([table, pa.Table.from_pylist([row], schema=table.schema)])
    with pytest.raises(WarehouseError, match="ccode 260, year 1991"):
        check(contract, with_row, members)
