"""The manifest of the dbt project: what its tests are called, and which marts the exposures say are read."""

import re
from collections import Counter
from pathlib import Path

import pytest

from orchestration.build.checks_page import PAGE, checks_of, checks_page
from orchestration.build.manifest import parsed_project
from orchestration.build.run_results import name_of, read_manifest, table_of_test
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.outputs.presentation import DRAWN_MARTS
from orchestration.publication.content import DYADS_TABLE, MART_TABLES

LONGEST_NAME = 60


@pytest.fixture(scope="module")
def manifest() -> dict:
    return read_manifest(parsed_project(Settings(Path("unused"))))


def marts_of(manifest: dict) -> dict[str, dict]:
    nodes = manifest["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model" and node["schema"] == "marts"}


def test_every_check_has_a_short_name_of_its_own_and_a_description(manifest: dict) -> None:
    checks = checks_of(manifest)
    assert {check.name for check in checks if len(check.name) > LONGEST_NAME} == set()
    assert [name for name, times in Counter(check.name for check in checks).items() if times > 1] == []
    assert {check.name for check in checks if len(check.description.split()) < 5} == set()
    assert {check.name for check in checks if not check.table} == set()


def test_a_test_of_one_column_names_it(manifest: dict) -> None:
    columns = {
        f"{node['schema']}.{node['name']}": set(node["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }
    known = {table.split(".")[1]: names for table, names in columns.items()}
    of_columns = [check for check in checks_of(manifest) if check.column]
    assert len(of_columns) > 70
    assert {check.name for check in of_columns if check.column not in known[check.table]} == set()


def test_the_page_of_checks_is_current(manifest: dict) -> None:
    assert PAGE.read_text(encoding="utf-8") == checks_page(manifest), "run make checks, and commit docs/checks.md"


def test_exposures_name_the_marts_that_are_read(manifest: dict) -> None:
    exposures = {
        node["name"]: {name_of(parent) for parent in node["depends_on"]["nodes"]}
        for node in manifest["exposures"].values()
    }
    code = "".join(path.read_text() for path in (REPOSITORY / "orchestration" / "modelling").glob("*.py"))
    assert exposures == {
        "results": set(re.findall(r"build\.marts\.(\w+)", code)),
        "report": set(DRAWN_MARTS),
        "explorer": set(MART_TABLES),
        "export": marts_of(manifest).keys(),
    }


def test_marts_are_versions_under_their_plain_names(manifest: dict) -> None:
    marts = marts_of(manifest)
    assert {*MART_TABLES, DYADS_TABLE} <= marts.keys()
    for name, mart in marts.items():
        assert [mart[key] for key in ("alias", "version", "latest_version", "access")] == [name, 1, 1, "public"]


@pytest.mark.parametrize(
    ("unique_id", "name"),
    [
        ("model.p.country_years.v1", "country_years"),
        ("model.p.stg_atop__members", "stg_atop__members"),
        ("test.p.countries_unique_by_state.a1b2", "countries_unique_by_state"),
        ("unit_test.p.int_polity.codes_are_mapped", "codes_are_mapped"),
        ("source.p.raw.atop", "atop"),
    ],
)
def test_the_name_in_an_id_of_dbt(unique_id: str, name: str) -> None:
    assert name_of(unique_id) == name


def test_a_test_of_several_tables_belongs_to_the_one_that_it_names(manifest: dict) -> None:
    (node,) = (n for n in manifest["nodes"].values() if n["name"] == "every_formation_reaches_the_panel")
    assert len(node["depends_on"]["nodes"]) > 1
    assert table_of_test(node) == "country_years"
