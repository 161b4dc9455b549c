"""The files of orchestration/deploy without a container engine: linted, and their commands run in a scratch folder.

The image's commands run with another prefix; the program then runs as a user who owns nothing but the data folder.
"""

import ast
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.shell import REPOSITORY

pytestmark = pytest.mark.slow

DEPLOY = REPOSITORY / "orchestration" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
USER = int(re.search(r"^USER (\d+):", DOCKERFILE, re.MULTILINE)[1])
PREFIX = "/opt/warehouse"
PYTHON = "/usr/bin/python3"  # one that every user can run


def has_venv(python: str) -> bool:
    needed = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    return Path(python).exists() and subprocess.run([python, "-c", needed], check=False).returncode == 0


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """A folder that another user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="warehouse-image-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def installed(scratch: Path) -> Path:
    """What the image's first stage installs, from the files that git knows."""
    source = scratch / "src"
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, check=True, capture_output=True, text=True,
    ).stdout.splitlines():  # fmt: skip
        if not name.startswith("tests/") and (REPOSITORY / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, source / name)
    (command,) = re.findall(r"^RUN (python .*?[^\\])$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    command = command.replace("python -m venv", f"{PYTHON} -m venv", 1)
    subprocess.run(["sh", "-ec", command], cwd=source, env=os.environ | {"PREFIX": str(scratch / "opt")}, check=True)
    return scratch / "opt"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can run a program as another user")
@pytest.mark.skipif(not has_venv(PYTHON), reason=f"needs {PYTHON} from 3.11 with venv")
def test_the_image_refreshes_and_answers_as_a_user_who_owns_only_the_data(installed: Path, scratch: Path) -> None:
    data = scratch / "data"
    data.mkdir()
    os.chown(data, USER, USER)
    variables = dict(re.findall(r"(PYTHONDONTWRITEBYTECODE|WAREHOUSE_DATA_DIR)=(\S+)", DOCKERFILE))
    variables |= {"WAREHOUSE_DATA_DIR": str(data), "PATH": f"{installed / 'bin'}:/usr/bin:/bin"}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd="/", env=variables, user=USER, group=USER, extra_groups=[],
            check=False, capture_output=True, text=True, timeout=600,
        )  # fmt: skip

    (entry,) = ast.literal_eval(re.search(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)[1])
    done = run(entry, "run", "--sources", "sample")
    assert done.returncode == 0, done.stderr
    done = run(entry, "sql", "select count(*) > 8000 from country_years", "--format", "csv")
    assert done.stdout.splitlines()[1:] == ["true"], done.stderr
    done = run(entry, "status")
    assert re.search(r"^last run +success", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert {path.name for path in data.iterdir()} >= {"warehouse.duckdb", "dagster"}


def test_the_wheel_without_extras_reads_a_publication(sample_warehouse, scratch: Path) -> None:
    """Reading needs duckdb, pandas and pyarrow; what needs more says which extra has it."""
    uv, environment = REPOSITORY / ".venv" / "bin" / "uv", scratch / "reading"
    quiet = {"check": True, "capture_output": True}
    subprocess.run([uv, "build", "--wheel", "--out-dir", scratch / "dist", REPOSITORY], **quiet)
    subprocess.run([uv, "venv", environment], **quiet)
    (wheel,) = (scratch / "dist").glob("*.whl")
    subprocess.run([uv, "pip", "install", "--python", environment / "bin" / "python", wheel], **quiet)
    shell = sample_warehouse[0]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [environment / "bin" / "warehouse", *arguments]
        return subprocess.run(
            command, cwd=scratch, env=shell.environment(), check=False, capture_output=True, text=True
        )

    count = run("sql", "select count(*) from country_years", "--format", "csv").stdout.splitlines()[1]
    assert count == shell.sql("select count(*) from marts.country_years")
    assert "SYNTHETIC" in run("publications").stdout
    refused = run("run")
    assert refused.returncode == 1
    assert "pip install 'alliance-formation-warehouse[operate]'" in refused.stderr
    assert not (environment / "lib" / "python3.11" / "site-packages" / "dagster").exists()


def test_the_dockerfile_has_no_findings() -> None:
    hadolint = REPOSITORY / ".venv" / "bin" / "hadolint"
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")]:
        text = unit.read_text()
        assert f"={PREFIX}/bin/warehouse " in text or unit.suffix == ".timer"
        (tmp_path / unit.name).write_text(text.replace(f"{PREFIX}/bin/warehouse", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_compose_file_declares_what_it_uses() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    compose = yaml.safe_load(text)
    named = {name for service in compose["services"].values() for name in map(_secret, service.get("secrets", []))}
    assert named == set(compose["secrets"])
    mounted = {
        volume.partition(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])
    }
    assert {name for name in mounted if not name.startswith(".")} == set(compose["volumes"])
    assert all((DEPLOY / name).exists() for name in mounted if name.startswith("."))
    for name in ("operator", "reader"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert (
            DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]
        ).resolve() == DEPLOY / "Dockerfile"


def _secret(entry: str | dict[str, str]) -> str:
    return entry if isinstance(entry, str) else entry["source"]
