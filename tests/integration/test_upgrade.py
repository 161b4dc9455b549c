"""Upgrade of NMC 5.0 to 6.0: its text against pandas on both raw files, and the difference of the publications."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.support.shell import Shell

pytestmark = pytest.mark.slow

FIVE, SIX = "NMC_5_0.csv", "NMC-60-abridged.csv"
COLUMNS = ["milex", "milper", "irst", "pec", "tpop", "upop", "cinc"]

# Publishes without dbt's tests, since those of known figures refuse NMC 5.0.
PUBLISH_UNTESTED = """
import os
from datetime import UTC, datetime
from orchestration.build.record import current_inputs, write_build_record
from orchestration.ingest.acquisition import open_acquisition
from orchestration.publication.evidence import publish_refresh
from orchestration.modelling.results import estimate_models
from orchestration.core.settings import from_environment
from orchestration.upgrade.preview import build_mart
import shutil

settings = from_environment(os.environ)
shutil.rmtree(settings.dbt_target_dir)
settings.build_path.unlink()
acquisition = open_acquisition(settings)
for source, file in acquisition.files():
    for table in file.tables:
        acquisition.build(source, file, table, acquisition.fetch(source, file), datetime.now(UTC))
build_mart(settings, with_tests=False)
(settings.dbt_target_dir / "run_results.json").write_text('{"results": []}')
write_build_record(settings, current_inputs(acquisition))
estimate_models(settings, print)
publish_refresh(settings, datetime.now(UTC))
"""


@dataclass(frozen=True)
class OnFive:
    """A data folder in which NMC 6.0 is published, with its own records, which name NMC 5.0."""

    shell: Shell
    records: Path

    @property
    def record(self) -> Path:
        return self.records / "cow_nmc.yml"

    def state(self) -> dict[Path, bytes]:
        """Record, cache and everything published."""
        folders = (self.records, self.shell.data_dir / "sources", self.shell.data_dir / "publications")
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in [*files, self.shell.published]}


@pytest.fixture(scope="module")
def on_five(real_warehouse: Shell, mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> OnFive:
    folder = tmp_path_factory.mktemp("upgrade")
    shutil.copytree(real_warehouse.data_dir, folder / "data")
    from orchestration.core.settings import SOURCES_DIR

    shutil.copytree(SOURCES_DIR, folder / "records")
    variables = {"WAREHOUSE_CATALOG_DIR": folder / "records", "WAREHOUSE_MIRROR": mirror, "WAREHOUSE_OFFLINE": 1}
    shell = Shell(folder / "data", tuple((name, str(value)) for name, value in variables.items()))
    before = shell.published_hash()
    done = shell(
        *("sources", "upgrade", "cow_nmc", "--file", str(mirror / "cow_nmc" / FIVE), "--version", "5.0"),
        *("--accept-changed-figures", "--yes"),
    )
    assert done.returncode == 0, done.stderr
    assert "known_figures" in done.stdout
    assert shell.published_hash() == before
    return OnFive(shell, folder / "records")


@pytest.fixture(scope="module")
def raw(mirror: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both files by state-year, -9 as missing."""
    five, six = (pd.read_csv(mirror / "cow_nmc" / file, index_col=["ccode", "year"]) for file in (FIVE, SIX))
    return five[COLUMNS].mask(five[COLUMNS] == -9), six[COLUMNS].mask(six[COLUMNS] == -9)


def printed(text: str, first_cell: str) -> list[str]:
    """Cells of a row of a printed table, split at two or more blanks; an empty cell is lost."""
    (line,) = [line for line in text.splitlines() if re.match(rf"{first_cell}\s", line)][:1]
    return re.split(r"\s{2,}", line.strip())


def test_known_figures_stop_a_refresh_on_the_older_version(on_five: OnFive) -> None:
    before = on_five.state()
    done = on_five.shell("run", "--sources", "real")
    assert done.returncode == 1
    assert "known_figures" in done.stderr
    assert "Traceback" not in done.stderr
    assert on_five.state() == before


@pytest.mark.parametrize("spoil", ["cinc dropped", "a year outside the range"])
def test_a_broken_file_is_refused_and_nothing_changes(
    on_five: OnFive, mirror: Path, tmp_path: Path, spoil: str
) -> None:
    six = pd.read_csv(mirror / "cow_nmc" / SIX, dtype=str)
    if spoil == "cinc dropped":
        six = six.drop(columns="cinc")
    else:
        six.loc[six.index[-1], "year"] = "2017"
    six.to_csv(tmp_path / "NMC-70.csv", index=False)
    before = on_five.state()
    done = on_five.shell(
        "sources", "upgrade", "cow_nmc", "--file", str(tmp_path / "NMC-70.csv"), "--version", "7.0", "--yes"
    )
    assert done.returncode == 1
    assert "breaks the contract" in done.stderr
    assert "Traceback" not in done.stderr
    assert ("'cinc'" if spoil == "cinc dropped" else "change ranges") in done.stderr
    assert "--record" in done.stderr
    assert on_five.state() == before
    assert not (on_five.shell.data_dir / "upgrade").exists()


def test_the_upgrade_counts_differences_as_pandas_does(
    on_five: OnFive, mirror: Path, raw: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    command = ["sources", "upgrade", "cow_nmc", "--file", str(mirror / "cow_nmc" / SIX), "--version", "6.0"]
    mine = OnFive(Shell(tmp_path / "data", on_five.shell.variables), tmp_path / "records")
    shutil.copytree(on_five.shell.data_dir, mine.shell.data_dir)
    shutil.copytree(on_five.records, mine.records)
    mine = OnFive(
        Shell(mine.shell.data_dir, (*on_five.shell.variables, ("WAREHOUSE_CATALOG_DIR", str(mine.records)))),
        mine.records,
    )
    published = mine.shell.published_hash()
    done = mine.shell(*command, "--yes")
    assert done.returncode == 0, done.stderr
    assert "every test of the dbt project passes on the new mart" in done.stdout
    assert mine.shell.published_hash() == published
    record = mine.record.read_text()
    for changed in ("version: '6.0'", f"file: {SIX}", "Version 6.0."):
        assert changed in record

    five, six = raw
    added, removed = six.index.difference(five.index), five.index.difference(six.index)
    assert set(added.get_level_values("year")) >= {2013, 2014, 2015, 2016}
    rows = printed(done.stdout, "national_capabilities")
    assert rows[:4] == ["national_capabilities", f"{len(five):,}", f"{len(six):,}", f"{len(added):,}"]
    both = five.index.intersection(six.index)
    old, new = five.loc[both], six.loc[both]
    for column in COLUMNS:
        changed = (old[column] != new[column]) & old[column].notna() & new[column].notna()
        became_null, got_value = old[column].notna() & new[column].isna(), old[column].isna() & new[column].notna()
        counts = [f"{count:,}" for count in (changed.sum(), became_null.sum(), got_value.sum()) if count]
        if counts:
            assert printed(done.stdout, column)[1 : 1 + len(counts)] == counts
        else:
            assert not re.search(rf"^{column}\s", done.stdout, re.MULTILINE)
    assert len(removed) == 0 or f"{len(removed):,}" in rows


def test_diff_of_the_publications_on_either_version(
    on_five: OnFive, raw: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(on_five.shell.data_dir, data_dir)
    shell = Shell(data_dir, on_five.shell.variables)
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH_UNTESTED],
        check=False,
        env=shell.environment(),
        cwd=os.fspath(Path(__file__).parents[2]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    difference = json.loads(shell("diff", "current", "previous", "--format", "json").stdout)
    assert difference["sources"] == [f"cow_nmc/{FIVE} 5.0 -> {SIX} 6.0"]
    marts = {column["column"]: column for column in difference["tables"]["marts.country_years"]["columns"]}
    five, six = raw
    both = five.index.intersection(six.index)
    cinc = (five.loc[both, "cinc"] != six.loc[both, "cinc"]).sum()
    assert marts["cinc"]["changed"] == cinc
    assert marts["cinc"]["got_value"] == len(six.index.difference(five.index))
    assert difference["models"]
    assert difference["coefficients"]
    shifts = [change["shift"] for change in difference["coefficients"] if change["shift"] is not None]
    assert shifts == sorted(shifts, reverse=True)
