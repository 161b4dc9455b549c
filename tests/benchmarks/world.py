"""Larger worlds: raw tables and a dbt project in which every state, treaty and dispute occurs several times.

Copy i of a state has its code plus 10000 * i, and so on for treaties, disputes, wars, rivalries and labels, in every
raw table and mapping seed. Only the first copy has major powers: each of them is in every state's relevant environment,
so that more of them would change the density of the panel and not only its size. Trade differs between copies and the
shares of world capability are divided by their number, because tests require that totals differ between states and that
the shares sum to one. Columns of the selectorate deposit that no model reads are omitted.
"""

import shutil
import sys
from pathlib import Path

from tests.support.shell import REPOSITORY

MEMORY_LIMIT = "4GB"  # of DuckDB, without the rest of the process
STATE, RECORD = 10_000, 100_000  # steps from copy to copy: COW-like codes reach 8152 in ATOP, record numbers 7050
STEPS = {
    **{table: {"ccode": STATE} for table in ("state_system_spells", "state_system_years", "external_threat")},
    **{table: {"ccode": STATE} for table in ("national_capabilities", "national_trade", "allen_digiuseppe_2013")},
    "atop": {"atopid": RECORD, "member": STATE},
    "atop_alliances": {"atopid": RECORD},
    "mid_disputes": {"dispnum": RECORD},
    "mid_participants": {"dispnum": RECORD, "ccode": STATE},
    "direct_contiguity": {"state1no": STATE, "state2no": STATE},
    "interstate_wars": {"WarNum": RECORD, "ccode": STATE},
    "rivalries_tss": {"tssr_id": RECORD, "ccode1": STATE, "ccode2": STATE},
    "rivalries_td": {"rivalryno": RECORD, "ccode1": STATE, "ccode2": STATE},
    "country_mappings": {"cow_code": STATE},
    "country_mappings_maddison": {"cow_code": STATE},
    "state_code_corrections": {"record_number": RECORD, "published_code": STATE, "cow_code": STATE},
}
LABELS = {
    "gapminder_infant_mortality": "Infant mortality rate",
    "gapminder_infant_mortality_2010": "Infant Mortality Rate",
    "world_bank_infant_mortality": "Country Code",
    "clio_infra_infant_mortality": "country",
    "child_mortality": "Entity",
    "maddison": "ISO",
    "un_igme_mortality": "Entity",
    **dict.fromkeys(("polity5", "selectorate_w4", "selectorate_deposit"), "ccode"),
    **dict.fromkeys(("country_mappings", "country_mappings_maddison"), "label"),
}
VARIED = {  # a number in copy i of ``size``
    "national_trade": {"imports": "{number} + 0.0123 * i", "exports": "{number} + 0.0457 * i"},
    "national_capabilities": {"cinc": "{number} / {size}"},
}
READ = {"selectorate_deposit": "country_name, ccode, year, RegType, LegislativeSelection, xrcomp, xropen, parcomp"}


def copies_of(table: str, relation: str, size: int) -> str:
    """Select a table of text once for each copy of the world; copy 0 keeps its codes and labels."""
    changed = {
        column: f"""cast(cast(cast("{column}" as double) as bigint) + {step} * i as varchar)"""
        for column, step in STEPS.get(table, {}).items()
    }
    for column, formula in VARIED.get(table, {}).items():
        number = f'cast("{column}" as double)'
        changed[column] = f'if({number} < 0, "{column}", cast({formula.format(number=number, size=size)} as varchar))'
    if label := LABELS.get(table):
        changed[label] = f"""if(i = 0, "{label}", i || '#' || "{label}")"""
    replaced = ", ".join(f'{expression} as "{column}"' for column, expression in changed.items())
    world = f"(select * replace ({replaced}) from {relation} cross join range({size}) as copies(i))"
    return f"select {READ.get(table, '* exclude (i)')} from {world}"


def multiply(raw: str, target: str, size: int) -> None:
    """Write raw tables and a dbt project of a world ``size`` times as large into the folder ``target``."""
    import duckdb

    folder = Path(target)
    (folder / "raw").mkdir(parents=True)
    project = folder / "dbt_project"
    shutil.copytree(REPOSITORY / "dbt_project", project)
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(folder / "spill")}) as connection:
        for source in sorted(Path(raw).glob("*.parquet")):
            copy = folder / "raw" / source.name
            if source.stem in STEPS or source.stem in LABELS:
                connection.execute(f"""copy ({copies_of(source.stem, f"'{source}'", size)}) to '{copy}'""")
            else:  # major powers, and tables that only tests of golden figures read
                shutil.copy(source, copy)
        for seed in sorted((project / "seeds").glob("*.csv")):
            if seed.stem in STEPS:
                rows = f"read_csv('{REPOSITORY / 'dbt_project' / 'seeds' / seed.name}', all_varchar = true)"
                connection.execute(f"copy ({copies_of(seed.stem, rows, size)}) to '{seed}' (header)")
    # A state's region follows from its code in the first copy.
    replace_in(project / "macros" / "cow_region.sql", "{{ cow_code }}", f"{{{{ cow_code }}}} % {STATE}")


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if old not in text:
        sys.exit(f"{path.name} does not contain {old!r}: adapt the benchmark to the project")
    path.write_text(text.replace(old, new))
