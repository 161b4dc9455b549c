"""`warehouse new source` and `new model`: from one file to a published column in three edits by hand."""

import os
import random
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.shell import REPOSITORY, WAREHOUSE, Done

DECISIONS = {
    "title": "Life expectancy at birth",
    "producer": "An example",
    "citation": "Example, A. 2026. Life expectancy at birth.",
    "licence": "CC BY 4.0",
    "redistribution": "with_citation",
    "homepage": "https://example.org/life-expectancy",
    "cadence_years": "2",
    "version": "'2026'",
    "publisher_url": "https://example.org/life-expectancy.csv",
    "description": "Life expectancy at birth, by country and year.",
}
COUNTRIES = ("AUT", "CHL", "FRA", "GBR", "JPN", "USA", "XXX")
MART = "dbt_project/models/marts/country_years"


@dataclass
class Checkout:
    """A copy of the project in a folder of its own, and what was edited in it by hand."""

    folder: Path
    edited: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str) -> Done:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("WAREHOUSE_", "DAGSTER_", "DBT_", "PYTEST_"))}
        own = {"PYTHONPATH": str(self.folder), "WAREHOUSE_DATA_DIR": str(self.folder.parent / "data")}
        return subprocess.run(
            arguments, check=False, cwd=self.folder, env=clean | own, capture_output=True, text=True, timeout=600
        )

    def warehouse(self, *arguments: str) -> str:
        done = self(str(WAREHOUSE), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def edit(self, path: str, *replacements: tuple[str, str]) -> None:
        text = (self.folder / path).read_text()
        for old, new in replacements:
            assert text.count(old) == 1, f"{path}: {old}"
            text = text.replace(old, new)
        (self.folder / path).write_text(text)
        self.edited.append(path)


def example_file(folder: Path) -> Path:
    """The example of the README: a life expectancy by ISO code and year, in which -99 is missing."""
    drawn = random.Random(1816)
    rows = [
        f"{country},{year},{drawn.choice([f'{drawn.uniform(40, 85):.1f}'] * 9 + ['-99'])}"
        for country in COUNTRIES
        for year in range(1950, 2020)
    ]
    path = folder / "life_expectancy.csv"
    path.write_text("\n".join(["iso3c,year,life_expectancy", *rows]) + "\n")
    return path


def printed(text: str, first: str) -> str:
    """The printed lines that start with `first`, up to the next line that is not indented more deeply."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().startswith(first))
    indent = len(lines[start]) - len(lines[start].lstrip())
    block = [lines[start]]
    for line in lines[start + 1 :]:
        if len(line) - len(line.lstrip()) <= indent and line.strip() != "),":
            break
        block.append(line)
    return "\n".join(line[indent:] for line in block)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy in which a source and two models were added and published from the sample."""
    folder = tmp_path_factory.mktemp("new") / "project"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    copy = Checkout(folder)
    told = copy.warehouse("new", "source", str(example_file(folder.parent)))
    copy.warehouse("new", "model", "int_example_years")
    copy.warehouse("new", "model", "example_years")

    record = "orchestration/sources/life_expectancy.yml"
    copy.edit(record, *((f"{name}: undecided", f"{name}: {value}") for name, value in DECISIONS.items()))
    join = printed(told, "left join life_expectancy")
    copy.edit(
        f"{MART}.sql",
        ("economy as (", printed(told, "life_expectancy as (") + "\n\neconomy as ("),
        ("    economy.gdp_per_capita,", "    life_expectancy.life_expectancy,\n    economy.gdp_per_capita,"),
        ("left join economy using (cow_code, year)", f"left join economy using (cow_code, year)\n{join}"),
    )
    column = printed(told, "- name: life_expectancy").replace('"..."', '"Life expectancy at birth, years."')
    column = "\n".join(f"      {line}" for line in column.splitlines())
    unit_test_input = printed(told, "- {input: ref('int_life_expectancy')")
    economy_input = "      - {input: ref('int_economy'), rows: []}"
    copy.edit(
        f"{MART}.yml",
        ("      - name: gdp_per_capita\n", f"{column}\n      - name: gdp_per_capita\n"),
        (economy_input, f"      {unit_test_input}\n{economy_input}"),
    )
    copy.warehouse("run", "--sources", "sample", "--offline")
    return copy


@pytest.mark.slow
def test_three_edits_publish_a_column_of_a_new_source(checkout: Checkout) -> None:
    assert checkout.edited == ["orchestration/sources/life_expectancy.yml", f"{MART}.sql", f"{MART}.yml"]
    found = checkout.warehouse(
        "sql", "select count(life_expectancy) > 300, min(life_expectancy) >= 0 from country_years", "--format", "csv"
    )
    assert found.splitlines()[1] == "true,true"
    codebook = checkout.warehouse(
        *("sql", "select unit, source_records from columns where column_name = 'life_expectancy'", "--format", "csv")
    )
    assert "Life expectancy at birth, years." in codebook
    assert "life_expectancy" in codebook.splitlines()[1]


@pytest.mark.slow
def test_a_new_mart_is_published_without_an_edit(checkout: Checkout) -> None:
    rows = checkout.warehouse("sql", "select count(*) from example_years", "--format", "csv").splitlines()[1]
    assert rows == checkout.warehouse("sql", "select count(*) from country_years", "--format", "csv").splitlines()[1]


@pytest.mark.slow
def test_the_new_files_pass_linter_and_tests_as_they_are(checkout: Checkout) -> None:
    tools = WAREHOUSE.parent
    models = "dbt_project/models"
    done = checkout(str(tools / "sqlfluff"), "lint", f"{models}/staging/life_expectancy", f"{models}/intermediate")
    assert done.returncode == 0, done.stdout
    done = checkout(str(tools / "sqlfluff"), "lint", f"{models}/marts", "dbt_project/macros/missing_codes.sql")
    assert done.returncode == 0, done.stdout
    parse = ("--quiet", "parse", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project")
    done = checkout(
        str(tools / "dbt"),
        *parse,
        "--vars",
        "real_data_tests: true",
        "--target-path",
        str(checkout.folder / "build" / "dbt_lint"),
    )
    assert done.returncode == 0, done.stdout
    done = checkout(str(tools / "dbt-score"), "lint", "--manifest", "build/dbt_lint/manifest.json")
    assert done.returncode == 0, done.stdout
    done = checkout(str(tools / "dbt-bouncer"), "run")
    assert done.returncode == 0, done.stdout
    tests = ["tests/unit/ingest/test_catalog.py", "tests/unit/scaffold", "tests/unit/ingest/test_sample.py"]
    done = checkout(str(tools / "pytest"), "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


@pytest.mark.slow
def test_nothing_is_overwritten(checkout: Checkout) -> None:
    before = {path: path.read_bytes() for path in checkout.folder.rglob("*.yml")}
    example = str(example_file(checkout.folder.parent))
    for arguments in (("new", "source", example), ("new", "model", "example_years")):
        done = checkout(str(WAREHOUSE), *arguments)
        assert done.returncode == 1
        assert "exists already; nothing was written" in done.stderr
    assert before == {path: path.read_bytes() for path in checkout.folder.rglob("*.yml")}
