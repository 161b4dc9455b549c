"""The rules of the house that no linter checks: small modules, charters, one place for the lake and the environment."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.shell import REPOSITORY

SOURCES = [path for package in ("orchestration", "analysis") for path in sorted((REPOSITORY / package).rglob("*.py"))]
SQL = [
    path
    for folder in ("macros", "models", "tests")
    for path in sorted((REPOSITORY / "dbt_project" / folder).rglob("*.sql"))
]
ENTRY_POINTS = ("cli/", "definitions.py", "defs/instance.py", "core/settings.py")


def relative(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("path", SOURCES + SQL, ids=relative)
def test_no_module_has_more_than_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name == "__init__.py"], ids=relative)
def test_every_package_says_what_belongs_in_it(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_only_settings_and_store_know_of_the_lake() -> None:
    named = {relative(path) for path in SOURCES if "lake_address" in path.read_text()}
    assert {
        name for name in named if not name.startswith(("orchestration/core/settings", "orchestration/store/"))
    } == set()


def test_only_entry_points_use_the_environment() -> None:
    using = {relative(path) for path in SOURCES if re.search(r"os\.(environ|getenv|putenv)", path.read_text())}
    assert {name for name in using if not name.removeprefix("orchestration/").startswith(ENTRY_POINTS)} == set()
