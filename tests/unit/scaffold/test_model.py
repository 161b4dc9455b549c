"""A new dbt model has the form that its layer requires."""

from pathlib import Path

import pytest
import yaml

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import DBT_PROJECT, SOURCES_DIR
from orchestration.scaffold.model import new_model


def texts(name: str, layer: str, table: str | None = None) -> dict[str, str]:
    files = new_model(SOURCES_DIR, DBT_PROJECT, name, layer, table)
    return {path.relative_to(DBT_PROJECT / "models").as_posix(): text for path, text in files.new.items()}


def test_a_mart_has_a_contract_and_a_key() -> None:
    written = texts("trial_years", "marts")
    assert list(written) == ["marts/trial_years.sql", "marts/trial_years.yml"]
    (model,) = yaml.safe_load(written["marts/trial_years.yml"])["models"]
    assert (model["latest_version"], [version["v"] for version in model["versions"]]) == (1, [1])
    assert model["constraints"] == [{"type": "primary_key", "columns": ["cow_code", "year"]}]
    assert all({"name", "data_type", "description", "config"} <= set(column) for column in model["columns"])
    assert "with spine as (\n    select * from {{ ref('int_state_years') }}\n)," in written["marts/trial_years.sql"]


def test_a_mart_is_exported() -> None:
    changed = new_model(SOURCES_DIR, DBT_PROJECT, "trial_years", "marts", None).changed
    (exposures,) = changed.values()
    before = yaml.safe_load((DBT_PROJECT / "models" / "exposures.yml").read_text())["exposures"]
    before[-1]["depends_on"].append("ref('trial_years')")
    assert before[-1]["name"] == "export"
    assert yaml.safe_load(exposures)["exposures"] == before


def test_an_intermediate_model_has_a_folder_of_its_own() -> None:
    written = texts("int_example", "intermediate")
    assert list(written) == ["intermediate/example/int_example.sql", "intermediate/example/int_example.yml"]
    (model,) = yaml.safe_load(written["intermediate/example/int_example.yml"])["models"]
    assert model["data_tests"][0]["unique_combination_of_columns"]["name"] == "int_example_key"


def test_a_staging_model_follows_the_record_of_its_raw_table() -> None:
    written = texts("stg_example__capabilities", "staging", "national_capabilities")
    sql = written["staging/example/stg_example__capabilities.sql"]
    assert "{{ to_integer('ccode') }} as cow_code" in sql
    assert "{{ to_double('milex', missing_codes('national_capabilities', 'milex')) }} as milex" in sql
    (model,) = yaml.safe_load(written["staging/example/stg_example__capabilities.yml"])["models"]
    assert model["data_tests"][1]["accepted_ranges"]["arguments"]["ranges"]["cinc"] == {"min": 0, "max": 1}


@pytest.mark.parametrize(
    ("name", "layer", "table", "message"),
    [
        ("country_years", "marts", None, "exists already"),
        ("int_economy", "intermediate", None, "exists already"),
        ("economy", "intermediate", None, "name is not valid"),
        ("int_economy", "marts", None, "name is not valid"),
        ("stg_x__y", "staging", None, "reads a raw table"),
        ("stg_x__y", "staging", "nothing", "reads a raw table"),
        ("int_x", "intermediate", "polity5", "Only a staging model"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(name: str, layer: str, table: str | None, message: str) -> None:
    with pytest.raises(WarehouseError, match=message):
        new_model(SOURCES_DIR, Path(DBT_PROJECT), name, layer, table)
