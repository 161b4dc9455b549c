"""``warehouse run --with dyads``: marts.dyad_years compared with pairs of states and allies counted in pandas."""

import calendar
import itertools
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.support.shell import Shell

pytestmark = pytest.mark.slow
LAST_YEAR = 2016
END_OF_ATOP = 20181231


@pytest.fixture(scope="module")
def with_dyads(real_warehouse: Shell, mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    shell = Shell(tmp_path_factory.mktemp("dyads") / "data")
    shutil.copytree(real_warehouse.data_dir, shell.data_dir)
    done = shell("run", "--with", "dyads", "--offline", "--sources", str(mirror))
    assert done.returncode == 0, done.stderr
    assert "build_warehouse" not in done.stderr, "the other models did not change and should not be built again"
    return shell


def day(year: int, month: int, number: float, is_exit: bool) -> int:
    """yyyymmdd; an unknown day is the first of the month of entry, the last of the month of exit."""
    if year == 0:
        return END_OF_ATOP
    if not number > 0:
        number = calendar.monthrange(int(year), int(month))[1] if is_exit else 1
    return int(year * 10_000 + month * 100 + number)


def pairs_by_year(spells: list[tuple[int, int, int]]) -> set[tuple[int, int, int]]:
    """(one, other, year) for spells (who, first day, last day) that share a day."""
    return {
        (one, other, year)
        for (one, first, last), (other, first_too, last_too) in itertools.permutations(spells, 2)
        if one != other and max(first, first_too) <= min(last, last_too)
        for year in range(max(first, first_too) // 10_000, min(last, last_too) // 10_000 + 1)
        if year <= LAST_YEAR
    }


def test_pairs_and_allies_agree_with_the_raw_files(with_dyads: Shell, mirror: Path) -> None:
    states = pd.read_csv(mirror / "cow_state_system" / "statelist2024.csv")
    spells = [
        (code, *(int(y) * 10_000 + int(m) * 100 + int(d) for y, m, d in (first, last)))
        for code, first, last in zip(
            states["ccode"],
            states[["styear", "stmonth", "stday"]].to_numpy(),
            states[["endyear", "endmonth", "endday"]].to_numpy(),
            strict=True,
        )
    ]
    expected = pairs_by_year(spells)
    members = pd.read_csv(mirror / "atop" / "atop5_1m.csv", low_memory=False)
    allied, unknown, owed = set(), set(), set()
    for _, phase in members.groupby(["atopid", "phase"]):
        rows = list(phase.itertuples())
        spells = [
            (position, day(m.yrent, m.moent, m.dayent, False), day(m.yrexit, m.moexit, m.dayexit, True))
            for position, m in enumerate(rows)
        ]
        for one, other, year in pairs_by_year(spells):
            pair = (int(rows[one].member), int(rows[other].member), year)
            allied.add(pair)
            if rows[one].defense == 1:
                (unknown if rows[one].obvary == 1 else owed).add(pair)
    with duckdb.connect(str(with_dyads.published), read_only=True) as connection:

        def found(condition: str) -> set[tuple[int, int, int]]:
            statement = f"select cow_code, partner_code, year from marts.dyad_years where {condition}"
            return set(connection.execute(statement).fetchall())

        assert found("true") == expected
        assert found("owes_any") == expected & {pair for pair in allied if pair[0] != pair[1]}
        assert found("owes_defense") == expected & owed
        assert found("owes_defense is null") == expected & (unknown - owed)


def test_published_once_with_its_checks_and_codebook(with_dyads: Shell, mirror: Path) -> None:
    passed = with_dyads.sql("select check_name from meta.checks where status = 'pass'").split()
    assert {"dyad_years_unique_by_dyad_year", "dyads_agree_with_state_years", "dyads_come_in_pairs"} <= set(passed)
    assert with_dyads.sql("select count(*) > 20 from meta.columns where table_name = 'dyad_years'") == "true"
    before = with_dyads.published_hash()
    done = with_dyads("run", "--with", "dyads", "--offline", "--sources", str(mirror))
    assert "nothing changed" in done.stdout
    assert with_dyads.published_hash() == before


def test_dyads_leave_the_panel_unchanged(with_dyads: Shell, real_warehouse: Shell) -> None:
    mart = "select mart_fingerprint from meta.publication"
    assert with_dyads.sql(mart) == real_warehouse.sql(mart)
    assert real_warehouse.sql("select count(*) from duckdb_tables() where table_name = 'dyad_years'") == "0"
