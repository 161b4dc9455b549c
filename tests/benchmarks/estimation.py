"""Estimation beside statsmodels in the same run: clustered probit, cluster bootstrap, and the specification curve on 1 and 2 cores.

``python -m tests.benchmarks.estimation [DATA_DIR]`` takes the headline model on the publication in DATA_DIR, if one is given, and always
a simulated panel of 13,389 state-years and 10 terms. Ours and theirs take turns; ratios are medians over the rounds. statsmodels is timed
as it comes and with its linear algebra held to one thread, which on shared cores is much the faster; the targets are held against the
latter. It refits 20 samples of the bootstrap a round, warm-started at the full-sample estimate as ours are, and the time is scaled to
500. Its results are compared in orthonormal columns and iterated to the end, for on the raw spline it loses digits. The curve is timed on
every seventh specification, and once whole on two cores. Exits with 1 where a ratio misses its target or results differ.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import statsmodels.api as sm
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

from analysis.cluster_bootstrap import DRAWS, frequencies, pairs_bootstrap
from analysis.covariance import clustered
from analysis.design import build
from analysis.kimball import HEADLINE_MODEL, KIMBALL_2010
from analysis.likelihood import Fit, fit
from analysis.links import LINKS
from analysis.panel import prepare
from analysis.specification_curve import specification_curve, specifications
from tests.unit.analysis.conftest import make_panel

ROUNDS, FIT_ROUNDS = 5, 25
ROWS, STATES = 13_389, 165  # of the simulated panel; as many states give some rows more than are kept
THEIR_REFITS = 20
FIT_TARGET, BOOTSTRAP_TARGET, AGREEMENT = 5.0, 15.0, 1e-8
REST = 0.1  # seconds for which idle threads of the linear algebra library keep a core busy
EVERY = 7  # of the specifications, in the rounds; no divisor of any number of choices
PRECISE = {"disp": 0, "tol": 1e-13, "maxiter": 200, "warn_convergence": False}
CURVE_TARGET = "5,000 fits in under 120 s on two cores"


def timed(work: Callable, threads: int | None = 1) -> tuple[float, object]:
    """Seconds and result; None leaves the threads of the linear algebra library as they come."""
    with threadpool_limits(threads, "blas"):
        started = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - started
    if threads is None:
        time.sleep(REST)
    return seconds, result


def simulated_panel() -> pd.DataFrame:
    panel = make_panel(states=STATES)
    rate = panel["infant_mortality_rate"]
    change = panel.groupby("cow_code")["infant_mortality_rate"].diff()
    series = dict.fromkeys(("imr_abouharb_kimball", "imr_gapminder", "imr_world_bank"), rate)
    return panel.assign(infant_mortality_change_1y=change, **series)


def published_panel(data_dir: Path) -> pd.DataFrame:
    with duckdb.connect(str(data_dir / "warehouse.duckdb"), read_only=True) as connection:
        return connection.sql("select * from marts.country_years").df()


def headline_arrays(panel: pd.DataFrame, rows: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, matrix and states of the headline model, its first `rows` rows if so many are wanted."""
    model = next(model for model in KIMBALL_2010 if model.name == HEADLINE_MODEL)
    design = build(prepare(panel), model)
    return design.outcome[:rows], design.matrix[:rows], design.states[:rows]


def compare_fits(outcome: np.ndarray, matrix: np.ndarray, states: np.ndarray) -> bool:
    """Probit with a covariance clustered by state."""
    clustering = {"cov_type": "cluster", "cov_kwds": {"groups": states, "use_correction": False}}

    def reference():
        sm.Probit(outcome, matrix).fit(disp=0, **clustering)

    times: dict[str, list[float]] = {"ours": [], "as it comes": [], "one thread": []}
    for _ in range(FIT_ROUNDS):
        seconds, (fitted, covariance) = timed(lambda: clustered_probit(outcome, matrix, states))
        times["ours"].append(seconds)
        times["one thread"].append(timed(reference)[0])
        times["as it comes"].append(timed(reference, None)[0])
    columns, triangle = np.linalg.qr(matrix)
    back, count = np.linalg.inv(triangle), states.max() + 1
    theirs = sm.Probit(outcome, columns).fit(**PRECISE, **clustering)
    errors = np.sqrt(np.diag(back @ theirs.cov_params() @ back.T) * count / (count - 1))
    agreed = agree("coefficients", fitted.coefficients, back @ theirs.params)
    agreed &= agree("standard errors", np.sqrt(np.diag(covariance)), errors)
    ratio("probit with clustered covariance, statsmodels on one thread", times["ours"], times["one thread"])
    return ratio("the same, statsmodels as it comes", times["ours"], times["as it comes"], FIT_TARGET) and agreed


def clustered_probit(outcome: np.ndarray, matrix: np.ndarray, states: np.ndarray) -> tuple[Fit, np.ndarray]:
    fitted = fit(outcome, matrix, LINKS["probit"])
    return fitted, clustered(fitted, states)


def compare_bootstraps(outcome: np.ndarray, matrix: np.ndarray, states: np.ndarray) -> bool:
    """500 refits to samples of states; one worker and two."""
    fitted = fit(outcome, matrix, LINKS["probit"])
    columns, triangle = np.linalg.qr(matrix)
    samples = [
        np.repeat(np.arange(len(outcome)), count) for count in frequencies(int(states.max()) + 1)[:THEIR_REFITS, states]
    ]

    def theirs():
        for rows in samples:
            sm.Probit(outcome[rows], matrix[rows]).fit(disp=0, start_params=fitted.coefficients)

    times: dict[str, list[float]] = {"1 core": [], "2 cores": [], "as it comes": [], "one thread": []}
    pairs_bootstrap(fitted, states, n_jobs=2)  # starts the workers
    for _ in range(ROUNDS):
        seconds, estimates = timed(lambda: pairs_bootstrap(fitted, states))
        times["1 core"].append(seconds)
        times["2 cores"].append(timed(lambda: pairs_bootstrap(fitted, states, n_jobs=2))[0])
        times["one thread"].append(timed(theirs)[0] * DRAWS / THEIR_REFITS)
        times["as it comes"].append(timed(theirs, None)[0] * DRAWS / THEIR_REFITS)
    precise = [sm.Probit(outcome[rows], columns[rows]).fit(**PRECISE).params for rows in samples]
    agreed = agree(
        f"{THEIR_REFITS} refits", estimates[:THEIR_REFITS], np.linalg.solve(triangle, np.transpose(precise)).T
    )
    what, seconds = f"{DRAWS} cluster-bootstrap refits", {name: statistics.median(times[name]) for name in times}
    print(
        f"  {what} of {' x '.join(map(str, matrix.shape))}: 1 core {seconds['1 core']:.2f} s, 2 {seconds['2 cores']:.2f} s"
    )
    ratio(f"{what}, 1 core, statsmodels on one thread", times["1 core"], times["one thread"])
    ratio(f"{what}, 2 cores, statsmodels on one thread", times["2 cores"], times["one thread"])
    return (
        ratio(f"{what}, 1 core, statsmodels as it comes", times["1 core"], times["as it comes"], BOOTSTRAP_TARGET)
        and agreed
    )


def time_curve(panel: pd.DataFrame) -> None:
    chosen = specifications()[::EVERY]
    specification_curve(panel, choices=chosen[:128], jobs=2)  # starts the workers
    for jobs in (1, 2):
        seconds = [timed(lambda jobs=jobs: specification_curve(panel, choices=chosen, jobs=jobs))[0] for _ in range(3)]
        rate = len(chosen) / statistics.median(seconds)
        print(f"  specification curve, {jobs} core{'s' * (jobs > 1)}: {rate:.0f} fits a second")
    seconds, _ = timed(lambda: specification_curve(panel, jobs=2))
    count = len(specifications())
    print(
        f"  whole curve, 2 cores: {count} specifications in {seconds:.1f} s, that is 5,000 in {5000 * seconds / count:.1f} s"
        f" (target: {CURVE_TARGET})"
    )


def agree(what: str, ours: np.ndarray, theirs: np.ndarray) -> bool:
    difference = float(np.max(np.abs(ours / theirs - 1.0)))
    print(f"  {what}: largest relative difference {difference:.1e} (at most {AGREEMENT:.0e})")
    return difference <= AGREEMENT


def ratio(what: str, ours: list[float], theirs: list[float], target: float | None = None) -> bool:
    """Print seconds and ratio; whether the ratio reaches its target."""
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    wanted = "" if target is None else f"; at least {target:.0f}"
    print(
        f"  {what}: {statistics.median(ours):.4f} s to {statistics.median(theirs):.4f} s, "
        f"ratio {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}{wanted})"
    )
    return target is None or statistics.median(ratios) >= target


def main() -> None:
    panels = {"simulated panel": (simulated_panel(), ROWS)}
    if len(sys.argv) > 1:
        panels["published panel"] = (published_panel(Path(sys.argv[1])), None)
    passed = True
    for name, (panel, rows) in panels.items():
        arrays = headline_arrays(panel, rows)
        n, terms = arrays[1].shape
        print(f"{name}: {n:,} state-years, {terms} terms, {arrays[2].max() + 1} states, {arrays[0].sum():.0f} events")
        passed &= compare_fits(*arrays)
        passed &= compare_bootstraps(*arrays)
    print(f"specification curve on the {name}")
    time_curve(panel)
    get_reusable_executor().shutdown(wait=True)  # only workers that have ended are counted
    own, workers = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"peak memory: {own:.0f} MB, largest worker {workers:.0f} MB")
    sys.exit(not passed)


if __name__ == "__main__":
    main()
