"""The country mapping of a source, and an intermediate model with its rows under COW codes, ready to be joined."""

import csv
import io

from orchestration.scaffold.country_codes import CODINGS, Run
from orchestration.scaffold.names import sql_comment
from orchestration.scaffold.staging import StagingModel, unique_key
from orchestration.scaffold.yaml_text import OneLineMapping, yaml_text

COLUMNS = ("coding", "label", "cow_code", "first_year", "last_year", "reason")
TYPES = ("varchar", "varchar", "integer", "integer", "integer", "varchar")


def mapping_name(source: str) -> str:
    """Name of the seed with the country mapping of a source.

    Parameters
    ----------
    source : str
        Name of the source.

    Returns
    -------
    str
        Name of the seed, also of its two files.
    """
    return f"country_mappings_{source}"


def mapping_csv(source: str, coding: str, mapping: list[tuple[str, Run | None]]) -> str:
    """Write the country mapping.

    Parameters
    ----------
    source : str
        Name of the source, also of its coding.
    coding : str
        A key of `CODINGS`.
    mapping : list of (str, Run or None)
        As from `CountryCodes.mapping`.

    Returns
    -------
    str
        CSV with one row for each label and run; a label without a state has no code.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label, run in mapping:
        reason = f"{CODINGS[coding]} of this state" if run else f"no state under this {CODINGS[coding]}"
        writer.writerow([source, label, *(run or ("", "", "")), reason])
    return out.getvalue()


def mapping_yml(source: str, coding: str) -> str:
    """Write documentation and tests of the country mapping.

    Parameters
    ----------
    source : str
        Name of the source.
    coding : str
        A key of `CODINGS`.

    Returns
    -------
    str
        YAML.
    """
    descriptions = (
        f"Name of the coding, always {source}.",
        f"The publisher's label, verbatim; {CODINGS[coding]}.",
        "COW state code; empty where the label denotes no state of the system.",
        "First year in which the label is mapped to the state.",
        "Last year in which the label is mapped to the state.",
        "Why the label is mapped to this state, or why it is not mapped.",
    )
    tests = [
        {
            "mapping_is_unambiguous": {
                "name": f"{source}_labels_are_unambiguous",
                "description": "Two labels lead to the same state and year; the state would have two values.",
            }
        },
        {
            "mapping_within_membership": {
                "name": f"{source}_labels_within_membership",
                "description": "A label leads to a year in which its state is not in the system.",
                "config": {"tags": ["real_data"]},
            }
        },
    ]
    seed = {
        "name": mapping_name(source),
        "description": f"The COW state that each label of {source} denotes, and in which years.",
        "config": {"column_types": OneLineMapping(zip(COLUMNS, TYPES, strict=True))},
        "data_tests": tests,
        "columns": [
            {"name": name, "description": description} for name, description in zip(COLUMNS, descriptions, strict=True)
        ],
    }
    return yaml_text({"seeds": [seed]})


def labels_test(source: str) -> dict[str, object]:
    """Make the test that every label of a source is in its mapping.

    Parameters
    ----------
    source : str
        Name of the source.

    Returns
    -------
    dict
        An item of ``data_tests`` of the column of labels.
    """
    return {
        "labels_accounted_for": {
            "name": f"{source}_labels_are_in_the_mapping",
            "description": "A label is not in the country mapping; its rows would be lost.",
            "arguments": {"mapping": f"ref('{mapping_name(source)}')", "coding": source},
            "config": {"tags": ["real_data"]},
        }
    }


def state_years_sql(source: str, staging: StagingModel, has_mapping: bool) -> str:
    """Write the intermediate model.

    Parameters
    ----------
    source : str
        Name of the source.
    staging : StagingModel
        The model that it reads, one row per country and year.
    has_mapping : bool
        Whether a country mapping leads from its labels to states; otherwise it has COW codes.

    Returns
    -------
    str
        A SELECT with one row per state-year inside the system.
    """
    code = "mappings.cow_code" if has_mapping else "published.cow_code"
    imports = {"published": staging.name, "spine": "int_state_years"}
    if has_mapping:
        imports["mappings"] = mapping_name(source)
    lines = [f"{code},", "published.year,"] + [f"published.{column.name}," for column in staging.values]
    lines[-1] = lines[-1].rstrip(",")
    joins = "from published\n"
    if has_mapping:
        joins += f"inner join mappings\n    on {{{{ mapped_to_state('published', 'mappings', \"'{source}'\") }}}}\n"
    joins += f"inner join spine\n    on {code} = spine.cow_code and published.year = spine.year\n"
    return (
        sql_comment(f"Values of {source} for states in the system, one row per state-year.")
        + import_ctes(imports)
        + "\n\nselect\n"
        + "\n".join(f"    {line}" for line in lines)
        + f"\n{joins}"
    )


def state_years_yml(source: str, staging: StagingModel) -> str:
    """Write documentation and tests of the intermediate model.

    Parameters
    ----------
    source : str
        Name of the source.
    staging : StagingModel
        The model that it reads.

    Returns
    -------
    str
        YAML.
    """
    name = f"int_{source}"
    columns = [("cow_code", "COW state code."), ("year", "Calendar year.")]
    columns += [(column.name, column.description) for column in staging.values]
    model = {
        "name": name,
        "description": f"Values of {source} for states in the system, one row per state-year.",
        "data_tests": [unique_key(f"{name}_key", ["cow_code", "year"], "A state-year")],
        "columns": [{"name": column, "description": description} for column, description in columns],
    }
    return yaml_text({"models": [model]})


def import_ctes(imports: dict[str, str]) -> str:
    """Write the first CTEs of a model, one for each model that it reads.

    Parameters
    ----------
    imports : dict of str to str
        Name of the CTE to name of the model.

    Returns
    -------
    str
        From ``with`` to the last closing parenthesis, without a comma.
    """
    ctes = [f"{name} as (\n    select * from {{{{ ref('{model}') }}}}\n)" for name, model in imports.items()]
    return "with " + ",\n\n".join(ctes)
