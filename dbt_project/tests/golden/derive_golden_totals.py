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


def inherited(sources: Path, members: pd.DataFrame) -> set[tuple[int, int, int]]:
    """Entries (code, treaty, year) by which a state took over the treaty of a predecessor, in whatever phase.

    The predecessor leaves treaty and state system on the day, or the day before, on which the state enters both.
    """
    spells = pd.read_csv(sources / "cow_state_system" / "statelist2024.csv")
    day = {"s": ["styear", "stmonth", "stday"], "e": ["endyear", "endmonth", "endday"]}
    start, end = (pd.to_datetime(spells[day[which]].set_axis(["year", "month", "day"], axis=1)) for which in ("s", "e"))
    found = set()
    for first, code in zip(start, spells.ccode, strict=True):
        before = spells.ccode[(first - end).dt.days.between(0, 1) & (spells.ccode != code)]
        for old in before:
            for entry in members[(members.member == code) & (members.yrent == first.year)].itertuples():
                left = members[(members.atopid == entry.atopid) & (members.member == old)]
                left = left[(left.yrexit == first.year) | (left.yrexit == (first - pd.Timedelta(days=1)).year)]
                close = {(first - pd.Timedelta(days=days)).strftime("%m%d") for days in (0, 1)}
                entered = f"{entry.moent:02.0f}{entry.dayent:02.0f}"
                if entered == first.strftime("%m%d") and any(
                    f"{row.moexit:02.0f}{row.dayexit:02.0f}" in close for row in left.itertuples()
                ):
                    found.add((code, entry.atopid, entry.yrent))
    return found


def rules_of(member) -> list[str]:
    """The rules one ATOP row counts for."""
    promised = [rule for rule, column in OBLIGATIONS.items() if getattr(member, column) == 1]
    military = ["military"] if set(promised) - {"nonaggression"} else []
    return ["any", *military, *promised]


def alliance_state_years(sources: Path) -> pd.DataFrame:
    """State-years by measure (formed, in_force), rule and decade."""
    members = member_years(sources)
    found = set()
    rows = pd.read_csv(sources / "atop" / "atop5_1m.csv")
    successions = inherited(sources, rows)
    for row in rows.itertuples():
        last_year = LAST_YEAR_OF_ATOP if row.yrexit == 0 else row.yrexit
        for rule in rules_of(row):
            if row.phase in (0, 1) and (row.member, row.atopid, row.yrent) not in successions:
                found.add(("formed", rule, row.member, row.yrent))
            found.update(("in_force", rule, row.member, year) for year in range(row.yrent, last_year + 1))
    kept = [(measure, rule, year // 10 * 10) for measure, rule, code, year in found if (code, year) in members]
    frame = pd.DataFrame(kept, columns=["measure", "rule", "decade"])
    return frame.groupby(["measure", "rule", "decade"]).size().rename("state_years").reset_index()


if __name__ == "__main__":
    sources, seeds = Path(sys.argv[1]), Path(sys.argv[2])
    rows_by_year(sources).to_csv(seeds / "golden_rows_by_year.csv")
    alliance_state_years(sources).to_csv(seeds / "golden_alliance_state_years.csv", index=False)
