"""README.md and the guides agree with the code: query output, commands, settings, packages, quoted messages."""

import re
import shlex

import pytest
from click.testing import CliRunner

from orchestration.cli.main import main
from tests.support.shell import REPOSITORY

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
    stated = re.search(
        r"probit coefficient (\S+),\s+p (\S+) clustered by state, from (\S+) to (\S+) over (\w+) covariances", README
    )
    found = real_warehouse.sql(
        "select printf('%.3f', any_value(estimate)),"
        " printf('%.3f', any_value(p_value) filter (covariance = 'cluster_state')),"
        " printf('%.3f', min(p_value)), printf('%.3f', max(p_value)), count(*) from coefficients"
        " where model = 'kimball_2010/t1_m2a' and term = 'infant_mortality_rose'"
    )
    numbers = {"four": "4", "five": "5", "six": "6"}
    assert stated
    assert found.split(",") == [*stated.groups()[:4], numbers[stated[5]]]


def test_every_command_is_in_the_table() -> None:
    named = set(re.findall(r"`(\w+)", "\n".join(re.findall(r"^\| (`.*?`) \|", section("Commands"), re.MULTILINE))))
    assert set(main.commands) <= named
    for command in main.commands:
        assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0


def test_every_setting_is_in_the_table() -> None:
    settings = (REPOSITORY / "orchestration" / "core" / "settings.py").read_text()
    internal = {"WAREHOUSE_RAW_DIR", "WAREHOUSE_BUILD_PATH", "WAREHOUSE_DBT_TARGET"}  # set for the dbt process only
    listed = set(re.findall(r"^\| `(WAREHOUSE_[A-Z_]+)`", section("Settings"), re.MULTILINE))
    assert listed == set(re.findall(r"WAREHOUSE_[A-Z_]+", settings)) - internal


def packages(root: str) -> set[str]:
    return {path.parent.name for path in (REPOSITORY / root).glob("*/__init__.py")}


@pytest.mark.parametrize("root", ["orchestration", "analysis"])
def test_the_readme_lists_every_package(root: str) -> None:
    rows = re.findall(rf"^\| .*? \| `{root}/`: (.*?) \|$", section("Architecture"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == packages(root)


@pytest.mark.parametrize("root", ["orchestration", "analysis"])
def test_architecture_lists_every_package(root: str) -> None:
    text = (REPOSITORY / "ARCHITECTURE.md").read_text().split(f"\n### {root}\n")[1].split("\n#")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == packages(root)


@pytest.mark.parametrize("root", ["orchestration", "analysis"])
def test_every_package_has_a_page_in_the_reference(root: str) -> None:
    pages = {path.stem for path in (REPOSITORY / "docs" / "reference" / root).glob("*.md")}
    assert pages == packages(root)
    site = (REPOSITORY / "mkdocs.yml").read_text()
    for name in pages:
        assert f"reference/{root}/{name}.md" in site
        assert f"::: {root}.{name}\n" in (REPOSITORY / "docs" / "reference" / root / f"{name}.md").read_text()


def test_links_and_paths_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"):
        text = (REPOSITORY / name).read_text()
        for path in re.findall(r"\]\(([^)#]+)\)", text):
            assert path.startswith("http") or (REPOSITORY / path).exists(), path
        for path in re.findall(r"`((?:orchestration|dbt_project|analysis|tests|docs)/[a-z_./]*)`", text):
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
