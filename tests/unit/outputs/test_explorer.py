"""The explorer's copy of a publication, its front end's sources and lock, and its errors; no Node and no browser."""

import base64
import gzip
import json
import re
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli.main import main
from orchestration.core.errors import WarehouseError
from orchestration.outputs.explorer import frontend
from orchestration.outputs.explorer.frontend import FRONTEND, built_frontend, pack, source_files, sources_hash
from orchestration.outputs.explorer.reduced import LEFT_OUT, write_reduced
from orchestration.store.publication_file import PublicationFile


@pytest.fixture
def publication(tmp_path: Path) -> PublicationFile:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        for schema in ("marts", "results", "meta"):
            connection.execute(f"create schema {schema}")
        connection.execute("create table marts.countries (cow_code integer primary key, state_name varchar)")
        connection.execute("insert into marts.countries values (365, 'Russia'), (2, null), (155, 'Chile')")
        connection.execute("comment on table marts.countries is 'One row per state: it''s a list.'")
        connection.execute("create table marts.dyad_years as select range as cow_code from range(7)")
        connection.execute("create table meta.publication as select 'id' as publication_id")
    return PublicationFile(path)


def test_the_copy_has_the_rows_and_says_what_it_lacks(publication: PublicationFile, tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    assert write_reduced(publication, copy, {"verdict": "It's so."}) == {"marts.dyad_years": 7}
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.execute("from marts.countries").fetchall() == [(365, "Russia"), (2, None), (155, "Chile")]
        comment = "select table_comment from information_schema.tables where table_name = 'countries'"
        assert connection.execute(comment).fetchall() == [("One row per state: it's a list.",)]
        left_out = connection.execute("from meta.explorer_left_out").fetchall()
        assert left_out == [("marts.dyad_years", 7, LEFT_OUT["marts.dyad_years"])]
        assert connection.execute("from meta.explorer_facts").fetchall() == [("verdict", "It's so.")]
        with pytest.raises(duckdb.CatalogException):
            connection.execute("from marts.dyad_years")


def test_a_missing_publication_is_named(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"nothing\.duckdb"):
        write_reduced(PublicationFile(tmp_path / "nothing.duckdb"), tmp_path / "copy.duckdb", {})


def test_without_node_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(frontend.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WarehouseError) as error:
        built_frontend(tmp_path / "cache")
    assert "\n" not in str(error.value)
    assert "pip install 'alliance-formation-warehouse[explore]'" in str(error.value)
    assert list((tmp_path / "cache").glob("*/*")) == [], "nothing half built is left in the cache"


def test_a_built_front_end_is_found_by_the_hash_of_its_sources(tmp_path: Path) -> None:
    folder = tmp_path / sources_hash()[:16]
    folder.mkdir()
    assert built_frontend(tmp_path) == folder


def test_an_asset_is_gzip_in_base64_and_always_the_same() -> None:
    packed = pack(b"bytes" * 100)
    assert gzip.decompress(base64.b64decode(packed)) == b"bytes" * 100
    assert pack(b"bytes" * 100) == packed


def test_the_lock_has_hashes_and_no_addresses() -> None:
    packages = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    wanted = json.loads((FRONTEND / "package.json").read_text())
    assert {name: packages[""][name] for name in ("dependencies", "devDependencies")} == {
        name: wanted[name] for name in ("dependencies", "devDependencies")
    }
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


@pytest.mark.parametrize("path", source_files(), ids=lambda path: path.name)
def test_sources_are_small_and_never_make_markup_from_text(path: Path) -> None:
    text = path.read_text()
    assert path.name == "package-lock.json" or len(text.splitlines()) <= 400
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)


def test_the_page_allows_no_script_but_its_own_and_no_network() -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', (FRONTEND / "page.html").read_text())
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'sha256-$script_hash' 'wasm-unsafe-eval'"
    assert rules["worker-src"] == "blob:"
    assert "connect-src" not in rules


def test_help_names_the_options() -> None:
    text = CliRunner().invoke(main, ["explore", "--help"]).output
    for option in ("--output", "--publication", "--open"):
        assert option in text
