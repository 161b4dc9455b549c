"""The files of a new dbt model, in the form that its layer requires."""

from pathlib import Path
from typing import Any

from orchestration.core.errors import WarehouseError
from orchestration.ingest.catalog import load_catalog
from orchestration.scaffold import staging
from orchestration.scaffold.files import Files
from orchestration.scaffold.names import checked_name, sql_comment
from orchestration.scaffold.staging import unique_key
from orchestration.scaffold.state_years import import_ctes
from orchestration.scaffold.yaml_text import OneLine, OneLineMapping, yaml_text

PATTERNS = {
    "staging": (r"stg_[a-z0-9]+(_[a-z0-9]+)*__[a-z0-9]+(_[a-z0-9]+)*", "stg_cow__state_spells"),
    "intermediate": (r"int_[a-z0-9]+(_[a-z0-9]+)*", "int_state_years"),
    "marts": (r"(?!stg_|int_)[a-z][a-z0-9_]*", "country_years"),
}
LONGEST = 50  # of a name; the names of its tests then have at most 60 characters
KEY = (("cow_code", "COW state code.", "code"), ("year", "Calendar year.", "calendar year"))
SPINE = "int_state_years"


def new_model(catalog_dir: Path, dbt_project: Path, name: str, layer: str, raw_table: str | None) -> Files:
    """Make the files of a new model.

    An intermediate model or mart has one row per state-year and only its key; columns are added to it.

    Parameters
    ----------
    catalog_dir : Path
        Folder of the source records.
    dbt_project : Path
        Folder of the dbt project.
    name : str
        Name of the model.
    layer : {"staging", "intermediate", "marts"}
        Its layer.
    raw_table : str or None
        The raw table that a staging model reads; required for one, and not allowed for any other.

    Returns
    -------
    Files
        SQL, and YAML with description, tests of the key, and for a mart the contract.

    Raises
    ------
    WarehouseError
        If the name does not fit the layer or is taken, or the raw table is not known.
    """
    checked_name(name, PATTERNS[layer][0], LONGEST, PATTERNS[layer][1])
    taken = [path for path in dbt_project.rglob("*") if path.stem == name and path.suffix in (".sql", ".csv")]
    if taken:
        raise WarehouseError(
            "A model of this name exists already; nothing was written.",
            where=str(taken[0]),
            expected="a new name",
            found=name,
            next_step="Choose another name.",
        )
    models = dbt_project / "models"
    if layer == "staging":
        model = _staging_of(catalog_dir, name, raw_table)
        folder = models / layer / name.removeprefix("stg_").split("__")[0]
        return _files(folder / name, staging.staging_sql(model), staging.staging_yml(model, {}))
    if raw_table:
        raise WarehouseError(
            "Only a staging model reads a raw table.",
            where=name,
            expected="--table with --layer staging",
            found=f"--layer {layer} --table {raw_table}",
            next_step="Omit --table, or write a staging model first.",
        )
    if layer == "intermediate":
        return _files(models / layer / name.removeprefix("int_") / name, _state_years_sql(name), _state_years_yml(name))
    new = _files(models / layer / name, _state_years_sql(name), _mart_yml(name)).new
    exposures = models / "exposures.yml"
    return Files(new, {exposures: _with_exported_mart(exposures, name)})


def _files(stem: Path, sql: str, yml: str) -> Files:
    return Files({stem.with_suffix(".sql"): sql, stem.with_suffix(".yml"): yml})


def _staging_of(catalog_dir: Path, name: str, raw_table: str | None) -> staging.StagingModel:
    tables = load_catalog(catalog_dir).raw_tables
    if raw_table is None or raw_table not in tables:
        raise WarehouseError(
            "A staging model reads a raw table.",
            where=name,
            expected=f"--table with one of {', '.join(sorted(tables))}",
            found=f"--table {raw_table}" if raw_table else "no --table",
            next_step="Pass --table NAME; `warehouse new source` adds a raw table.",
        )
    contract = tables[raw_table].table
    roles = {"year": ("year", "Calendar year.")} if "year" in contract.named_columns else {}
    if contract.membership_key:
        code, year = contract.membership_key
        roles = {code: ("cow_code", "COW state code."), year: ("year", "Calendar year.")}
    return staging.staging_model(name, contract, roles, {}, name)


def _state_years_sql(name: str) -> str:
    return (
        sql_comment(f"{name}: one row per state-year in the system.")
        + import_ctes({"spine": SPINE})
        + ",\n\nstate_years as (\n    select\n        cow_code,\n        year\n    from spine\n)\n\n"
        + "select * from state_years\n"
    )


def _state_years_yml(name: str) -> str:
    columns = [{"name": column, "description": described} for column, described, _ in KEY]
    return yaml_text({"models": [{"name": name, **_state_years_tested(name), "columns": columns}]})


def _mart_yml(name: str) -> str:
    columns = [
        {
            "name": column,
            "data_type": "integer",
            "description": described,
            "config": {"meta": OneLineMapping(unit=unit, source="COW state system")},
            "constraints": [OneLineMapping(type="not_null")],
        }
        for column, described, unit in KEY
    ]
    version = OneLineMapping(v=1, defined_in=name, config=OneLineMapping(alias=name))
    content = {
        "name": name,
        "latest_version": 1,
        "versions": OneLine([version]),
        "constraints": [OneLineMapping(type="primary_key", columns=OneLine([column for column, _, _ in KEY]))],
        **_state_years_tested(name),
        "columns": columns,
    }
    return yaml_text({"models": [content]})


def _state_years_tested(name: str) -> dict[str, Any]:
    return {
        "description": f"{name}: one row per state-year in the system.",
        "data_tests": [unique_key(f"{name}_key", [column for column, _, _ in KEY], "A state-year")],
    }


def _with_exported_mart(path: Path, name: str) -> str:
    """Add a mart to the last list of the exposures, that of the export, which has every mart."""
    text = path.read_text(encoding="utf-8").rstrip("\n")
    last = text.splitlines()[-1]
    return f"{text}\n{last[: last.index('-')]}- ref('{name}')\n"
