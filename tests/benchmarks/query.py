"""Typical queries of the published file, compared with pandas reading the needed columns of the same tables.

DuckDB keeps the file open, as a session does; opening it is measured separately. Both must return as many rows. The
command is also measured as a whole process, compared with DuckDB and pandas as processes.
"""

import sys

from tests.benchmarks.alone import BIN, Run, alone, process, timed
from tests.benchmarks.measurement import Measurement, ratio
from tests.benchmarks.workspace import Workspace

TARGETS = {"DuckDB": None, "pandas": 1.0}
REPEATS = 5  # of each query in a round; the median counts
QUERIES = {
    "one state's rows, all columns": "select * from marts.country_years where cow_code = 220 order by year",
    "means by year": """select year, avg(infant_mortality_rate), avg(cinc) from marts.country_years
        group by year order by year""",
    "formations by region and decade": """select region, year // 10 * 10 as decade, sum(new_defense_alliances)
        from marts.country_years group by all order by all""",
    "join with the sources of mortality": """
        select series.source, count(*), avg(series.rate - panel.infant_mortality_rate)
        from marts.country_years as panel join marts.infant_mortality as series using (cow_code, year)
        group by series.source order by series.source""",
    "a model's coefficients": """select model, term, estimate, std_error from results.coefficients
        where covariance = 'cluster_state' order by model, term""",
}
COMMAND = "select count(*) from marts.country_years"
BARE = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).sql(sys.argv[2]).fetchall())"
PANDAS = "import pandas, sys; print(len(pandas.read_parquet(sys.argv[1], columns=['cow_code'])))"


def measure(workspace: Workspace) -> list[Measurement]:
    tables = workspace.part("query")
    published = workspace.data / "warehouse.duckdb"
    alone(write_parquet, published, tables)
    runs: dict[str, list[Run]] = {"ours": [], "theirs": [], "command": [], "DuckDB": [], "pandas": []}
    for _ in range(workspace.rounds):
        runs["ours"].append(alone(query_ours, published))
        runs["theirs"].append(alone(query_theirs, tables))
        rows, others = (runs[side][-1].found["rows"] for side in ("ours", "theirs"))
        if rows != others:
            raise AssertionError(f"we find {rows}, pandas {others}")
        runs["command"].append(process([BIN / "warehouse", "sql", COMMAND], WAREHOUSE_DATA_DIR=str(workspace.data)))
        runs["DuckDB"].append(process([sys.executable, "-c", BARE, published, COMMAND]))
        runs["pandas"].append(process([sys.executable, "-c", PANDAS, tables / "marts.country_years.parquet"]))
    peaks = {name: max(run.peak_mb for run in taken) for name, taken in runs.items()}
    opening = [run.found["opening"] for run in runs["ours"]]
    found = [Measurement("query", "opening the published file", "s", opening, peak_mb=peaks["ours"])]
    for what in QUERIES:
        ours, theirs = ([run.found["taken"][what] for run in runs[side]] for side in ("ours", "theirs"))
        memory = {"peak_mb": peaks["ours"], "their_peak_mb": peaks["theirs"]}
        found.append(ratio("query", f"{what} / pandas", ours, theirs, target=1.0, **memory))
    for peer in ("DuckDB", "pandas"):
        ours, theirs = ([run.seconds for run in runs[side]] for side in ("command", peer))
        memory = {"peak_mb": peaks["command"], "their_peak_mb": peaks[peer]}
        found.append(
            ratio("query", f"warehouse sql, whole process / bare {peer}", ours, theirs, target=TARGETS[peer], **memory)
        )
    return found


def write_parquet(published: str, folder: str) -> None:
    import duckdb

    with duckdb.connect(published, read_only=True) as connection:
        for table in ("marts.country_years", "marts.infant_mortality", "results.coefficients"):
            connection.execute(f"copy {table} to '{folder}/{table}.parquet'")


def _timed_queries(queries: dict) -> dict:
    from statistics import median

    taken, rows = {}, {}
    for what, query in queries.items():
        runs = [timed(query) for _ in range(REPEATS)]
        taken[what] = median(run["seconds"] for run, _ in runs)
        rows[what] = len(runs[0][1])
    return {"taken": taken, "rows": rows}


def query_ours(published: str) -> dict:
    import duckdb

    opened, connection = timed(lambda: duckdb.connect(published, read_only=True))
    queries = {what: lambda query=query: connection.execute(query).fetchall() for what, query in QUERIES.items()}
    return _timed_queries(queries) | {"opening": opened["seconds"]}


def query_theirs(folder: str) -> dict:
    import pandas as pd

    def read(table: str, columns: list[str] | None = None) -> pd.DataFrame:
        return pd.read_parquet(f"{folder}/{table}.parquet", columns=columns)

    def one_state() -> pd.DataFrame:
        panel = read("marts.country_years")
        return panel[panel["cow_code"] == 220].sort_values("year")

    def means() -> pd.DataFrame:
        panel = read("marts.country_years", ["year", "infant_mortality_rate", "cinc"])
        return panel.groupby("year").mean()

    def formations() -> pd.Series:
        panel = read("marts.country_years", ["region", "year", "new_defense_alliances"])
        return panel.groupby(["region", panel["year"] // 10 * 10])["new_defense_alliances"].sum()

    def joined() -> pd.DataFrame:
        panel = read("marts.country_years", ["cow_code", "year", "infant_mortality_rate"])
        sources = read("marts.infant_mortality", ["cow_code", "year", "source", "rate"])
        both = sources.merge(panel, on=["cow_code", "year"])
        both["gap"] = both["rate"] - both["infant_mortality_rate"]
        return both.groupby("source")["gap"].agg(["size", "mean"])

    def coefficients() -> pd.DataFrame:
        table = read("results.coefficients", ["model", "term", "estimate", "std_error", "covariance"])
        return table[table["covariance"] == "cluster_state"].sort_values(["model", "term"])

    return _timed_queries(dict(zip(QUERIES, (one_state, means, formations, joined, coefficients), strict=True)))
