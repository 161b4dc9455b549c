"""dbt used as dbt: in the project's folder, with the target dev, without the settings of a refresh."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.core.locks import REFRESH, hold
from orchestration.core.settings import DBT_PROJECT, Settings

BIN = Path(sys.executable).parent


def run(program: str, *arguments: str, data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("WAREHOUSE_", "DBT_"))}
    folders = {"DBT_TARGET_PATH": str(data / "target"), "DBT_LOG_PATH": str(data / "logs")}
    environment = inherited | folders | {"WAREHOUSE_DATA_DIR": str(data)} | variables
    command = [str(BIN / program), *arguments]
    return subprocess.run(command, cwd=DBT_PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_fresh_clone_builds_and_shows_the_panel_from_the_sample(tmp_path: Path) -> None:
    built = run("dbt", "build", "--select", "+country_years", data=tmp_path)
    assert built.returncode == 0, built.stdout
    assert "writing those of the SYNTHETIC sample" in built.stderr
    with duckdb.connect(str(tmp_path / "dev.duckdb"), read_only=True) as connection:
        assert connection.execute("from data_origin").fetchall() == [("SYNTHETIC sample",)]
        assert connection.execute("select count(*) > 1000 from marts.country_years").fetchone() == (True,)
        kept = "select count(*) > 100 from duckdb_tables() where schema_name = 'failures'"
        assert connection.execute(kept).fetchone() == (True,)
    shown = run("dbt", "show", "--select", "country_years", "--limit", "2", data=tmp_path)
    assert "United States" in shown.stdout
    assert run("dbt", "docs", "generate", data=tmp_path).returncode == 0
    assert (tmp_path / "target" / "catalog.json").exists()
    assert not (tmp_path / "build.duckdb").exists()


@pytest.mark.slow
def test_the_shared_build_is_written_under_the_refresh_lock_only(tmp_path: Path) -> None:
    refused = run("dbt", "build", "--target", "build", data=tmp_path)
    assert refused.returncode != 0
    assert "WAREHOUSE_BUILD_PATH" in refused.stdout
    settings = Settings(tmp_path)
    with hold(settings.lock_path, REFRESH):
        busy = run("warehouse-dbt", "seed", data=tmp_path)
    assert busy.returncode == 1
    assert "Another refresh of this data folder is running" in busy.stderr
    assert not settings.build_path.exists()
    settings.dbt_target_dir.mkdir()
    record = settings.dbt_target_dir / "build_record.json"
    record.write_text("{}")
    done = run("warehouse-dbt", "seed", "--select", "source_spans", data=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert settings.build_path.exists()
    assert not record.exists(), "a build changed by hand would be published"
