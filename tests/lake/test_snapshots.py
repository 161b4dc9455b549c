"""Publications of a few rows in a lake: complete or absent, found by id, expired, and safe from queries."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.publication.kept import find, kept_publications
from orchestration.query.run import open_published, run_query
from orchestration.store.lake import publish as lake_publish
from orchestration.store.lake.catalogue import PUBLISHED, attached, data_path
from orchestration.store.lake.publish import publish_to_lake
from orchestration.store.lake.snapshots import snapshots
from orchestration.store.protocol import StoredPublication
from tests.support.shell import REPOSITORY

pytestmark = pytest.mark.slow


def publish(settings: Settings, number: int, with_dyads: bool = False) -> None:
    """Write the publication ``number`` as a file, and copy it into the lake."""
    write_file(settings, number, with_dyads)
    publish_to_lake(settings)


def write_file(settings: Settings, number: int, with_dyads: bool = False) -> None:
    settings.warehouse_path.unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        for schema in ("marts", "results", "meta"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            f"create table meta.publication as select 'p{number}' as publication_id,"
            f" timestamptz '2026-01-0{number} 00:00:00Z' as published_at, 'f{number}' as fingerprint,"
            " 'm' as mart_fingerprint, true as is_synthetic, '0' as software_version, 'SYNTHETIC' as note"
        )
        connection.execute(
            "create table meta.sources as select 's' as source, 'f.csv' as file, '1' as version, 'h' as sha256"
        )
        connection.execute(
            "create table marts.country_years as select 2::integer as cow_code, (1816 + i)::integer as year,"
            f" {number} + i / 3 as cinc, i > 1 as is_major_power, nullif(i, 2)::bigint as n from range(1000) as r(i)"
        )
        connection.execute("comment on table marts.country_years is 'It''s the panel'")
        connection.execute("comment on column marts.country_years.cinc is 'Share'")
        if with_dyads:
            connection.execute("create table marts.dyad_years as select 1 as a")


def rows(publication: StoredPublication, statement: str) -> list[tuple]:
    with open_published(publication) as connection:
        return run_query(connection, statement).fetchall()


def files(settings: Settings) -> set[Path]:
    return set(Path(data_path(settings, PUBLISHED)).rglob("*.parquet"))


def test_an_earlier_publication_has_the_earlier_values(settings: Settings) -> None:
    publish(settings, 1, with_dyads=True)
    publish(settings, 2)
    first, second = "select sum(cinc), any_value(publication_id) from country_years, publication", [(168500.0, "p2")]
    assert rows(find(settings, "p1"), first) == [(167500.0, "p1")]
    assert rows(find(settings, "previous"), first) == [(167500.0, "p1")]
    assert rows(find(settings), first) == rows(find(settings, "current"), first) == second
    assert rows(find(settings, "p1"), "select * from dyad_years") == [(1,)]
    with pytest.raises(WarehouseError, match="Table dyad_years not found"):
        rows(find(settings, "p2"), "select * from dyad_years")
    with pytest.raises(WarehouseError, match="no id that begins with it"):
        find(settings, "p3")
    kept = kept_publications(settings)
    assert [(one.publication_id, one.is_current, one.country_years, one.lacks) for one in kept] == [
        ("p2", True, 1000, ()),
        ("p1", False, 1000, ()),
    ]


def test_rows_types_and_descriptions_equal_the_file(settings: Settings) -> None:
    publish(settings, 1)
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as file:
        expected = file.execute("from marts.country_years order by all").to_arrow_table()
    with open_published(find(settings)) as lake:
        assert lake.execute("from country_years order by all").to_arrow_table().equals(expected)
        query = "select table_comment from information_schema.tables where table_name = 'country_years'"
        assert lake.execute(query).fetchall() == [("It's the panel",)]
        query = "select column_name, comment from duckdb_columns() where comment is not null and schema_name = 'marts'"
        assert lake.execute(query).fetchall() == [("cinc", "Share")]


def test_duckdb_reads_a_pinned_snapshot_or_a_version(settings: Settings) -> None:
    """As docs/lake.md describes for users of DuckDB in any language."""
    publish(settings, 1)
    publish(settings, 2)
    first, _ = snapshots(settings)
    query = "select min(cinc) from lake.marts.country_years"
    with attached(settings, PUBLISHED) as now, attached(settings, PUBLISHED, snapshot=first.version) as then:
        assert now.execute(query).fetchall() == [(2.0,)]
        assert now.execute(f"{query} at (version => {first.version})").fetchall() == [(1.0,)]
        assert then.execute(query).fetchall() == [(1.0,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            now.execute("drop table lake.marts.country_years")


def test_a_kill_inside_the_transaction_changes_nothing(settings: Settings) -> None:
    publish(settings, 1)
    write_file(settings, 2)
    before = files(settings)
    program = f"""
import os, signal, sys
from pathlib import Path
from orchestration.store.lake import publish
from orchestration.core.settings import Settings
replace = publish._replace_tables
def replace_and_be_killed(*arguments):
    replace(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
publish._replace_tables = replace_and_be_killed
publish.publish_to_lake(Settings(data_dir=Path({str(settings.data_dir)!r}), lake_address=os.environ["ADDRESS"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        check=False,
        env=os.environ | {"ADDRESS": settings.lake_address},
    )
    assert done.returncode == -signal.SIGKILL
    assert files(settings) > before, "files were written before the kill"
    assert [one.publication_id for one in snapshots(settings)] == ["p1"]
    assert rows(find(settings), "select min(cinc) from country_years") == [(1.0,)]
    publish_to_lake(settings)
    assert rows(find(settings), "select min(cinc) from country_years") == [(2.0,)]


def test_an_older_publication_is_refused(settings: Settings) -> None:
    publish(settings, 2)
    publish_to_lake(settings)
    write_file(settings, 1)
    with pytest.raises(WarehouseError, match="Refusing to overwrite a newer publication"):
        publish_to_lake(settings)
    assert [one.publication_id for one in snapshots(settings)] == ["p2"]


def test_old_publications_expire_and_their_files_later(settings: Settings, monkeypatch) -> None:
    for number in (1, 2):
        publish(settings, number)
    oldest = find(settings, "p1")
    reader = open_published(oldest)
    for number in (3, 4):
        publish(settings, number)
    assert [one.publication_id for one in snapshots(settings)] == ["p3", "p4"]
    with pytest.raises(WarehouseError, match="Publication not found"):
        find(settings, "p1")
    # A connection opened before the expiry still works: the files are there.
    assert reader.execute("select min(cinc) from marts.country_years").fetchall() == [(1.0,)]
    many = len(files(settings))
    monkeypatch.setattr(lake_publish, "GRACE", "interval 0 seconds")
    publish(settings, 5)
    assert len(files(settings)) == many / 2  # two of four publications, all of the same tables
    assert [one.publication_id for one in snapshots(settings)] == ["p4", "p5"]
    for publication_id, least in (("p4", 4.0), ("p5", 5.0)):
        assert rows(find(settings, publication_id), "select min(cinc) from country_years") == [(least,)]


FORBIDDEN = [
    "select * from postgres_query('__ducklake_metadata_lake', 'select 1 as a')",
    "select * from postgres_scan('host=127.0.0.1', 'alliance_formation', 'ducklake_snapshot')",
    "select * from ducklake_cleanup_old_files('lake', cleanup_all => true)",
    "select * from read_csv('/etc/passwd')",
    "select * from read_parquet('https://example.org/a.parquet')",
    "from glob('/*')",
    "select * from query('from glob(''/*'')')",
    "attach 'ducklake:postgres:host=127.0.0.1' as other",
    "set allowed_paths = ['/etc/passwd']",
    "load postgres_scanner",
    "copy country_years to '/tmp/copied.csv'",
]


def test_a_query_reaches_the_publication_only(settings: Settings) -> None:
    publish(settings, 1)
    with open_published(find(settings)) as connection:
        for statement in FORBIDDEN:
            with pytest.raises(WarehouseError):
                run_query(connection, statement)
            with pytest.raises(duckdb.Error):  # also without run_query, which allows only SELECT
                connection.execute(statement)
