"""A data folder that an earlier version wrote, moved to another place: it is read, and refreshed."""

import re
import zipfile
from pathlib import Path

import pytest

from tests.support.shell import REPOSITORY, Shell

pytestmark = pytest.mark.slow

FOLDERS = sorted((REPOSITORY / "tests" / "fixtures").glob("data_folder_*.zip"))


@pytest.fixture(params=FOLDERS, ids=[path.stem for path in FOLDERS])
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    zipfile.ZipFile(request.param).extractall(tmp_path / "data")
    return Shell(tmp_path / "data", (("WAREHOUSE_OFFLINE", "1"),))


def test_an_earlier_data_folder_is_read_and_refreshed(earlier: Shell) -> None:
    question = "select count(*), count(infant_mortality_rate) from marts.country_years"
    assert earlier.sql(question) == "418,294"
    for command in (["status"], ["publications"], ["results"], ["diff"], ["report"]):
        done = earlier(*command)
        assert "Traceback" not in done.stdout + done.stderr, command
    listed = earlier("publications").stdout
    (before,) = re.findall(r"^\* +(\d\S+)", listed, re.MULTILINE)
    assert re.search(r"^last run +success", earlier("status").stdout, re.MULTILINE), "Dagster's history is read"

    done = earlier("run", "--sources", "sample")
    assert done.returncode == 0, done.stderr
    assert int(earlier.sql("select count(*) from marts.country_years")) > 8000
    (after,) = re.findall(r"^\* +(\d\S+)", earlier("publications").stdout, re.MULTILINE)
    assert after > before
