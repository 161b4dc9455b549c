"""Queries of a publication: read-only, without access to anything else, with readable results and errors."""

import io
import json
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.text_tables import render_screen, render_table
from orchestration.query.run import write_result
from orchestration.store.publication_file import PublicationFile


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        for schema in ("marts", "results", "meta"):
            connection.execute(f"create schema {schema}")
        connection.execute("create table marts.country_years (cow_code integer, infant_mortality_rate double)")
        connection.execute("create table results.models (model varchar, pseudo_r2 double)")
        connection.execute(
            "create table marts.t as select * from (values (1, 'a, b', true), (2, null, false)) v(n, words, ok)"
        )
    return path


def result(path: Path, statement: str, output_format: str) -> bytes:
    out = io.BytesIO()
    write_result(PublicationFile(path), statement, output_format, out)
    return out.getvalue()


def test_result_in_every_format(published: Path) -> None:
    statement = "select * from t order by n"
    assert result(published, statement, "csv").decode() == 'n,words,ok\n1,"a, b",true\n2,,false\n'
    assert json.loads(result(published, statement, "json")) == [
        {"n": 1, "words": "a, b", "ok": True},
        {"n": 2, "words": None, "ok": False},
    ]
    table = pyarrow.parquet.read_table(io.BytesIO(result(published, statement, "parquet")))
    assert table.to_pydict() == {"n": [1, 2], "words": ["a, b", None], "ok": [True, False]}
    assert result(published, statement, "table").decode().splitlines()[2:] == [
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
        "copy (select 1) to '/dev/stdout'",
        "export database '/tmp/never'",
        "attach '/tmp/never.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "select * from read_text('/etc/hostname')",
        "select * from glob('/*')",
        "from '/etc/passwd'",
        "pragma database_list",
        "/* a comment */ -- and another\n pragma version",
        "call pragma_version()",
        "set enable_external_access = true",
        "set threads = 1",
        "set variable x = 1",
        "reset threads",
        "use main",
        "create temp table u as select 1",
        "explain analyze create temp table u as select 1",
        "select 1; select 2",
        "select 1; delete from t",
        "-- nothing but a comment",
        "",
        "select * from statement",  # a variable of this process must not be read as a table
        "select * from no_such_table",
        "selec 1",
    ],
)
def test_other_statements_are_refused(published: Path, statement: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        result(published, statement, "table")
    assert caught.value.found or caught.value.where
    assert caught.value.next_step
    assert not Path("/tmp/never.csv").exists()


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("select infant_mortalty_rate from country_years", "Did you mean infant_mortality_rate (marts.country_years)?"),
        (
            "select c.infant_mortalty_rate from country_years c",
            "Did you mean infant_mortality_rate (marts.country_years)?",
        ),
        ("select pseudo_r2 from country_years", "Join or query results.models, which has the column pseudo_r2."),
        ("select * from marts.countryyears", "Did you mean marts.country_years?"),
        ("from build.marts.country_years", "Query marts.country_years."),  # the name on the pages of Dagster
        ("from build.marts.nothing", "Name tables as schema.table."),
        ("select zzz from models", 'List the columns with warehouse sql "describe results.models".'),
    ],
)
def test_error_suggests_similar_names(published: Path, statement: str, hint: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        result(published, statement, "table")
    assert caught.value.next_step == hint


def test_error_points_at_the_position(published: Path) -> None:
    with pytest.raises(WarehouseError) as caught:
        result(published, "select cow_code,\n  polty2 from country_years", "table")
    shown = str(caught.value).splitlines()
    line_number = next(i for i, line in enumerate(shown) if "LINE 2:" in line)
    assert shown[line_number + 1].index("^") == shown[line_number].index("polty2")


def test_csv_distinguishes_null_from_empty_text(published: Path) -> None:
    statement = "select null as nothing, '' as empty, 'a\"b' as quote, 'x\ny' as lines"
    assert result(published, statement, "csv").decode() == 'nothing,empty,quote,lines\n,"","a""b","x\ny"\n'


@pytest.mark.parametrize("output_format", ["csv", "json"])
def test_numbers_keep_every_digit(published: Path, output_format: str) -> None:
    numbers = [0.1 + 0.2, 1 / 3, 1e-300, 123456789.123456789, -2.5e22]
    statement = "select * from (values " + ", ".join(f"({n!r}::double)" for n in numbers) + ") v(x)"
    text = result(published, statement, output_format).decode()
    back = [float(x) for x in text.split()[1:]] if output_format == "csv" else [r["x"] for r in json.loads(text)]
    assert back == numbers


def test_json_of_nan_decimals_dates_and_lists(published: Path) -> None:
    statement = (
        "select 'nan'::double as n, 0.10::decimal(4, 2) as d, date '1816-01-01' as day, [1, null] as list, 'Å' as text"
    )
    assert json.loads(result(published, statement, "json")) == [
        {"n": "nan", "d": 0.1, "day": "1816-01-01", "list": [1, None], "text": "Å"}
    ]


@pytest.mark.parametrize("output_format", ["csv", "json", "parquet"])
def test_repeated_column_names_are_made_distinct(published: Path, output_format: str) -> None:
    text = result(published, "select 1 as year, 2 as year, 3 as year_2", output_format)
    if output_format == "parquet":
        names = pyarrow.parquet.read_table(io.BytesIO(text)).column_names
    else:
        names = text.decode().splitlines()[0].split(",") if output_format == "csv" else list(json.loads(text)[0])
    assert len(set(names)) == 3
    assert {"year", "year_2"} < set(names)


def test_screen_lists_the_columns_that_do_not_fit() -> None:
    shown = render_screen(["name", "long_column_name", "other"], [("a", 1, 2), ("b", None, 3)], width=24)
    assert shown.splitlines()[0] == "name  long_column_name"
    assert "1 more column not shown: other" in shown
    assert "NULL" in shown
    assert render_screen(["a", "long"], [(1, "x" * 50)], width=20).splitlines()[0] == "a     1"


def test_missing_publication(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="warehouse run"):
        result(tmp_path / "none.duckdb", "select 1", "table")


def test_numbers_are_right_aligned() -> None:
    assert render_table(["name", "n"], [("a", 10)]) == "name   n\n----  --\na     10\n(1 row)\n"
