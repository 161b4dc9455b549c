"""Write the tables and figures of the publication as files: data/publication/tables and data/publication/figures."""

import base64
import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pandas

from orchestration.core.errors import WarehouseError
from orchestration.core.files import replace_folder
from orchestration.core.settings import Settings
from orchestration.modelling.result_tables import ESTIMATE_TABLES
from orchestration.query.run import open_published
from orchestration.store.publication_file import PublicationFile

if TYPE_CHECKING:
    from analysis.reporting.drawing import Drawing
    from analysis.reporting.table_formats import RegressionTable

DRAWN_MARTS = ("country_years", "coverage")
INLINE_WIDTH, INLINE_COLOURS = 720, 64
TABLE_FORMATS = (".tex", ".html", ".md", ".csv")


def write_presentation(settings: Settings) -> list[Path]:
    """Write every table and figure of the current publication; those of the previous one are replaced in one step.

    Parameters
    ----------
    settings : Settings
        With the data folder. Its refresh lock must be held.

    Returns
    -------
    list of Path
        Every file in data/publication, sorted.

    Raises
    ------
    WarehouseError
        If nothing is published, the folder cannot be written, a table or figure has no n, or a figure has no
        alternative text. The previous files are then unchanged.
    """
    target = settings.presentation_dir
    for leftover in target.parent.glob(f".{target.name}.*"):  # of a refresh that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    with open_published(PublicationFile(settings.warehouse_path)) as connection:
        frames = published_frames(connection)
    try:
        with replace_folder(target) as folder:
            _write_tables(frames, folder / "tables")
            _write_figures(frames, folder / "figures", settings.is_synthetic)
    except OSError as error:
        raise WarehouseError(
            "Tables and figures could not be written; those of the previous publication are unchanged.",
            where=str(target),
            expected="a writable folder on a disk with free space",
            found=error.strerror or str(error),
            next_step="Free disk space or correct the permissions, then run again.",
        ) from error
    return sorted(path for path in target.rglob("*") if path.is_file())


def inline_image(path: Path) -> str:
    """Embed a PNG in Markdown, reduced to about 40 kB for Dagster's UI.

    Parameters
    ----------
    path : Path
        A PNG file.

    Returns
    -------
    str
        Markdown with the picture as a data address, INLINE_WIDTH pixels wide.
    """
    from PIL import Image

    with Image.open(path) as image:
        height = round(image.height * INLINE_WIDTH / image.width)
        small = image.convert("RGB").resize((INLINE_WIDTH, height), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    small.quantize(INLINE_COLOURS, method=Image.Quantize.FASTOCTREE).save(stream, "PNG")
    return f"![{path.stem}](data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()})"


def published_frames(connection: duckdb.DuckDBPyConnection) -> dict[str, pandas.DataFrame]:
    """Read what tables and figures are made from.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        An open publication.

    Returns
    -------
    dict of str to DataFrame
        The marts of DRAWN_MARTS, sorted, and every results table in the order in which it was written.
    """
    marts = {name: connection.execute(f"from marts.{name} order by all").df() for name in DRAWN_MARTS}
    return marts | results_frames(connection)


def results_frames(connection: duckdb.DuckDBPyConnection) -> dict[str, pandas.DataFrame]:
    """Read every results table of an open publication.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        An open publication.

    Returns
    -------
    dict of str to DataFrame
        The tables by name; those of the inference are there only if it was asked for.

    Raises
    ------
    WarehouseError
        If a table that every refresh makes is missing, as in a publication of an earlier version of the warehouse.
    """
    tables = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'results' order by all"
    )
    names = [name for (name,) in tables.fetchall()]
    if missing := sorted(ESTIMATE_TABLES.keys() - set(names)):
        raise WarehouseError(
            "The publication lacks results tables: an earlier version of the warehouse wrote it.",
            expected="results." + ", results.".join(sorted(ESTIMATE_TABLES)),
            found="without " + ", ".join(missing),
            next_step="Run: warehouse run. It refreshes the publication; warehouse sql can still read this one.",
        )
    return {name: connection.execute(f"from results.{name}").df() for name in names}


def drawings(frames: dict[str, pandas.DataFrame], is_synthetic: bool) -> Iterator[tuple[str, "Drawing"]]:
    """Draw every figure of a publication, one at a time.

    Parameters
    ----------
    frames : dict of str to DataFrame
        As `published_frames` returns them.
    is_synthetic : bool
        Whether the data are the synthetic sample.

    Yields
    ------
    tuple of (str, Drawing)
        Name and figure.

    Raises
    ------
    WarehouseError
        If a figure cannot be drawn, or has no alternative text, no title or no n; the error names it.
    """
    for name, draw in _figures(frames, is_synthetic).items():
        with named("figure", name):
            drawing = draw()
        check_text(name, drawing)
        yield name, drawing


def regression_tables(frames: dict[str, pandas.DataFrame]) -> Iterator[tuple[str, "RegressionTable"]]:
    """Lay out every regression table of a publication.

    Parameters
    ----------
    frames : dict of str to DataFrame
        As `published_frames` returns them.

    Yields
    ------
    tuple of (str, RegressionTable)
        Name and table.

    Raises
    ------
    WarehouseError
        If a table has no n; the error names it.
    """
    from analysis.reporting.regression_tables import regression_table, table_groups

    for name, members in table_groups(frames["models"]).items():
        with named("table", name):
            table = regression_table(frames["models"], frames["coefficients"], members)
        yield name, table


def check_text(name: str, drawing: "Drawing") -> None:
    """Check that a figure has alternative text, a title and its n (or the note that it shows no data).

    Parameters
    ----------
    name : str
        Name of the figure, for the error.
    drawing : Drawing
        The figure.

    Raises
    ------
    WarehouseError
        If one of them is missing.
    """
    from analysis.reporting.frontier_figure import NOT_DATA

    missing = [part for part in ("alt", "title") if not getattr(drawing, part).strip()]
    if "n = " not in drawing.sample and drawing.sample != NOT_DATA:
        missing.append("n")
    if missing:
        raise incomplete("figure", name, f"no {', no '.join(missing)}")


@contextmanager
def named(kind: str, name: str) -> Iterator[None]:
    """Convert an `AnalysisError` into a WarehouseError that names the table or figure.

    Parameters
    ----------
    kind : str
        ``table`` or ``figure``.
    name : str
        Its name.

    Raises
    ------
    WarehouseError
        If the block raises an `AnalysisError`.
    """
    from analysis.core.errors import AnalysisError

    try:
        yield
    except AnalysisError as error:
        raise incomplete(kind, name, str(error)) from error


def incomplete(kind: str, name: str, found: str) -> WarehouseError:
    """Make the error for a table or figure that cannot be made or lacks a required part.

    Parameters
    ----------
    kind : str
        ``table`` or ``figure``.
    name : str
        Its name.
    found : str
        What is wrong.

    Returns
    -------
    WarehouseError
        For the caller to raise.
    """
    return WarehouseError(
        f"A {kind} cannot be made or is incomplete; the publication is unchanged.",
        where=f"{kind} {name}",
        expected="its n, a title and alternative text" if kind == "figure" else "its n",
        found=found,
        next_step=f"Correct the {kind} in analysis/reporting or orchestration/outputs/report.",
    )


def _write_tables(frames: dict[str, pandas.DataFrame], folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, table in regression_tables(frames):
        texts = (table.to_latex(f"tab:{name}"), table.to_html(), table.to_markdown(), table.to_csv())
        for ending, text in zip(TABLE_FORMATS, texts, strict=True):
            (folder / f"{name}{ending}").write_text(text, encoding="utf-8")


def _write_figures(frames: dict[str, pandas.DataFrame], folder: Path, is_synthetic: bool) -> None:
    from analysis.reporting.drawing import save

    folder.mkdir(parents=True)
    for name, drawing in drawings(frames, is_synthetic):
        save(drawing, folder / name)


def _figures(frames: dict[str, pandas.DataFrame], is_synthetic: bool) -> dict[str, "Callable[[], Drawing]"]:
    from analysis.reporting import curve_figure, dose_response_figure, figures, panel_figures
    from analysis.reporting.frontier_figure import frontier_drawing

    models, panel = frames["models"], frames["country_years"]
    draw: dict[str, Callable[[], Drawing]] = {
        "predicted_probabilities": lambda: figures.predicted_probabilities(frames["predicted_probabilities"], models),
        "rise_by_model": lambda: figures.rise_by_model(frames["coefficients"], models),
        "dose_response": lambda: dose_response_figure.dose_response(frames["dose_response"]),
        "formation_over_time": lambda: panel_figures.formation_over_time(panel, is_synthetic=is_synthetic),
        "mortality_by_region": lambda: panel_figures.mortality_by_region(panel, is_synthetic=is_synthetic),
        "coverage": lambda: panel_figures.coverage(frames["coverage"], is_synthetic=is_synthetic),
        "frontier": frontier_drawing,
    }
    if "specification_curve" in frames:
        draw["specification_curve"] = lambda: curve_figure.specification_curve(frames["specification_curve"])
    if "separation" in frames:
        draw["separation"] = lambda: figures.separation(frames["separation"])
    return draw
