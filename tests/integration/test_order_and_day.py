"""The marts depend on the content of the raw files, not on row order, loading time or the current day."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.support.shell import REPOSITORY, Shell

CLOCK = re.compile(
    r"\b(current_date|current_timestamp|current_time|localtime\w*|today|now|get_current_\w+)\b", re.IGNORECASE
)


@pytest.fixture(scope="module")
def rebuilt(real_warehouse: Shell, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build.duckdb from raw tables in another row order, loaded on another day, and dbt's target folder."""
    folder = tmp_path_factory.mktemp("shuffled")
    (folder / "raw").mkdir()
    for parquet in (real_warehouse.data_dir / "raw").glob("*.parquet"):
        duckdb.sql(
            f"copy (select * replace ('2031-05-06T07:08:09Z' as _loaded_at) from '{parquet}' order by random())"
            f" to '{folder / 'raw' / parquet.name}' (format parquet)"
        )
    environment = os.environ | {
        "WAREHOUSE_RAW_DIR": str(folder / "raw"),
        "WAREHOUSE_BUILD_PATH": str(folder / "build.duckdb"),
        "WAREHOUSE_DBT_TARGET": "build",
    }
    dbt = [str(Path(sys.executable).with_name("dbt")), "build", "--exclude-resource-type", "test", "unit_test"]
    project = str(REPOSITORY / "dbt_project")
    dbt += ["--project-dir", project, "--profiles-dir", project]
    dbt += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    done = subprocess.run(dbt, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return folder / "build.duckdb", folder / "target"


def test_row_order_and_loading_time_change_nothing(real_warehouse: Shell, rebuilt: tuple[Path, Path]) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{real_warehouse.published}' as published (read_only)")
        connection.execute(f"attach '{rebuilt[0]}' as rebuilt (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'published' and schema_name = 'marts'"
        ).fetchall()
        assert len(tables) >= 5
        for (table,) in tables:
            for one, other in (("published", "rebuilt"), ("rebuilt", "published")):
                differing = connection.execute(
                    f"select count(*) from (from {one}.marts.{table} except all from {other}.marts.{table})"
                ).fetchone()
                assert differing == (0,), f"{table}: rows only in {one}"


def test_no_model_reads_the_clock(rebuilt: tuple[Path, Path]) -> None:
    nodes = json.loads((rebuilt[1] / "manifest.json").read_text())["nodes"].values()
    models = {node["name"]: node["compiled_code"] for node in nodes if node["resource_type"] == "model"}
    assert len(models) > 30
    without_comments = {name: re.sub(r"--[^\n]*|/\*.*?\*/", "", code, flags=re.DOTALL) for name, code in models.items()}
    assert {name: CLOCK.findall(code) for name, code in without_comments.items() if CLOCK.search(code)} == {}
