"""Upgrade of NMC 6.0 (CSV) to 7.0 (R data): its text against pandas on both files, and the next publication."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import rdata

from orchestration.core.settings import SOURCES_DIR
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

FIVE, SIX, SEVEN = "NMC_5_0.csv", "NMC-60-abridged.csv", "cow_nmc.rda"
COLUMNS = ["milex", "milper", "irst", "pec", "tpop", "upop", "cinc"]
REVISED_FROM, REVISED_TO = 1974, 2016


@dataclass(frozen=True)
class OnSix:
    """A data folder in which NMC 6.0 is published, with its own records, which name NMC 6.0."""

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
def on_six(real_warehouse: Shell, mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> OnSix:
    folder = tmp_path_factory.mktemp("upgrade")
    shutil.copytree(real_warehouse.data_dir, folder / "data")
    shutil.rmtree(folder / "data" / "raw_published")  # from 7.0 back to 6.0 is a mass revision, too
    shutil.copytree(SOURCES_DIR, folder / "records")
    shutil.copy(SOURCES_DIR / "earlier" / "cow_nmc_6.0.yml", folder / "records" / "cow_nmc.yml")
    variables = {"WAREHOUSE_CATALOG_DIR": folder / "records", "WAREHOUSE_MIRROR": mirror, "WAREHOUSE_OFFLINE": 1}
    shell = Shell(folder / "data", tuple((name, str(value)) for name, value in variables.items()))
    done = shell("run", "--sources", "real")
    assert done.returncode == 0, done.stderr
    return OnSix(shell, folder / "records")


@pytest.fixture(scope="module")
def raw(mirror: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both files by state-year, -9 as missing."""
    six = pd.read_csv(mirror / "cow_nmc" / SIX).set_index(["ccode", "year"])[COLUMNS]
    seven = rdata.conversion.convert(rdata.parser.parse_file(mirror / "cow_nmc" / SEVEN))["cow_nmc"]
    return six.mask(six == -9), seven.astype({"ccode": int, "year": int}).set_index(["ccode", "year"])[COLUMNS]


def printed(text: str, first_cell: str) -> list[str]:
    """Cells of a row of a printed table, split at two or more blanks; an empty cell is lost."""
    (line,) = [line for line in text.splitlines() if re.match(rf"{first_cell}\s", line)][:1]
    return re.split(r"\s{2,}", line.strip())


def test_changed_known_figures_refuse_an_older_version(on_six: OnSix, mirror: Path) -> None:
    before = on_six.state()
    done = on_six.shell(
        "sources", "upgrade", "cow_nmc", "--file", str(mirror / "cow_nmc" / FIVE), "--version", "5.0", "--yes"
    )
    assert done.returncode == 1
    assert "failed tests of known figures" in done.stdout
    assert "Known figures change with the new file" in done.stderr
    assert "Traceback" not in done.stderr
    assert on_six.state() == before


@pytest.mark.parametrize("spoil", ["cinc dropped", "a year outside the range"])
def test_a_broken_file_is_refused_and_nothing_changes(on_six: OnSix, mirror: Path, tmp_path: Path, spoil: str) -> None:
    six = pd.read_csv(mirror / "cow_nmc" / SIX, dtype=str)
    if spoil == "cinc dropped":
        six = six.drop(columns="cinc")
    else:
        six.loc[six.index[-1], "year"] = "2017"
    six.to_csv(tmp_path / "NMC-70.csv", index=False)
    before = on_six.state()
    done = on_six.shell(
        "sources", "upgrade", "cow_nmc", "--file", str(tmp_path / "NMC-70.csv"), "--version", "7.0", "--yes"
    )
    assert done.returncode == 1
    assert "breaks the contract" in done.stderr
    assert "Traceback" not in done.stderr
    assert ("'cinc'" if spoil == "cinc dropped" else "change ranges") in done.stderr
    assert "--record" in done.stderr
    assert on_six.state() == before
    assert not (on_six.shell.data_dir / "upgrade").exists()


def test_an_upgrade_with_another_format_is_one_command(
    on_six: OnSix, mirror: Path, raw: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    """The edited record has the contract of the R file; --yes stands in for the one confirmation."""
    published = on_six.shell.published_hash()
    done = on_six.shell(
        *("sources", "upgrade", "cow_nmc", "--file", str(mirror / "cow_nmc" / SEVEN), "--version", "7.0"),
        *("--record", str(SOURCES_DIR / "cow_nmc.yml"), "--yes"),
    )
    assert done.returncode == 0, done.stderr
    assert "every test of the dbt project passes on the new mart" in done.stdout
    assert on_six.shell.published_hash() == published
    record, before = on_six.record.read_text(), raw[0]
    for changed in ("version: '7.0'", f"file: {SEVEN}", "Version 7.0.", "acknowledged_revision_of: cd8465ea476d"):
        assert changed in record

    six, seven = raw
    added, removed = seven.index.difference(six.index), six.index.difference(seven.index)
    assert (len(added), len(removed)) == (1170, 0)
    assert set(added.get_level_values("year")) == set(range(2017, 2023))
    rows = printed(done.stdout, "national_capabilities")
    assert rows[:4] == ["national_capabilities", f"{len(six):,}", f"{len(seven):,}", f"{len(added):,}"]
    old, new = six, seven.loc[six.index]
    for column in COLUMNS:
        changed = (old[column] != new[column]) & old[column].notna() & new[column].notna()
        years = before.index.get_level_values("year")[changed]
        assert column in ("pec", "cinc") or not changed.any()
        assert years.empty or (years.min() >= REVISED_FROM and years.max() <= REVISED_TO)
        became_null, got_value = old[column].notna() & new[column].isna(), old[column].isna() & new[column].notna()
        counts = [f"{count:,}" for count in (changed.sum(), became_null.sum(), got_value.sum()) if count]
        if counts:
            assert printed(done.stdout, column)[1 : 1 + len(counts)] == counts


def test_the_acknowledged_version_is_published_and_compared(
    on_six: OnSix, raw: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    """Follows the upgrade of the test before; a plain refresh publishes it and states what changed."""
    done = on_six.shell("run", "--sources", "real")
    assert done.returncode == 0, done.stderr
    found = on_six.shell.sql("select status, found from meta.checks where check_name = 'values_national_capabilities'")
    assert "acknowledged revision" in found
    difference = json.loads(on_six.shell("diff", "previous", "current", "--format", "json").stdout)
    assert difference["sources"] == [f"cow_nmc/{SIX} 6.0 -> {SEVEN} 7.0"]
    marts = {column["column"]: column for column in difference["tables"]["marts.country_years"]["columns"]}
    six, seven = raw
    assert marts["cinc"]["changed"] == (six["cinc"] != seven.loc[six.index, "cinc"]).sum()
    assert marts["cinc"]["got_value"] == 1170
    assert difference["coefficients"]
    shifts = [change["shift"] for change in difference["coefficients"] if change["shift"] is not None]
    assert shifts == sorted(shifts, reverse=True)
