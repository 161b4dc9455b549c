"""A fixed piece of work that never changes, to compare seconds of runs on different days and machines."""

from tests.benchmarks.alone import alone, timed

ROUNDS = 3


def yardstick() -> list[float]:
    """Seconds of the work in each round, in a new process."""
    return [alone(work).seconds for _ in range(ROUNDS)]


def work() -> dict:
    """The most frequent work: DuckDB joins, sorts and aggregates on two threads, and a loop over numpy arrays."""
    import duckdb
    import numpy as np
    from threadpoolctl import threadpool_limits

    def both() -> None:
        with duckdb.connect(config={"threads": 2}) as connection:
            connection.execute(
                "create table rows as select i, hash(i) % 100000 as k, i / 7 as v from range(1500000) r(i)"
            )
            connection.execute(
                "select k, avg(rows.v), max(other.v) from rows join rows as other using (i, k) group by k"
            ).fetchall()
            connection.execute("create table sorted as select * from rows order by k, v")
        matrix = np.random.default_rng(0).normal(size=(13_389, 10))
        with threadpool_limits(1, "blas"):
            for _ in range(60):
                weights = np.exp(-np.square(matrix @ np.ones(10)) / 20)
                np.linalg.solve((matrix.T * weights) @ matrix, np.ones(10))

    return timed(both)[0]
