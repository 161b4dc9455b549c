"""Estimation compared with statsmodels: clustered probit, cluster bootstrap, specification curve on 1 and 2 cores.

The headline model on a simulated panel of 13,389 state-years and 10 terms. statsmodels runs with its default threads
and with linear algebra on one thread, which is much faster on shared cores. In each round it refits 20 samples of the
bootstrap from the full-sample estimate, as ours do, and its time is scaled to 500. Results are compared in orthonormal
columns at full convergence, since statsmodels loses digits on the raw spline. The specification curve uses the panel of
the refresh: every 13th specification in each round, and all of them once.
"""

from statistics import median

from tests.benchmarks.alone import Run, alone, timed
from tests.benchmarks.measurement import Measurement, growth, ratio
from tests.benchmarks.workspace import Workspace

ROWS, STATES = 13_389, 165  # of the simulated panel; as many states give some rows more than are kept
FITS = 15  # a round, of which the median counts
THEIR_REFITS = 20
FIT_TARGET, BOOTSTRAP_TARGET, AGREEMENT = 1 / 5, 1 / 15, 1e-8
BOOTSTRAP_SECONDS = 2.0  # for 500 refits
FITS_A_SECOND = 5000 / 120  # of the curve, on two cores
EVERY = 13  # of the specifications, in the rounds; no divisor of any number of choices
PRECISE = {"disp": 0, "tol": 1e-13, "maxiter": 200, "warn_convergence": False}


def measure(workspace: Workspace) -> list[Measurement]:
    ours: list[Run] = []
    theirs: dict[int, list[Run]] = {0: [], 1: []}  # by threads of the linear algebra library; 0: as it comes
    for _ in range(workspace.rounds):
        ours.append(alone(fit_ours))
        for threads, runs in theirs.items():
            runs.append(alone(fit_theirs, threads))

    def beside(what: str, name: str, their: str, threads: int, target: float | None = None) -> Measurement:
        comes = "on one thread" if threads else "as it comes"
        return ratio(
            "estimation",
            f"{what} / statsmodels {comes}",
            [run.found[name] for run in ours],
            [run.found[their] for run in theirs[threads]],
            target=target,
            peak_mb=max(run.peak_mb for run in ours),
            their_peak_mb=max(run.peak_mb for run in theirs[threads]),
        )

    found = [
        beside("clustered probit", "fit", "fit", 0, FIT_TARGET),
        beside("clustered probit", "fit", "fit", 1),
        beside("500 bootstrap refits, 1 core", "bootstrap1", "bootstrap", 0, BOOTSTRAP_TARGET),
        beside("500 bootstrap refits, 1 core", "bootstrap1", "bootstrap", 1),
        beside("500 bootstrap refits, 2 cores", "bootstrap2", "bootstrap", 1),
    ]
    for cores in (1, 2):
        seconds = [run.found[f"bootstrap{cores}"] for run in ours]
        what = f"500 bootstrap refits of {ROWS:,} x 10, {cores} core{'s' * (cores > 1)}"
        found.append(Measurement("estimation", what, "s", seconds, target=BOOTSTRAP_SECONDS))
    agreement = alone(compare)
    found += [
        Measurement("estimation", f"{what}, ours and theirs", "difference", [agreement.found[what]], target=AGREEMENT)
        for what in agreement.found
    ]
    grown = {size: alone(fit_rows, size, workspace.rounds) for size in workspace.sizes}
    found += growth("estimation", "clustered probit", {size: run.found["cpus"] for size, run in grown.items()})
    peaks = [grown[workspace.sizes[-1]].peak_mb]
    found.append(Measurement("estimation", f"clustered probit at {workspace.sizes[-1]}x, peak memory", "MB", peaks))
    return found + measure_curve(workspace)


def measure_curve(workspace: Workspace) -> list[Measurement]:
    published = workspace.data / "warehouse.duckdb"
    runs: dict[int, list[Run]] = {1: [], 2: []}
    for _ in range(workspace.rounds):
        for cores, taken in runs.items():
            taken.append(alone(fit_curve, published, cores, EVERY))
    whole = alone(fit_curve, published, 2, 1)
    rates = {cores: [run.found["fits"] / run.seconds for run in taken] for cores, taken in runs.items()}
    peaks = {cores: max(run.peak_mb for run in taken) for cores, taken in runs.items()}
    described = {"target": FITS_A_SECOND, "more_is_better": True}
    return [
        Measurement("estimation", "specification curve, 1 core", "fits/s", rates[1], peak_mb=peaks[1]),
        Measurement("estimation", "specification curve, 2 cores", "fits/s", rates[2], peak_mb=peaks[2], **described),
        Measurement(
            "estimation",
            f"whole curve of {whole.found['fits']:,}, 2 cores",
            "fits/s",
            [whole.found["fits"] / whole.seconds],
            peak_mb=whole.peak_mb,
            **described,
        ),
    ]


def headline_arrays():
    """Outcome, matrix and states of the headline model on the simulated panel."""
    from analysis.core.panel import prepare
    from analysis.design.matrix import build
    from analysis.studies.kimball import HEADLINE_MODEL, KIMBALL_2010
    from tests.unit.analysis.conftest import make_panel

    model = next(model for model in KIMBALL_2010 if model.name == HEADLINE_MODEL)
    design = build(prepare(make_panel(states=STATES)), model)
    return design.outcome[:ROWS], design.matrix[:ROWS], design.states[:ROWS]


def samples(states) -> list:
    """Rows of the first samples of states that our bootstrap draws."""
    import numpy as np

    from tests.support.cluster_bootstrap import frequencies

    drawn = frequencies(int(states.max()) + 1)[:THEIR_REFITS, states]
    return [np.repeat(np.arange(len(states)), often) for often in drawn]


def clustering(states) -> dict:
    return {"cov_type": "cluster", "cov_kwds": {"groups": states, "use_correction": False}}


def clustered_probit(outcome, matrix, states):
    from analysis.estimators.likelihood import fit
    from analysis.estimators.links import LINKS
    from analysis.inference.covariance import clustered

    fitted = fit(outcome, matrix, LINKS["probit"])
    return fitted, clustered(fitted, states)


def fit_ours() -> dict[str, float]:
    """Seconds of a fit, and of 500 refits on one core and on two."""
    from threadpoolctl import threadpool_limits

    from tests.support.cluster_bootstrap import pairs_bootstrap

    outcome, matrix, states = headline_arrays()
    with threadpool_limits(1, "blas"):  # as in a refresh
        fitted, _ = clustered_probit(outcome, matrix, states)
        runs = [timed(lambda: clustered_probit(outcome, matrix, states))[0]["seconds"] for _ in range(FITS)]
        pairs_bootstrap(fitted, states, n_jobs=2)  # starts the workers
        taken = {
            f"bootstrap{jobs}": timed(lambda jobs=jobs: pairs_bootstrap(fitted, states, n_jobs=jobs))[0]["seconds"]
            for jobs in (1, 2)
        }
    end_workers()
    return {"fit": median(runs)} | taken


def fit_theirs(threads: int) -> dict[str, float]:
    """The same by statsmodels, on so many threads of the linear algebra library; 0 leaves them as they come."""
    import statsmodels.api as sm
    from threadpoolctl import threadpool_limits

    from tests.support.cluster_bootstrap import DRAWS

    outcome, matrix, states = headline_arrays()
    with threadpool_limits(threads or None, "blas"):
        fitted = sm.Probit(outcome, matrix).fit(disp=0)
        runs = [
            timed(lambda: sm.Probit(outcome, matrix).fit(disp=0, **clustering(states)))[0]["seconds"]
            for _ in range(FITS)
        ]

        def refit() -> None:
            for rows in samples(states):
                sm.Probit(outcome[rows], matrix[rows]).fit(disp=0, start_params=fitted.params)

        seconds = timed(refit)[0]["seconds"] * DRAWS / THEIR_REFITS
    return {"fit": median(runs), "bootstrap": seconds}


def compare() -> dict[str, float]:
    """Largest relative difference between our results and those of statsmodels."""
    import numpy as np
    import statsmodels.api as sm

    from tests.support.cluster_bootstrap import pairs_bootstrap

    outcome, matrix, states = headline_arrays()
    fitted, covariance = clustered_probit(outcome, matrix, states)
    columns, triangle = np.linalg.qr(matrix)
    back, count = np.linalg.inv(triangle), states.max() + 1
    theirs = sm.Probit(outcome, columns).fit(**PRECISE, **clustering(states))
    errors = np.sqrt(np.diag(back @ theirs.cov_params() @ back.T) * count / (count - 1))
    refits = [sm.Probit(outcome[rows], columns[rows]).fit(**PRECISE).params for rows in samples(states)]

    def difference(ours, theirs) -> float:
        return float(np.max(np.abs(ours / theirs - 1.0)))

    return {
        "coefficients": difference(fitted.coefficients, back @ theirs.params),
        "standard errors": difference(np.sqrt(np.diag(covariance)), errors),
        f"{THEIR_REFITS} refits": difference(
            pairs_bootstrap(fitted, states)[:THEIR_REFITS], np.linalg.solve(triangle, np.transpose(refits)).T
        ),
    }


def fit_rows(size: int, rounds: int) -> dict:
    """Processor time of fits of a panel with the rows ``size`` times over, each copy with states of its own."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    outcome, matrix, states = headline_arrays()
    outcome, matrix = np.tile(outcome, size), np.tile(matrix, (size, 1))
    states = np.concatenate([states + (states.max() + 1) * copy for copy in range(size)])
    with threadpool_limits(1, "blas"):
        clustered_probit(outcome, matrix, states)
        return {"cpus": [timed(lambda: clustered_probit(outcome, matrix, states))[0]["cpu"] for _ in range(rounds)]}


def fit_curve(published: str, jobs: int, every: int) -> dict:
    """The specification curve of the published panel, of every so manieth specification."""
    import duckdb
    from threadpoolctl import threadpool_limits

    from analysis.studies.multiverse.dimensions import specifications
    from analysis.studies.specification_curve import BATCH, CURVES, specification_curve

    with duckdb.connect(published, read_only=True) as connection:
        panel = connection.sql("select * from marts.country_years").df()
    chosen = specifications()[::every]
    with threadpool_limits(1, "blas"):
        if jobs > 1:
            specification_curve(panel, choices=chosen[: 2 * BATCH], n_jobs=jobs)  # starts the workers
        taken, _ = timed(lambda: specification_curve(panel, choices=chosen, n_jobs=jobs))
    end_workers()
    return taken | {"fits": len(CURVES) * len(chosen)}


def end_workers() -> None:
    """Only workers that have ended are counted in the peak memory of their parent."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
