"""Run the studies on the marts of the build, and write their tables to data/results/<table>.parquet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import NamedTuple

import pandas
import pyarrow
import pyarrow.parquet

from orchestration.build.fingerprint import code_fingerprint
from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import Settings
from orchestration.modelling.content_hash import content_hash
from orchestration.modelling.dyads import read_dyad_years
from orchestration.modelling.result_tables import NETWORK_TABLES, RESULT_TABLES
from orchestration.modelling.workers import estimation_workers
from orchestration.store import open_store

MADE_FROM = b"made_from"
JOBS = 2
DIFFERENCES = {
    "coefficient_difference": "coefficients, in standard errors",
    "robust_difference": "robust errors, relative",
    "cluster_difference": "clustered errors, relative",
}


@dataclass(frozen=True)
class Mart:
    """The marts that the studies read.

    Attributes
    ----------
    panel : pandas.DataFrame
        marts.country_years with the columns of marts.published_measures: one row per state and year, in the order
        of the key.
    entries : pandas.DataFrame
        marts.alliance_entries, in the order of the key.
    fingerprint : str
        sha256 of the content of all three.
    """

    panel: pandas.DataFrame
    entries: pandas.DataFrame
    fingerprint: str


class AgreementCheck(NamedTuple):
    """Whether statsmodels and the own estimator agree on the models of one publication.

    Attributes
    ----------
    publication : str
        First part of the names of its models.
    failures : int
        Models that disagree.
    found : str
        The largest differences, or the models that disagree.
    """

    publication: str
    failures: int
    found: str


def read_mart(settings: Settings) -> Mart:
    """Read marts.country_years, marts.published_measures and marts.alliance_entries from the build.

    Parameters
    ----------
    settings : Settings
        With the data folder or the lake.

    Returns
    -------
    Mart
        The panel, the entries and their fingerprint.

    Raises
    ------
    duckdb.Error
        If there is no build, or the build has no such marts.
    """
    with open_store(settings).attached_build() as connection:
        panel = connection.execute(
            "from build.marts.country_years left join build.marts.published_measures using (cow_code, year)"
            " order by cow_code, year"
        ).to_arrow_table()
        entries = connection.execute(
            "from build.marts.alliance_entries order by cow_code, atop_id, phase, entry_date"
        ).to_arrow_table()
    return Mart(panel.to_pandas(), entries.to_pandas(), content_hash(panel, entries))


def estimate_models(settings: Settings, progress: Callable[[str], None]) -> dict[str, pandas.DataFrame]:
    """Fit Kimball's probits on the mart and the models of Allen and DiGiuseppe on their file, and write the tables.

    The tables on what the headline finding rests on are made with them.

    Parameters
    ----------
    settings : Settings
        With the build and the raw tables.
    progress : callable
        Receives a message before each model.

    Returns
    -------
    dict of str to pandas.DataFrame
        The written tables, by name.

    Raises
    ------
    WarehouseError
        If a table cannot be written.
    """
    from analysis.studies.allen_digiuseppe import replicate
    from analysis.studies.estimation import estimate
    from analysis.studies.evidence.dose_response import dose_response
    from analysis.studies.evidence.tables import evidence
    from analysis.studies.kimball import KIMBALL_2010

    mart = read_mart(settings)
    frames = estimate(
        mart.panel,
        KIMBALL_2010,
        mart.fingerprint,
        settings.is_synthetic,
        progress=lambda done, total, name: progress(f"model {done} of {total}: {name}"),
    )
    published = pandas.read_parquet(settings.raw_dir / "allen_digiuseppe_2013.parquet")
    published = published.drop(columns=[name for name in map(str, published.columns) if name.startswith("_")])
    replicated = replicate(published, settings.is_synthetic)
    agreement = pandas.concat([part["estimator_agreement"] for part in (frames, replicated)], ignore_index=True)
    frames |= replicated | {
        "estimator_agreement": agreement,
        "dose_response": dose_response(mart.panel, settings.is_synthetic),
        "evidence": evidence(mart.panel, settings.is_synthetic),
    }
    return _write(settings, frames, mart.fingerprint)


def infer(settings: Settings, step: str) -> dict[str, pandas.DataFrame]:
    """Run one step of the inference, which takes minutes, and write its tables.

    Parameters
    ----------
    settings : Settings
        With the build, and optionally a Dask cluster.
    step : str
        A key of `INFERENCE_TABLES`.

    Returns
    -------
    dict of str to pandas.DataFrame
        The written tables, by name.

    Raises
    ------
    WarehouseError
        If the Dask cluster cannot be used or a table cannot be written.
    """
    from analysis.studies.evidence.leave_out import leave_out
    from analysis.studies.robustness import robustness
    from analysis.studies.specification_curve import specification_curve
    from analysis.studies.validation import validate

    mart = read_mart(settings)
    steps: dict[str, Callable[[], dict[str, pandas.DataFrame]]] = {
        "specification_curve": lambda: specification_curve(mart.panel, settings.is_synthetic, JOBS),
        "robustness": lambda: {"robustness": robustness(mart.panel, settings.is_synthetic)},
        "evidence": lambda: {"leave_out": leave_out(mart.panel, mart.entries, settings.is_synthetic)},
        "validation": lambda: validate(mart.panel, settings.is_synthetic, JOBS),
    }
    with estimation_workers(settings):
        frames = steps[step]()
    return _write(settings, frames, mart.fingerprint)


def estimate_network(settings: Settings, progress: Callable[[str], None]) -> dict[str, pandas.DataFrame]:
    """Fit the probits of formation by pairs of states, and write their table.

    Parameters
    ----------
    settings : Settings
        With a build that has marts.dyad_years.
    progress : callable
        Receives a message before the fits.

    Returns
    -------
    dict of str to pandas.DataFrame
        The written table, by name.

    Raises
    ------
    WarehouseError
        If the build does not have the dyad-years or the table cannot be written.
    """
    from analysis.studies.evidence.network import network

    mart, dyads = read_mart(settings), read_dyad_years(settings)
    if dyads is None:
        raise WarehouseError(
            "marts.dyad_years was not built.",
            where=str(settings.data_dir),
            expected="a build with the dyad-years, from which results.network is estimated",
            found="a build without them",
            next_step="Run warehouse run --force --with inference --with dyads.",
        )
    progress(f"pairs of states: {len(dyads.frame):,} dyad-years")
    frames = {"network": network(mart.panel, dyads.frame, mart.entries, settings.is_synthetic)}
    return _write(settings, frames, _with_dyads(mart.fingerprint, dyads.fingerprint))


def estimate_multilevel(settings: Settings, progress: Callable[[str], None]) -> dict[str, pandas.DataFrame]:
    """Sample the multilevel Bayesian probits, and write their tables.

    Parameters
    ----------
    settings : Settings
        With the build.
    progress : callable
        Receives a message before each model.

    Returns
    -------
    dict of str to pandas.DataFrame
        The written tables, by name.

    Raises
    ------
    WarehouseError
        If the extra bayes is not installed or a table cannot be written.
    """
    from analysis.studies.multilevel import multilevel

    check_bayes_installed()
    mart = read_mart(settings)
    frames = multilevel(mart.panel, settings.is_synthetic, progress=lambda name: progress(f"multilevel probit: {name}"))
    return _write(settings, frames, mart.fingerprint)


def check_bayes_installed() -> None:
    """Raise an error if the package that samples the multilevel models is not installed.

    Raises
    ------
    WarehouseError
        With the command that installs it.
    """
    if find_spec("numpyro") is None:
        raise WarehouseError(
            "The multilevel Bayesian probit cannot be estimated.",
            where="warehouse run --with bayes",
            expected="the packages of the extra bayes",
            found="numpyro is not installed",
            next_step="Run .venv/bin/pip install 'numpyro>=0.22', or leave out --with bayes.",
        )


def agreement_checks(settings: Settings) -> list[AgreementCheck]:
    """Summarize results.estimator_agreement by publication.

    Parameters
    ----------
    settings : Settings
        With the results tables.

    Returns
    -------
    list of AgreementCheck
        One for each publication whose models were fitted.
    """
    frame = pandas.read_parquet(settings.results_dir / "estimator_agreement.parquet")
    return [_agreement_check(str(name), part) for name, part in frame.groupby(frame["model"].str.split("/").str[0])]


def _agreement_check(publication: str, frame: pandas.DataFrame) -> AgreementCheck:
    failed = frame.loc[~frame["agrees"].astype(bool), "model"]
    if len(failed):
        found = f"statsmodels and the own estimator disagree on {', '.join(failed)}"
        return AgreementCheck(publication, len(failed), found)
    largest = ", ".join(f"{frame[column].max():.1e} ({unit})" for column, unit in DIFFERENCES.items())
    return AgreementCheck(publication, 0, f"{len(frame)} models; largest differences {largest}")


def tables_of_mart(settings: Settings, fingerprint: str) -> tuple[str, ...]:
    """List the results tables on disk that belong to a mart and to the current code of analysis.

    Parameters
    ----------
    settings : Settings
        With the data folder.
    fingerprint : str
        Fingerprint of the mart.

    Returns
    -------
    tuple of str
        In the order of `RESULT_TABLES`; a damaged or missing file is left out, as is results.network if the build does
        not have the dyad-years it was made from.
    """
    wanted = dict.fromkeys(RESULT_TABLES, _made_from(fingerprint))
    dyads = read_dyad_years(settings)
    for table in NETWORK_TABLES:
        if dyads is None:
            del wanted[table]
        else:
            wanted[table] = _made_from(_with_dyads(fingerprint, dyads.fingerprint))
    return tuple(table for table, made_from in wanted.items() if _made_from_on_disk(settings, table) == made_from)


def _with_dyads(mart_fingerprint: str, dyads_fingerprint: str) -> str:
    return f"{mart_fingerprint}+{dyads_fingerprint}"


def _made_from(fingerprint: str) -> bytes:
    return f"{fingerprint}/{code_fingerprint('analysis')}".encode()


def _made_from_on_disk(settings: Settings, table: str) -> bytes | None:
    """Read the recorded mart and code of a results file; None if the file is missing or damaged in any page."""
    try:
        path = settings.results_dir / f"{table}.parquet"
        schema = pyarrow.parquet.read_table(path, page_checksum_verification=True).schema
    except (OSError, pyarrow.ArrowException):
        return None
    metadata: Mapping[bytes, bytes] = schema.metadata or {}
    return metadata.get(MADE_FROM)


def _write(settings: Settings, frames: dict[str, pandas.DataFrame], fingerprint: str) -> dict[str, pandas.DataFrame]:
    """Write each table atomically, with the fingerprints of data and code in its metadata."""
    made_from = _made_from(fingerprint)
    for name, frame in frames.items():
        table = pyarrow.Table.from_pandas(frame, preserve_index=False)
        metadata = (table.schema.metadata or {}) | {MADE_FROM: made_from}
        with write_atomically(settings.results_dir / f"{name}.parquet") as stream:
            pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), stream, write_page_checksum=True)
    return frames
