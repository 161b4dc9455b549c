"""The page docs/checks.md: every test of the dbt project, by table, with what its failure means."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from orchestration.build.manifest import parsed_project
from orchestration.build.run_results import read_manifest, table_of_test
from orchestration.core.settings import REPOSITORY, Settings

PAGE = REPOSITORY / "docs" / "checks.md"
INTRODUCTION = """\
# Checks

Every test of the dbt project: what it is called in Dagster, in `meta.checks` of a publication and in the messages of a
refresh, and what its failure means. A refresh in which one fails publishes nothing. Tests marked * compare real data
with golden figures and do not run on the sample. `make checks` writes this page.

A raw table is checked before dbt reads it: `contract` (hash, columns, types, ranges and key), `row_count` and `values`
(against the current publication).
"""


class Check(NamedTuple):
    """One test of the dbt project.

    Attributes
    ----------
    table : str
        The model, seed or source that it tests.
    name : str
        Its name.
    column : str
        The column that it tests; empty for a test of a table.
    description : str
        What a failure means; for a unit test, what it shows.
    is_unit_test : bool
        Whether it tests the SQL of a model with invented rows.
    needs_real_data : bool
        Whether it does not run on the sample.
    """

    table: str
    name: str
    column: str
    description: str
    is_unit_test: bool
    needs_real_data: bool


def checks_of(manifest: Mapping[str, Any]) -> list[Check]:
    """List every data test and unit test of the dbt project.

    Parameters
    ----------
    manifest : Mapping
        dbt's manifest.json.

    Returns
    -------
    list of Check
        Sorted by table and name.
    """
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    tests += manifest["unit_tests"].values()
    return sorted(_check(node) for node in tests)


def checks_page(manifest: Mapping[str, Any]) -> str:
    """Write the page as Markdown.

    Parameters
    ----------
    manifest : Mapping
        dbt's manifest.json.

    Returns
    -------
    str
        One table for data tests and one for unit tests, by the tables of the warehouse.
    """
    lines = [INTRODUCTION]
    checks = checks_of(manifest)
    for title, is_unit_test, meaning in (
        ("Data tests", False, "a failure means"),
        ("Unit tests", True, "what it shows"),
    ):
        listed = [check for check in checks if check.is_unit_test == is_unit_test]
        lines += [f"## {title} ({len(listed)})", "", f"| table | check | column | {meaning} |", "|---|---|---|---|"]
        lines += [
            f"| {check.table} | `{check.name}`{' *' if check.needs_real_data else ''} | {check.column}"
            f" | {' '.join(check.description.split())} |"
            for check in listed
        ]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Write docs/checks.md from the dbt project as it is."""
    manifest = read_manifest(parsed_project(Settings(REPOSITORY / "data")))
    PAGE.write_text(checks_page(manifest), encoding="utf-8")


def _check(node: Mapping[str, Any]) -> Check:
    is_unit_test = node["resource_type"] == "unit_test"
    return Check(
        table_of_test(node) or "",
        node["name"],
        node.get("column_name") or "",
        node["description"] or "",
        is_unit_test,
        "real_data" in node["config"]["tags"],
    )


if __name__ == "__main__":
    main()
