"""Questions to the published file: read-only, nothing beside it, readable answers and errors."""

import io
import json
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from orchestration.errors import WarehouseError
from orchestration.query import render_table, write_answer


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table t as select * from (values (1, 'a, b', true), (2, null, false)) v(n, words, ok)"
        )
    return path


def answer(path: Path, statement: str, output_format: str) -> bytes:
    out = io.BytesIO()
    write_answer(path, statement, output_format, out)
    return out.getvalue()


def test_formats(published: Path) -> None:
    question = "select * from t order by n"
    assert answer(published, question, "csv").decode() == 'n,words,ok\n1,"a, b",true\n2,,false\n'
    assert json.loads(answer(published, question, "json")) == [
        {"n": 1, "words": "a, b", "ok": True},
        {"n": 2, "words": None, "ok": False},
    ]
    table = pyarrow.parquet.read_table(io.BytesIO(answer(published, question, "parquet")))
    assert table.to_pydict() == {"n": [1, 2], "words": ["a, b", None], "ok": [True, False]}
    assert answer(published, question, "table").decode().splitlines()[2:] == [
        "1  a, b   true",
        "2  NULL   false",
        "(2 rows)",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "delete from t",
        "create table u as select 1",
        "select * from read_csv('/etc/passwd')",
        "copy t to '/tmp/never.csv'",
        "attach '/tmp/never.duckdb' as other",
        "set enable_external_access = true",
        "select * from no_such_table",
        "selec 1",
    ],
)
def test_what_cannot_be_asked_is_told_plainly(published: Path, statement: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        answer(published, statement, "table")
    assert caught.value.found and caught.value.next_step


def test_nothing_published(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="warehouse run"):
        answer(tmp_path / "none.duckdb", "select 1", "table")


def test_numbers_to_the_right_and_one_row() -> None:
    assert render_table(["name", "n"], [("a", 10)]) == "name   n\n----  --\na     10\n(1 row)\n"
