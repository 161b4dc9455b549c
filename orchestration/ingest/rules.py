"""Rules that the cells of a raw table obey beside type, range and key: order, constants, uniqueness, plain text."""

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.contract_errors import fail, lines_of
from orchestration.ingest.records import KnownFault, RawTable

CONTROL_CHARACTERS = r"[\x00-\x1F\x7F]"
SHOWN_CHARACTERS = 80


def check_rules(contract: RawTable, table: pa.Table) -> None:
    """Check the rules that a contract declares, and that no text has a control character.

    Parameters
    ----------
    contract : RawTable
        What the table must look like.
    table : pyarrow.Table
        String columns, whose numbers are known to be numbers.

    Raises
    ------
    WarehouseError
        If a text has a control character, a column that must be constant has another value, a value that must be
        unique occurs twice, or two numbers are out of order; in more rows than the contract accepts.
    """
    for name, kind in contract.column_types.items():
        if kind == "text":
            _check_plain_text(contract, table, name)
    for name, constant in contract.constants.items():
        _check_constant(contract, table, name, constant)
    for name in contract.unique:
        _check_unique(contract, table, name)
    for order in contract.orders:
        _check_order(contract, table, order.smaller, order.larger, order.known)


def _check_plain_text(contract: RawTable, table: pa.Table, name: str) -> None:
    rows = _rows(pc.match_substring_regex(table[name], CONTROL_CHARACTERS))
    if len(rows) > _accepted(contract.known_control_characters):
        found = repr(table[name][rows[0]].as_py())[:SHOWN_CHARACTERS]
        position = f"{lines_of(contract, rows)}, column {name}"
        fail(contract, "A text has a control character.", position, "characters that can be printed", found)


def _check_constant(contract: RawTable, table: pa.Table, name: str, constant: str) -> None:
    rows = [row for row, value in enumerate(table[name].to_pylist()) if value != constant]
    if rows:
        found = f"{table[name][rows[0]].as_py()!r} in {len(rows)} rows"
        position = f"{lines_of(contract, rows)}, column {name}"
        fail(contract, "A column that is constant has another value.", position, repr(constant), found)


def _check_unique(contract: RawTable, table: pa.Table, name: str) -> None:
    rows_by_value: dict[str, list[int]] = {}
    for row, value in enumerate(table[name].to_pylist()):
        if value is not None:
            rows_by_value.setdefault(value, []).append(row)
    for value, rows in rows_by_value.items():
        if len(rows) > 1:
            position = f"{lines_of(contract, rows)}, column {name}"
            fail(contract, "A value that is unique occurs twice.", position, "distinct values", repr(value))


def _check_order(contract: RawTable, table: pa.Table, smaller: str, larger: str, known: KnownFault | None) -> None:
    one, other = _numbers(contract, table, smaller), _numbers(contract, table, larger)
    rows = _rows(pc.greater(one, other))
    accepted = _accepted(known)
    if len(rows) > accepted:
        expected = f"{smaller} at most {larger}" + (f", except in {accepted} known rows" if accepted else "")
        found = f"{smaller} {table[smaller][rows[0]].as_py()}, {larger} {table[larger][rows[0]].as_py()}"
        found += f"; {len(rows)} such rows"
        fail(contract, "Two numbers are out of order.", lines_of(contract, rows), expected, found)


def _numbers(contract: RawTable, table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column as doubles, NULL where it is empty, marked or coded as missing."""
    marks = pa.array(contract.missing_marks, pa.string())
    text = table[name]
    values = pc.cast(pc.if_else(pc.is_in(text, value_set=marks), pa.scalar(None, pa.string()), text), pa.float64())
    codes = pa.array(contract.missing_codes_of(name), pa.float64())
    return pc.if_else(pc.is_in(values, value_set=codes), pa.scalar(None, pa.float64()), values)


def _rows(mask: pa.ChunkedArray | pa.BooleanArray) -> list[int]:
    """Rows, from 0, in which a mask is true; NULL is not."""
    return [row for row, value in enumerate(mask.to_pylist()) if value]


def _accepted(known: KnownFault | None) -> int:
    return known.rows if known else 0
