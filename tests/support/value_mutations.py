"""Value mutations that no hash can reveal: each changes a source file as a careless or dishonest hand might."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from orchestration.ingest.records import RawTable
from tests.support.rdata_files import edited

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Mutation:
    """One mutation of one column of a source file.

    Attributes
    ----------
    name : str
        What it does.
    source, file, table, column : str
        What it changes.
    change : callable
        Changes the rows in place.
    """

    name: str
    source: str
    file: str
    table: str
    column: str
    change: Callable[[Rows], None]


def mutated(content: bytes, table: RawTable, change: Callable[[Rows], None]) -> bytes:
    """Apply a change to the rows of a source file in the format of its table."""
    if table.format == "rdata":
        return edited(content, lambda frame: _change_frame(frame, change))
    return _mutated_csv(content, table.skip_lines, change)


def _change_frame(frame: pd.DataFrame, change: Callable[[Rows], None]) -> None:
    """Apply a change to the rows of a frame of numbers, written as text; an empty cell is a missing number."""
    texts = frame.map(lambda value: "" if pd.isna(value) else repr(int(value) if value == int(value) else value))
    rows = texts.to_dict("records")
    change(rows)
    for name in frame.columns:
        frame[name] = [float(row[name]) if row[name] else float("nan") for row in rows]


def _mutated_csv(content: bytes, skip_lines: int, change: Callable[[Rows], None]) -> bytes:
    """Apply a change to the rows of a CSV file; header lines before the column names are kept."""
    text = content.decode("utf-8")
    end = "\r\n" if "\r\n" in text[:500] else "\r" if "\r" in text[:500] else "\n"
    lines = text.split(end)
    reader = csv.reader(io.StringIO("\n".join(lines[skip_lines:])))
    names = next(reader)
    keys = [name or f"_{position}" for position, name in enumerate(names)]
    rows = [dict(zip(keys, row, strict=False)) for row in reader if row]
    change(rows)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(names)
    writer.writerows([row[key] for key in keys if key in row] for row in rows)
    return (end.join([*lines[:skip_lines], ""]) + out.getvalue()).encode("utf-8")


def scaled(column: str, factor: float) -> Callable[[Rows], None]:
    """Multiply every observed number, as after a change of unit."""

    def change(rows: Rows) -> None:
        for row in rows:
            if _is_observed(row[column]):
                row[column] = repr(float(row[column]) * factor)

    return change


def swapped(column: str, entity: str, one: str, other: str, year: str) -> Callable[[Rows], None]:
    """Exchange the values of two entities in every year that both have."""

    def change(rows: Rows) -> None:
        by_key = {(row[entity], row[year]): row for row in rows}
        for (name, when), row in by_key.items():
            twin = by_key.get((other, when))
            if name == one and twin:
                row[column], twin[column] = twin[column], row[column]

    return change


def negated(column: str) -> Callable[[Rows], None]:
    """Turn the sign of every tenth positive number."""

    def change(rows: Rows) -> None:
        for row in rows[::10]:
            if _is_observed(row[column]) and float(row[column]) > 0:
                row[column] = "-" + row[column]

    return change


def shifted(column: str, entity: str) -> Callable[[Rows], None]:
    """Move every value to the next row of the same entity, as when years are off by one."""

    def change(rows: Rows) -> None:
        before: dict[str, str] = {}
        for row in rows:
            value = row[column]
            row[column] = before.get(row[entity], value)
            before[row[entity]] = value

    return change


def last_number_cut(column: str) -> Callable[[Rows], None]:
    """Cut the last digit of the last number, as in a file that was not written to its end."""

    def change(rows: Rows) -> None:
        row = next(row for row in reversed(rows) if _is_observed(row[column]) and len(row[column]) > 2)
        row[column] = row[column][:-1]

    return change


def constant(column: str, value: str, every: int = 1) -> Callable[[Rows], None]:
    """Write one value into every n-th row."""

    def change(rows: Rows) -> None:
        for row in rows[::every]:
            row[column] = value

    return change


def one_value(column: str, value: str, **where: str) -> Callable[[Rows], None]:
    """Write an absurd value into the row that has these values."""

    def change(rows: Rows) -> None:
        (row,) = (row for row in rows if all(row[name] == wanted for name, wanted in where.items()))
        row[column] = value

    return change


def _is_observed(text: str) -> bool:
    try:
        return float(text) not in (-9.0, -8.0, -66.0, -77.0, -88.0)
    except ValueError:
        return False


NMC = ("cow_nmc", "cow_nmc.rda", "national_capabilities")
ATOP = ("atop", "atop5_1m.csv", "atop")
TREATIES = ("atop", "atop5_1a.csv", "atop_alliances")
CHILDREN = ("child_mortality_gapminder", "Child mortality estimates - Gapminder (2015).csv", "child_mortality")
WORLD_BANK = ("imr_world_bank", "API_SP.DYN.IMRT.IN_DS2_en_csv_v2_2.csv", "world_bank_infant_mortality")
CLIO = ("imr_clio_infra", "ddf--datapoints--infant_mortality--by--country--year.csv", "clio_infra_infant_mortality")
POLITY = ("polity5", "p5v2018.csv", "polity5")
TRADE = ("cow_trade", "National_COW_4.0.csv", "national_trade")
DISPUTES = ("cow_mid", "MIDA 5.0.csv", "mid_disputes")
PARTICIPANTS = ("cow_mid", "MIDB 5.0.csv", "mid_participants")
THREAT = ("leeds_savun_threat", "leeds-savun-threat.csv", "external_threat")
W4 = ("selectorate_w4", "NewWmeasure.csv", "selectorate_w4")
SPELLS = ("cow_state_system", "statelist2024.csv", "state_system_spells")
RATES = "Child mortality estimates (Gapminder (2015))"

MUTATIONS = [
    Mutation("military expenditure times 1,000", *NMC, "milex", scaled("milex", 1000)),
    Mutation("population divided by ten", *NMC, "tpop", scaled("tpop", 0.1)),
    Mutation("personnel of two states exchanged", *NMC, "milper", swapped("milper", "ccode", "2", "200", "year")),
    Mutation("steel with the opposite sign", *NMC, "irst", negated("irst")),
    Mutation("energy a year late", *NMC, "pec", shifted("pec", "ccode")),
    Mutation("last share cut off", *NMC, "cinc", last_number_cut("cinc")),
    Mutation("urban above total population", *NMC, "upop", scaled("upop", 50)),
    Mutation("one absurd army", *NMC, "milper", one_value("milper", "9000000", ccode="20", year="1950")),
    Mutation("all treaties end before they begin", *ATOP, "yrexit", constant("yrexit", "1815")),
    Mutation("every defense obligation dropped", *ATOP, "defense", constant("defense", "0")),
    Mutation("defense and offense of every fifth member turned", *ATOP, "offense", constant("offense", "1", 5)),
    Mutation("members enter a century early", *ATOP, "yrent", scaled("yrent", 0.95)),
    Mutation("alliances begin late", *TREATIES, "begyr", scaled("begyr", 1.04)),
    Mutation("under-five rates divided by ten", *CHILDREN, RATES, scaled(RATES, 0.1)),
    Mutation("two countries' rates exchanged", *CHILDREN, RATES, swapped(RATES, "Entity", "Norway", "Niger", "Year")),
    Mutation("infant rates of one year per 100", *WORLD_BANK, "1990", scaled("1990", 0.1)),
    Mutation("another indicator", *WORLD_BANK, "Indicator Name", constant("Indicator Name", "Mortality rate, adult")),
    Mutation("another indicator's code", *WORLD_BANK, "Indicator Code", constant("Indicator Code", "SP.DYN.CDRT.IN")),
    Mutation("decadal rates tripled", *CLIO, "infant_mortality", scaled("infant_mortality", 3.3)),
    Mutation("decadal rates up by half", *CLIO, "infant_mortality", scaled("infant_mortality", 1.5)),
    Mutation("infant rates of one year doubled", *WORLD_BANK, "cell", scaled("1990", 2)),
    Mutation("polity scores with the opposite sign", *POLITY, "polity2", negated("polity2")),
    Mutation("polity scores a year late", *POLITY, "polity2", shifted("polity2", "ccode")),
    Mutation("imports in thousands", *TRADE, "imports", scaled("imports", 1000)),
    Mutation("exports of two states exchanged", *TRADE, "exports", swapped("exports", "ccode", "2", "20", "year")),
    Mutation("disputes end before they begin", *DISPUTES, "endyear", constant("endyear", "1816")),
    Mutation("all disputes bloodless", *DISPUTES, "fatality", constant("fatality", "0")),
    Mutation("participants all on side A", *PARTICIPANTS, "sidea", constant("sidea", "1")),
    Mutation("threat scaled to percent", *THREAT, "lsthreat", scaled("lsthreat", 100)),
    Mutation("coalitions halved", *W4, "W4", scaled("W4", 0.5)),
    Mutation("states leave the system early", *SPELLS, "endyear", constant("endyear", "1990", 3)),
]
