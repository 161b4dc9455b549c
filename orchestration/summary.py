"""What the commands print: the outcome of a run, the status, the sources, the results. Text only, read from what is published."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.query import render_table, rows_of
from orchestration.settings import Settings

HEADLINE_COVARIANCE = "cluster_state"


def outcome_summary(outcome) -> str:
    """The end of ``warehouse run``: headline model, n, time, where the file is, and whether it is synthetic."""
    settings = outcome.settings
    done = "refreshed" if outcome.changed else "nothing changed, the publication stands as it is"
    return "\n".join(
        [
            _headline(settings.warehouse_path),
            f"{done} in {outcome.seconds:.1f} s: {settings.warehouse_path}",
            f"warehouse ran on {outcome.told}",
        ]
    )


def results_text(settings: Settings) -> str:
    """``warehouse results``: headline model, the term in question in every model, the open choices."""
    path = settings.warehouse_path
    parts = (_headline(path), _rise_in_every_model(path), _problems(path), _choices(path))
    return "\n".join([*parts, _claim(settings), "", _synthetic_line(path)])


def status_text(settings: Settings) -> str:
    """``warehouse status`` on one screen: publication, checks, sources against their cadence, last run."""
    path = settings.warehouse_path
    lines = []
    if path.exists():
        (publication,) = rows_of(path, "select * from meta.publication")
        checks = rows_of(path, "select status, count(*) as n from meta.checks group by all order by all")
        counted = ", ".join(f"{check['n']:,} {check['status']}" for check in checks)
        lines += [
            f"published     {publication['publication_id']}  ({publication['published_at']:%Y-%m-%d %H:%M} UTC)",
            f"data          {publication['note']}",
            f"checks        {counted}",
            f"file          {path}",
            f"kept          {len(list(settings.publications_dir.glob('*.duckdb')))} publications",
            "",
            _source_freshness(path),
        ]
    else:
        lines += ["published     nothing yet (warehouse run)"]
    return "\n".join([*lines, f"last run      {_last_run(settings)}"])


def sources_text() -> str:
    """``warehouse sources``: every file with version, producer and the tables read from it."""
    from orchestration.provenance import load_catalog

    rows = [
        (source.name, file.file, file.version or "undated", ", ".join(t.name for t in file.tables), source.homepage)
        for source in load_catalog().values()
        for file in source.files
    ]
    return render_table(["source", "file", "version", "raw tables", "publisher's page"], rows)


def verification(settings: Settings) -> tuple[str, bool]:
    """``warehouse sources verify``: where each file was found, or why it was not; and whether all were."""
    from orchestration.acquire import open_acquisition
    from orchestration.errors import WarehouseError

    acquisition = open_acquisition(settings)
    rows, complete = [], True
    for source_name, file in acquisition.files():
        try:
            fetched = acquisition.fetch(source_name, file)
            rows.append((source_name, file.file, "verified", fetched.way, file.sha256[:12]))
        except WarehouseError as error:
            complete = False
            rows.append((source_name, file.file, "FAILED", f"{error.problem} {error.found}".replace("\n", " "), ""))
    return render_table(["source", "file", "state", "where", "sha256"], rows), complete


def _headline(path: Path) -> str:
    from analysis.kimball import HEADLINE_MODEL

    (model,) = rows_of(path, f"select * from results.models where model = '{HEADLINE_MODEL}'")
    terms = rows_of(
        path,
        "select term, estimate, std_error, statistic, p_value, conf_low, conf_high from results.coefficients"
        f" where model = '{HEADLINE_MODEL}' and covariance = '{HEADLINE_COVARIANCE}' order by term_order",
    )
    fit = (
        f"n {model['n']:,} country-years, {model['events']:,} formations, {model['clusters']} states,"
        f" log-likelihood {_number(model['log_likelihood'])}, pseudo-R2 {_number(model['pseudo_r2'])}"
    )
    problem = f"\nproblem: {model['problem']}" if model["problem"] else ""
    table = _numbers_table(["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"], terms)
    title = f"{HEADLINE_MODEL}: probit of {model['outcome']}, {model['sample']}; standard errors clustered by state"
    return f"{title}\n{table}{fit}{problem}\n"


def _rise_in_every_model(path: Path) -> str:
    """One row per model, one column per covariance: the reader sees at once how much hangs on that choice."""
    covariances = ("stata_robust", "cluster_state", "cluster_state_year", "score_bootstrap")
    p_values = ", ".join(
        f"any_value(c.p_value) filter (c.covariance = '{name}') as \"p {name}\"" for name in covariances
    )
    rows = rows_of(
        path,
        "select m.model, m.outcome, m.sample, m.n, any_value(c.estimate) as estimate, any_value(c.std_error)"
        f" filter (c.covariance = '{HEADLINE_COVARIANCE}') as \"se {HEADLINE_COVARIANCE}\", {p_values}"
        " from results.models as m join results.coefficients as c using (model)"
        " where c.term = 'infant_mortality_rose' group by all order by any_value(m.is_headline) desc, m.model",
    )
    title = "infant_mortality_rose in every model that has it; p-values under every covariance"
    return f"{title}\n{_numbers_table(list(rows[0]), rows)}"


def _claim(settings: Settings) -> str:
    """One sentence on the claim, from what is published and nothing else."""
    from analysis.claim import claim_sentence
    from orchestration.presentation import results_frames

    frames = results_frames(settings)
    return claim_sentence(
        frames["models"],
        frames["coefficients"],
        frames["marginal_effects"],
        frames.get("specification_curve"),
        frames.get("validation"),
    )


def _problems(path: Path) -> str:
    failed = rows_of(path, "select model, problem from results.models where problem is not null order by all")
    lines = [f"  {row['model']}: {row['problem']}" for row in failed]
    return "models with a problem\n" + ("\n".join(lines) if lines else "  none") + "\n"


def _choices(path: Path) -> str:
    rows = rows_of(path, "select choice, value, why from results.choices order by all")
    listed = [f"  {row['choice']} = {row['value']}: {row['why']}" for row in rows]
    return "\n".join(["what the article leaves open, and what was chosen", *listed]) + "\n"


def _synthetic_line(path: Path) -> str:
    (publication,) = rows_of(path, "select note, publication_id from meta.publication")
    return f"{publication['note']} (publication {publication['publication_id']})"


def _source_freshness(path: Path) -> str:
    """When each file was loaded, and by when its publisher's cadence asks to look for a new version."""
    now = datetime.now(UTC)
    rows = []
    for source in rows_of(path, "select * from meta.sources order by source, file"):
        due = source["loaded_at"] + timedelta(days=365.25 * source["cadence_years"])
        rows.append(
            (
                source["source"],
                source["file"][:44],
                source["version"] or "undated",
                f"{source['loaded_at']:%Y-%m-%d}",
                f"{due:%Y-%m}" + (" OVERDUE" if due < now else ""),
            )
        )
    return render_table(["source", "file", "version", "loaded", "look for a new version"], rows)


def _last_run(settings: Settings) -> str:
    if not settings.dagster_dir.exists():
        return "none"
    import os

    os.environ.update(settings.environment())
    from dagster import DagsterInstance

    with DagsterInstance.get() as instance:
        records = instance.get_run_records(limit=1)
    if not records:
        return "none"
    run = records[0]
    when = datetime.fromtimestamp(run.create_timestamp.timestamp(), UTC)
    return f"{run.dagster_run.status.value.lower()}, {when:%Y-%m-%d %H:%M} UTC, run {run.dagster_run.run_id}"


def _numbers_table(names: list[str], records: list[dict]) -> str:
    rows = [tuple(_number(v) if isinstance(v, float) else v for v in record.values()) for record in records]
    return render_table(names, rows)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"
