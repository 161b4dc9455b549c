"""The dyad-years: the SQL of their models and tests on the tables of a refresh, compared with merges in pandas.

The SQL is what dbt compiles, run in DuckDB alone. k copies of the world with dyads between all of them have k * k times
the dyad-years. Growth is therefore measured against the rows of the table: one state in ten, one in three, one world,
and three worlds with DuckDB limited to 1.5 GB, so that it spills. ``--dyad-worlds 10`` adds 193 million rows, 100 times
a world, which needs 40 GB of disk. pandas receives the two tables before dyad_years, for one world only, since it holds
everything in memory.
"""

from pathlib import Path

from tests.benchmarks.alone import BIN, alone, process, timed
from tests.benchmarks.measurement import Measurement, growth, ratio
from tests.benchmarks.workspace import Workspace
from tests.benchmarks.world import RECORD, STATE
from tests.support.shell import REPOSITORY

MOST_SECONDS, MOST_MEMORY = 5.0, 2048.0
SHARES, WORLDS = (0.1, 0.33), (1, 3)  # of the states of one world; worlds
LIMIT = "1500MB"  # of DuckDB with several worlds
MODELS = {
    "intermediate.int_alliance_dyad_years": "models/intermediate/dyads/int_alliance_dyad_years.sql",
    "intermediate.int_dispute_dyad_years": "models/intermediate/dyads/int_dispute_dyad_years.sql",
    "marts.dyad_years": "models/marts/dyad_years.sql",
}
# Tables that the models and their tests read, with their columns of states and of records.
READ = {
    "seeds.source_spans": (),
    "staging.stg_atop__members": ("cow_code", "atop_id"),
    "staging.stg_cow__state_spells": ("cow_code",),
    "staging.stg_cow__national_capabilities": ("cow_code",),
    "staging.stg_cow__direct_contiguity": ("cow_code", "partner_code"),
    "staging.stg_cow__mid_participants": ("cow_code", "dispute_number"),
    "staging.stg_thompson__rivalries_tss": ("published_code_1", "published_code_2", "rivalry_number"),
    "intermediate.int_state_years": ("cow_code",),
    "intermediate.int_polity": ("cow_code",),
    "intermediate.int_dispute_participation": ("cow_code", "dispute_number"),
    "intermediate.int_dispute_rivalries": ("cow_code", "partner_code"),
    "intermediate.int_strategic_rivalries": ("cow_code", "partner_code"),
    "marts.country_years": ("cow_code",),
}
RECORDS = {"atop_id", "dispute_number", "rivalry_number"}


def measure(workspace: Workspace, worlds: int) -> list[Measurement]:
    folder = workspace.part("dyads")
    project = REPOSITORY / "dbt_project"
    options = ["--project-dir", project, "--profiles-dir", project, "--target-path", folder, "--log-path", folder]
    built = workspace.data / "build.duckdb"
    variables = {"WAREHOUSE_RAW_DIR": str(workspace.data / "raw"), "WAREHOUSE_BUILD_PATH": str(built)}
    variables["WAREHOUSE_DBT_TARGET"] = "build"
    excluded = [] if workspace.mirror else ["--exclude=tag:real_data"]
    process([BIN / "dbt", "compile", "--select=tag:dyads", *excluded, *options], **variables)
    compiled = folder / "compiled" / "alliance_formation"

    def build(world: str, rounds: int, limit: str | None):
        runs = [alone(run_sql, folder / world, compiled, limit) for _ in range(rounds)]
        (folder / world / "build.duckdb").unlink()
        return runs

    ours, theirs = [], []
    alone(make_world, built, folder / "one", 1, 1.0)
    for _ in range(workspace.rounds):
        ours.append(alone(run_sql, folder / "one", compiled, None))
        theirs.append(alone(merge_in_pandas, folder / "one"))
        if ours[-1].found["sums"] != theirs[-1].found["sums"]:
            raise AssertionError(f"we find {ours[-1].found['sums']}, pandas {theirs[-1].found['sums']}")
    runs = {ours[0].found["rows"]: ours}
    for share in SHARES:
        alone(make_world, built, folder / f"share{share}", 1, share)
        found = build(f"share{share}", workspace.rounds, None)
        runs[found[0].found["rows"]] = found
    for number in (*WORLDS[1:], *([worlds] if worlds > WORLDS[-1] else [])):
        alone(make_world, built, folder / f"worlds{number}", number, 1.0)
        largest = build(f"worlds{number}", 1, LIMIT)
        runs[largest[0].found["rows"]] = largest
    peak = max(run.peak_mb for run in ours)
    rows = {size: f"{size:,}" for size in runs}
    seconds = [run.seconds for run in ours]
    measured = [
        Measurement("dyads", f"models' SQL, {rows[ours[0].found['rows']]} rows", "s", seconds, target=MOST_SECONDS),
        Measurement("dyads", "the same, peak memory", "MB", [run.peak_mb for run in ours], target=MOST_MEMORY),
        Measurement("dyads", "data tests' SQL", "s", [run.found["tests"]["seconds"] for run in ours]),
        ratio(
            "dyads",
            "models' SQL / pandas",
            seconds,
            [run.seconds for run in theirs],
            target=1.0,
            peak_mb=peak,
            their_peak_mb=max(run.peak_mb for run in theirs),
        ),
    ]
    millions = {size / 1e6: found for size, found in runs.items()}
    measured += growth("dyads", "models' SQL", {s: [r.cpu for r in found] for s, found in millions.items()}, "m rows")
    tests = {s: [r.found["tests"]["cpu"] for r in found] for s, found in millions.items()}
    measured += growth("dyads", "data tests' SQL", tests, "m rows")
    most = max(runs)
    what = f"peak memory, {most:,} rows, DuckDB limited to {LIMIT}"
    measured.append(Measurement("dyads", what, "MB", [run.peak_mb for run in runs[most]], target=MOST_MEMORY))
    return measured


def make_world(built: str, folder: str, worlds: int, share: float) -> None:
    """Write the tables in READ for several worlds, or for a share of the states of one."""
    import duckdb

    Path(folder).mkdir()
    with duckdb.connect(f"{folder}/build.duckdb") as connection:
        connection.execute(f"attach '{built}' as world (read_only)")
        for table, codes in READ.items():
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            if not codes:  # the same in every world
                connection.execute(f"create table {table} as from world.{table}")
                continue
            moved = ", ".join(
                f"cast({code} + i * {RECORD if code in RECORDS else STATE} as integer) as {code}" for code in codes
            )
            kept = " and ".join(f"hash({code}) % 1000 < {1000 * share}" for code in codes if code not in RECORDS)
            connection.execute(
                f"create table {table} as select * exclude (i) replace ({moved}) from world.{table}"
                f" cross join range({worlds}) as copies(i) where {kept}"
            )


def run_sql(folder: str, compiled: str, limit: str | None) -> dict:
    """Run models, then tests; return seconds of both, rows, and sums to compare."""
    import duckdb

    config = {"temp_directory": f"{folder}/spill"} | ({"memory_limit": limit} if limit else {})
    tests = [
        path
        for path in Path(compiled).rglob("*.sql")
        if path.parent.suffix == ".yml" or path.parent.name in ("tests", "real_data")
    ]
    with duckdb.connect(f"{folder}/build.duckdb", config=config) as connection:
        for table in MODELS:
            connection.execute(f"drop table if exists {table}")

        def models() -> None:
            for table, path in MODELS.items():
                connection.execute(f"create table {table} as {(Path(compiled) / path).read_text()}")

        def check() -> None:
            for path in tests:
                connection.execute(f"select count(*) from ({path.read_text()})").fetchall()

        taken, _ = timed(models)
        checked, _ = timed(check)
        sums = connection.execute("""
            select count(*), count(*) filter (owes_any), count(*) filter (owes_defense is null), sum(contiguity_class),
                sum(disputes_ongoing), count(*) filter (are_dispute_rivals), count(*) filter (are_strategic_rivals),
                sum(years_since_alliance), count(polity2), count(joint_cinc), sum(partner_polity2)
            from marts.dyad_years""").fetchone()
    return taken | {"tests": checked, "rows": sums[0], "sums": [int(found or 0) for found in sums]}


def merge_in_pandas(folder: str) -> dict:
    """Make the same table by merges; the input is read from DuckDB before the measurement."""
    import duckdb
    import numpy as np
    import pandas as pd

    last = 2016
    with duckdb.connect(f"{folder}/build.duckdb", read_only=True) as connection:
        frame = {t: connection.execute(f"select * from {t}").df() for t in [*READ, *list(MODELS)[:2]]}

    def work() -> list[int]:
        states = frame["intermediate.int_state_years"]
        states = states[states["year"] <= last].assign(entry=lambda f: f["year"] - f["years_in_system"])
        key = ["cow_code", "year"]
        states = states[[*key, "entry", "is_major_power"]]
        states = states.merge(frame["staging.stg_cow__national_capabilities"][[*key, "cinc"]], on=key, how="left")
        states = states.merge(frame["intermediate.int_polity"][[*key, "polity2"]], on=key, how="left")
        partners = states.rename(
            columns={"cow_code": "partner_code"} | {c: f"partner_{c}" for c in states.columns if c not in key}
        )
        dyads = states.merge(partners, on="year")
        dyads = dyads[dyads["cow_code"] != dyads["partner_code"]]
        # In years of entry or exit two states may not have been members at the same time.
        spells = frame["staging.stg_cow__state_spells"]
        days = spells[["cow_code", "start_date", "end_date"]]
        changes = set(days["start_date"].dt.year) | set(days["end_date"].dt.year)
        pairs = dyads.loc[dyads["year"].isin(changes), ["cow_code", "partner_code", "year"]].reset_index()
        met = pairs.merge(days, on="cow_code").merge(
            days.rename(columns={"cow_code": "partner_code"}), on="partner_code", suffixes=("", "_too")
        )
        first = met[["start_date", "start_date_too"]].max(axis=1)
        final = met[["end_date", "end_date_too"]].min(axis=1)
        shared = (first <= final) & (first.dt.year <= met["year"]) & (met["year"] <= final.dt.year)
        dyads = dyads.drop(index=set(pairs["index"]) - set(met.loc[shared, "index"]))
        key = ["cow_code", "partner_code", "year"]
        allied = frame["intermediate.int_alliance_dyad_years"]
        dyads = dyads.sort_values(["year", "cow_code", "partner_code"])
        earlier = allied[key].assign(last_allied=allied["year"]).sort_values("year")
        dyads = pd.merge_asof(dyads, earlier, on="year", by=["cow_code", "partner_code"], allow_exact_matches=False)
        dyads = dyads.merge(allied, on=key, how="left")
        is_allied = dyads["owes_any"].notna()
        for column in [c for c in allied.columns if c.startswith("owes_")]:
            dyads[column] = dyads[column].astype("boolean").mask(~is_allied, False)
        contiguity = frame["staging.stg_cow__direct_contiguity"]
        contiguity = contiguity.groupby(key, as_index=False)["contiguity_class"].min()
        disputes = frame["intermediate.int_dispute_dyad_years"]
        dyads = dyads.merge(contiguity, on=key, how="left").merge(disputes, on=key, how="left")
        for name in ("dispute", "strategic"):
            rivals = frame[f"intermediate.int_{name}_rivalries"]
            dyads = dyads.merge(rivals[key].assign(**{f"{name}_rivals": True}), on=key, how="left")
            dyads[f"{name}_rivals"] = dyads[f"{name}_rivals"].eq(True)
        entry = dyads[["entry", "partner_entry"]].max(axis=1)
        dyads["years_since_alliance"] = dyads["year"] - np.fmax(dyads["last_allied"], entry)
        dyads["joint_cinc"] = dyads["cinc"] + dyads["partner_cinc"]
        dyads["cinc_ratio"] = dyads["cinc"] / dyads["partner_cinc"].replace(0, np.nan)
        until = {
            "contiguity_class": frame["staging.stg_cow__direct_contiguity"]["year"].max(),
            "disputes_ongoing": frame["staging.stg_cow__mid_participants"]["end_year"].max(),
            "disputes_started": frame["staging.stg_cow__mid_participants"]["end_year"].max(),
        }
        for column, year in until.items():
            dyads[column] = dyads[column].fillna(0).where(dyads["year"] <= year)
        of_years = {"dispute": until["disputes_started"]}
        of_years["strategic"] = frame["staging.stg_thompson__rivalries_tss"]["end_year"].max()
        for name, year in of_years.items():
            dyads[f"{name}_rivals"] &= dyads["year"] <= year
        dyads = dyads.sort_values(key)
        dyads.to_parquet(f"{folder}/dyad_years.parquet", compression="snappy")  # ours is written to disk, too
        sums = [dyads["owes_any"].sum(), dyads["owes_defense"].isna().sum(), dyads["contiguity_class"].sum()]
        sums += [dyads["disputes_ongoing"].sum(), dyads["dispute_rivals"].sum(), dyads["strategic_rivals"].sum()]
        sums += [dyads["years_since_alliance"].sum(), dyads["polity2"].count(), dyads["joint_cinc"].count()]
        return list(map(int, [len(dyads), *sums, dyads["partner_polity2"].sum()]))

    taken, sums = timed(work)
    return taken | {"sums": sums}
