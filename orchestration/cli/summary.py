"""What the commands print of a run, the sources and the results, read from the publication."""

import textwrap
from typing import Any

from analysis.core.conventions import HEADLINE_COVARIANCE
from orchestration.core.settings import Settings
from orchestration.core.text_tables import render_table
from orchestration.publication.changes import KIND
from orchestration.publication.kept import find
from orchestration.query.run import open_published, rows_of
from orchestration.runtime.refresh import Outcome
from orchestration.runtime.status import next_check
from orchestration.store.protocol import StoredPublication
from orchestration.store.publication_file import PublicationFile

WIDTH = 80  # characters of a line of ``warehouse results``
COVARIANCES = {
    "robust": "stata_robust",
    "state": "cluster_state",
    "jack": "cluster_state_jackknife",
    "both": "cluster_state_year",
    "boot": "score_bootstrap",
}


def outcome_summary(outcome: Outcome) -> str:
    """The end of ``warehouse run``: headline model, n, time, where the file is, and whether it is synthetic."""
    settings = outcome.settings
    done = "refreshed" if outcome.changed else "nothing changed, the publication is current"
    publication = PublicationFile(settings.warehouse_path)
    return "\n".join(
        [
            _headline(publication),
            *(_changes(publication) if outcome.changed else []),
            f"{done} in {outcome.seconds:.1f} s: {settings.warehouse_path}",
            f"warehouse ran on {outcome.message}",
        ]
    )


def _changes(publication: StoredPublication) -> list[str]:
    """What changed since the publication before: one line for each table that did, and the headline."""
    rows = rows_of(
        publication, f"select table_name, found from meta.checks where kind = '{KIND}' order by table_name = 'headline'"
    )
    if not rows:
        return []
    lines = [f"  {row['table_name']}: {row['found']}" for row in rows if row["found"] != "equal"]
    return ["changed since the publication before", *lines, ""]


def results_text(settings: Settings) -> str:
    """``warehouse results``: verdict, headline model, the rise in every model, the choices; lines of at most WIDTH."""
    publication = find(settings)
    parts = (_verdict(publication), _headline(publication), _rise_in_every_model(publication))
    return "\n".join([*parts, _problems(publication), _choices(publication), _synthetic_line(publication)])


def sources_text(settings: Settings) -> str:
    """``warehouse sources``: every file with version, release, last year, when a newer version is due, tables, page."""
    from orchestration.ingest.catalog import load_catalog

    loaded = {}
    if settings.warehouse_path.exists():
        for row in rows_of(PublicationFile(settings.warehouse_path), "from meta.sources"):
            loaded[row["source"], row["file"]] = (
                row["last_year"],
                f"{row['loaded_at']:%Y-%m-%d}",
                f"{next_check(row):%Y-%m}",
            )
    rows = [
        (
            source.name,
            file.file,
            file.version or "undated",
            file.released or "not known",
            *loaded.get((source.name, file.file), (None, "not yet", "")),
            source.newer_version or "none on record",
            source.redistribution.replace("_", " "),
            ", ".join(t.name for t in file.tables),
            source.homepage,
        )
        for source in load_catalog(settings.catalog_dir).values()
        for file in source.files
    ]
    names = ["source", "file", "version", "released", "last year", "loaded", "newer one due", "newer one known"]
    names += ["redistribution", "raw tables", "publisher's page"]
    return render_table(names, rows)


def verification(settings: Settings) -> tuple[str, bool]:
    """``warehouse sources verify``: where each file was found or why not, and whether all were found."""
    from orchestration.core.errors import WarehouseError
    from orchestration.ingest.acquisition import open_acquisition

    acquisition = open_acquisition(settings)
    rows: list[tuple[str, ...]] = []
    complete = True
    for source_name, file in acquisition.files():
        try:
            fetched = acquisition.fetch(source_name, file)
            rows.append((source_name, file.file, "verified", fetched.origin, file.sha256[:12]))
        except WarehouseError as error:
            complete = False
            rows.append((source_name, file.file, "FAILED", f"{error.problem} {error.found}".replace("\n", " "), ""))
    return render_table(["source", "file", "state", "where", "sha256"], rows), complete


def _headline(publication: StoredPublication) -> str:
    from analysis.studies.kimball import HEADLINE_MODEL

    (model,) = rows_of(publication, f"select * from results.models where model = '{HEADLINE_MODEL}'")
    terms = rows_of(
        publication,
        "select replace(term, '_formation_spline_', '_spline_') as term, estimate, p_value as p, conf_low, conf_high"
        " from results.coefficients"
        f" where model = '{HEADLINE_MODEL}' and covariance = '{HEADLINE_COVARIANCE}' order by term_order",
    )
    fit = (
        f"n {model['n']:,} country-years, {model['events']:,} formations, {model['clusters']} states,"
        f" log-likelihood {_number(model['log_likelihood'], 6)}, pseudo-R2 {_number(model['pseudo_r2'], 4)}"
    )
    problem = "\n" + _wrapped(f"problem: {model['problem']}") if model["problem"] else ""
    table = _numbers_table(["term", "estimate", "p", "conf_low", "conf_high"], terms)
    title = f"{HEADLINE_MODEL}: probit of {model['outcome']}, {model['sample']}; standard errors clustered by state"
    return f"{_wrapped(title)}\n{table}{_wrapped(fit)}{problem}\n"


def _rise_in_every_model(publication: StoredPublication) -> str:
    """One row for each model, one column for each covariance, which shows how much depends on that choice."""
    p_values = ", ".join(
        f"any_value(c.p_value) filter (c.covariance = '{name}') as \"{short}\"" for short, name in COVARIANCES.items()
    )
    rows = rows_of(
        publication,
        f"select replace(m.model, 'kimball_2010/', '') as model, m.n, any_value(c.estimate) as rise, {p_values}"
        " from results.models as m join results.coefficients as c using (model)"
        " where c.term = 'infant_mortality_rose' group by m.model, m.n"
        " order by any_value(m.is_headline) desc, m.model",
    )
    legend = ", ".join(f"{short} = {name}" for short, name in COVARIANCES.items())
    title = f"infant_mortality_rose in every model that has it, with p-values by covariance: {legend}"
    return f"{_wrapped(title)}\n{_numbers_table(list(rows[0]), rows)}"


def _verdict(publication: StoredPublication) -> str:
    """The verdict in one sentence, from the published results only."""
    from analysis.reporting.verdict import verdict_sentence
    from orchestration.outputs.presentation import results_frames

    with open_published(publication) as connection:
        frames = results_frames(connection)
    return _wrapped(verdict_sentence(frames)) + "\n"


def _problems(publication: StoredPublication) -> str:
    failed = rows_of(publication, "select model, problem from results.models where problem is not null order by all")
    lines = [_wrapped(f"{row['model']}: {row['problem']}", "  ") for row in failed]
    return "models with a problem\n" + ("\n".join(lines) if lines else "  none") + "\n"


def _choices(publication: StoredPublication) -> str:
    rows = rows_of(publication, "select choice, status, value, why from results.choices order by choice")
    listed = [_wrapped(f"{row['choice']} ({row['status']}) = {row['value']}: {row['why']}", "  ") for row in rows]
    return "\n".join(["what the published commands fix, what they leave open, and what was chosen", *listed]) + "\n"


def _synthetic_line(publication: StoredPublication) -> str:
    (record,) = rows_of(publication, "select note, publication_id from meta.publication")
    return _wrapped(f"{record['note']} (publication {record['publication_id']})")


def _wrapped(text: str, indent: str = "") -> str:
    """The text in lines of at most WIDTH characters; lines after the first are indented further."""
    later = indent + "  " if indent else ""
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=later, break_on_hyphens=False, break_long_words=False
    )


def _numbers_table(names: list[str], records: list[dict[str, Any]]) -> str:
    rows = [tuple(_number(v) if isinstance(v, float) else v for v in record.values()) for record in records]
    return render_table(names, rows)


def _number(value: float | None, digits: int = 3) -> str | None:
    return None if value is None else f"{value:.{digits}g}"
