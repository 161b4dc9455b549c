"""Derive the golden totals of seeds/golden_*.csv from the publishers' files alone, without the warehouse.

Usage: python derive_golden_totals.py FOLDER_WITH_SOURCES SEEDS_FOLDER

Reads cow_state_system/{system2016,statelist2024}.csv and atop/atop5_1m.csv with pandas and plain loops, so that the SQL
is compared with another derivation: rows by year, and state-years with a new treaty or with a treaty in force, by
decade and kind of obligation.
"""

import sys
from pathlib import Path

import pandas as pd

LAST_YEAR_OF_ATOP = 2018
OBLIGATIONS = {
    "defense": "defense",
    "offense": "offense",
    "neutrality": "neutral",
    "nonaggression": "nonagg",
    "consultation": "consul",
}


def rows_by_year(sources: Path) -> pd.Series:
    """State-years by year: the 2016 list's own state-years, and the spells of the 2024 list after that."""
    listed = pd.read_csv(sources / "cow_state_system" / "system2016.csv").groupby("year").size()
    spells = pd.read_csv(sources / "cow_state_system" / "statelist2024.csv")
    later = {
        year: spells.loc[(spells.styear <= year) & (spells.endyear >= year), "ccode"].nunique()
        for year in range(listed.index.max() + 1, spells.endyear.max() + 1)
    }
    return pd.concat([listed, pd.Series(later)]).rename("state_years").rename_axis("year")


def member_years(sources: Path) -> set[tuple[int, int]]:
    """Every (code, year) in the state system."""
    spells = pd.read_csv(sources / "cow_state_system" / "statelist2024.csv")
    return {(s.ccode, year) for s in spells.itertuples() for year in range(s.styear, s.endyear + 1)}


def rules_of(member) -> list[str]:
    """The rules one ATOP row counts for."""
    promised = [rule for rule, column in OBLIGATIONS.items() if getattr(member, column) == 1]
    military = ["military"] if set(promised) - {"nonaggression"} else []
    return ["any", *military, *promised]


def alliance_state_years(sources: Path) -> pd.DataFrame:
    """State-years by measure (formed, in_force), rule and decade."""
    members = member_years(sources)
    found = set()
    for row in pd.read_csv(sources / "atop" / "atop5_1m.csv").itertuples():
        last_year = LAST_YEAR_OF_ATOP if row.yrexit == 0 else row.yrexit
        for rule in rules_of(row):
            if row.phase in (0, 1):
                found.add(("formed", rule, row.member, row.yrent))
            found.update(("in_force", rule, row.member, year) for year in range(row.yrent, last_year + 1))
    kept = [(measure, rule, year // 10 * 10) for measure, rule, code, year in found if (code, year) in members]
    frame = pd.DataFrame(kept, columns=["measure", "rule", "decade"])
    return frame.groupby(["measure", "rule", "decade"]).size().rename("state_years").reset_index()


if __name__ == "__main__":
    sources, seeds = Path(sys.argv[1]), Path(sys.argv[2])
    rows_by_year(sources).to_csv(seeds / "golden_rows_by_year.csv")
    alliance_state_years(sources).to_csv(seeds / "golden_alliance_state_years.csv", index=False)
