"""The README is true: its questions answer as it shows, and its commands, settings, modules and figures are those of the code."""

import re
import shlex

import pytest
from click.testing import CliRunner

from orchestration.cli.main import main
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
QUESTIONS = re.findall(r"```console\n\$ \.venv/bin/warehouse (sql \".*?\"[^\n]*)\n(.*?)```", README, re.DOTALL)


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_there_are_five_questions() -> None:
    assert len(QUESTIONS) == 5


@pytest.mark.parametrize("number", range(5))
def test_a_question_prints_what_the_readme_shows(real_warehouse, number: int) -> None:
    command, shown = QUESTIONS[number]
    done = real_warehouse(*shlex.split(command))
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown


def test_the_questions_run_on_the_sample_too(sample_warehouse) -> None:
    shell, _ = sample_warehouse
    for command, _ in QUESTIONS:
        done = shell(*shlex.split(command))
        assert done.returncode == 0, done.stderr
        assert "SYNTHETIC" in done.stderr


def test_the_headline_figures(real_warehouse) -> None:
    told = re.search(
        r"probit coefficient (\S+),\s+p (\S+) clustered by state, from (\S+) to (\S+) over (\w+) covariances", README
    )
    found = real_warehouse.sql(
        "select printf('%.3f', any_value(estimate)), printf('%.3f', any_value(p_value) filter (covariance = 'cluster_state')),"
        " printf('%.3f', min(p_value)), printf('%.3f', max(p_value)), count(*) from coefficients"
        " where model = 'kimball_2010/t1_m1b' and term = 'infant_mortality_rose'"
    )
    numbers = {"four": "4", "five": "5", "six": "6"}
    assert found.split(",") == [*told.groups()[:4], numbers[told[5]]]


def test_every_command_is_in_the_table() -> None:
    named = set(re.findall(r"`(\w+)", "\n".join(re.findall(r"^\| (`.*?`) \|", section("Commands"), re.MULTILINE))))
    assert set(main.commands) <= named
    for command in main.commands:
        assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0


def test_every_setting_is_in_the_table() -> None:
    read = set(re.findall(r"WAREHOUSE_[A-Z_]+", (REPOSITORY / "orchestration" / "settings.py").read_text()))
    ours = {
        "WAREHOUSE_RAW_DIR",
        "WAREHOUSE_BUILD_PATH",
        "WAREHOUSE_DBT_TARGET",
    }  # how dbt's process is told; nobody sets them
    assert set(re.findall(r"^\| `(WAREHOUSE_[A-Z_]+)`", section("Settings"), re.MULTILINE)) == read - ours


def test_every_module_is_in_the_architecture_and_every_one_there_exists() -> None:
    table = section("Architecture").split("| modules of `orchestration/` |")[1]
    named = set(re.findall(r"`([a-z_]+)`", table))
    folder = REPOSITORY / "orchestration"
    modules = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    assert named == modules - {"__init__"}


def test_links_and_paths_lead_somewhere() -> None:
    for path in re.findall(r"\]\(([^)#]+)\)", README):
        assert path.startswith("http") or (REPOSITORY / path).exists(), path
    for path in re.findall(r"`((?:orchestration|dbt_project|analysis|tests|docs)/[a-z_./]*)`", README):
        assert (REPOSITORY / path).exists(), path


def test_the_operating_guide_quotes_what_the_code_says() -> None:
    guide = (REPOSITORY / "docs" / "operating.md").read_text()
    code = "\n".join(path.read_text() for path in (REPOSITORY / "orchestration").rglob("*.py"))
    first_cells = re.findall(r"^\| (.*?) \|", guide, re.MULTILINE)
    quoted = [quote for cell in first_cells for quote in re.findall(r"`(.*?)`", cell)]
    assert len(quoted) >= 12
    for quote in quoted:
        for part in re.split(r"\.\.\.| N ", quote):
            assert part.strip() in code, quote
