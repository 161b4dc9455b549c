"""Tables and figures of the publication, as files for a paper or a page: data/publication/{tables,figures}, replaced whole."""

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
from orchestration.core.settings import Settings
from orchestration.query.run import open_published
from orchestration.store.publication_file import PublicationFile

if TYPE_CHECKING:
    from analysis.reporting.drawing import Drawing
    from analysis.reporting.table_formats import RegressionTable

DRAWN_MARTS = ("country_years", "coverage")
INLINE_WIDTH, INLINE_COLOURS = 720, 64
TABLE_FORMATS = (".tex", ".html", ".md", ".csv")


def write_presentation(settings: Settings) -> list[Path]:
    """Draw and tabulate what is published, and return the files in data/publication.

    The folder of the publication before is replaced only when all of the new one is there. WarehouseError where the
    disk does not take it, or a figure has no alternative text, or a table or figure no n.
    """
    target = settings.presentation_dir
    scratch, old = target.with_name(".publication.new"), target.with_name(".publication.old")
    try:
        for leftover in (scratch, old):
            shutil.rmtree(leftover, ignore_errors=True)
        with open_published(PublicationFile(settings.warehouse_path)) as connection:
            frames = published_frames(connection)
        _write_tables(frames, scratch / "tables")
        _write_figures(frames, scratch / "figures", settings.is_synthetic)
        if target.exists():
            target.rename(old)
        scratch.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise WarehouseError(
            "Tables and figures could not be written; those of the publication before stand.",
            where=str(target),
            found=error.strerror or str(error),
            next_step="free space or mend the permissions, then run again",
        ) from error
    return sorted(path for path in target.rglob("*") if path.is_file())


def inline_image(path: Path) -> str:
    """A PNG as Markdown that carries it, INLINE_WIDTH wide and in few colours: some 40 kB, to look at in a browser."""
    from PIL import Image

    with Image.open(path) as image:
        height = round(image.height * INLINE_WIDTH / image.width)
        small = image.convert("RGB").resize((INLINE_WIDTH, height), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    small.quantize(INLINE_COLOURS, method=Image.Quantize.FASTOCTREE).save(stream, "PNG")
    return f"![{path.stem}](data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()})"


def published_frames(connection: duckdb.DuckDBPyConnection) -> dict[str, pandas.DataFrame]:
    """What tables and figures are made from: country_years and coverage of a published file, and its results tables,
    in the order in which they were written."""
    marts = {name: connection.execute(f"from marts.{name} order by all").df() for name in DRAWN_MARTS}
    return marts | results_frames(connection)


def results_frames(connection: duckdb.DuckDBPyConnection) -> dict[str, pandas.DataFrame]:
    """The results tables of a publication as frames, by name."""
    tables = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'results' order by all"
    )
    return {name: connection.execute(f"from results.{name}").df() for (name,) in tables.fetchall()}


def drawings(frames: dict[str, pandas.DataFrame], is_synthetic: bool) -> Iterator[tuple[str, "Drawing"]]:
    """Every figure of a publication under its name, each drawn when it is asked for.

    WarehouseError names the figure that cannot be drawn, or has no alternative text or no n.
    """
    for name, draw in _figures(frames, is_synthetic).items():
        with named("figure", name):
            drawing = draw()
        require_words(name, drawing)
        yield name, drawing


def regression_tables(frames: dict[str, pandas.DataFrame]) -> Iterator[tuple[str, "RegressionTable"]]:
    """Every regression table of a publication under its name; WarehouseError names the one without its n."""
    from analysis.reporting.regression_tables import regression_table, table_groups

    for name, members in table_groups(frames["models"]).items():
        with named("table", name):
            table = regression_table(frames["models"], frames["coefficients"], members)
        yield name, table


def require_words(name: str, drawing: "Drawing") -> None:
    """WarehouseError where a figure has no alternative text, no title or does not say its n (or that it has none)."""
    from analysis.reporting.frontier_figure import NOT_DATA

    missing = [word for word in ("alt", "title") if not getattr(drawing, word).strip()]
    if "n = " not in drawing.sample and drawing.sample != NOT_DATA:
        missing.append("n")
    if missing:
        raise incomplete("figure", name, f"no {', no '.join(missing)}")


@contextmanager
def named(kind: str, name: str) -> Iterator[None]:
    """A failure in analysis, under the name of the table or figure it was to become."""
    from analysis.core.errors import AnalysisError

    try:
        yield
    except AnalysisError as error:
        raise incomplete(kind, name, str(error)) from error


def incomplete(kind: str, name: str, found: str) -> WarehouseError:
    """The error for a table or figure that does not say what every one must."""
    return WarehouseError(
        f"A {kind} cannot be made, or lacks what every {kind} must say. What is published stands.",
        where=f"{kind} {name}",
        expected="its n" + (", and alternative text that says what it shows" if kind == "figure" else ""),
        found=found,
        next_step=f"complete the {kind} in analysis or orchestration/outputs/report",
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
    from analysis.reporting import curve_figure, figures, panel_figures
    from analysis.reporting.frontier_figure import frontier_drawing

    models, panel = frames["models"], frames["country_years"]
    every = {
        "predicted_probabilities": lambda: figures.predicted_probabilities(frames["predicted_probabilities"], models),
        "rise_by_model": lambda: figures.rise_by_model(frames["coefficients"], models),
        "formation_over_time": lambda: panel_figures.formation_over_time(panel, is_synthetic=is_synthetic),
        "mortality_by_region": lambda: panel_figures.mortality_by_region(panel, is_synthetic=is_synthetic),
        "coverage": lambda: panel_figures.coverage(frames["coverage"], is_synthetic=is_synthetic),
        "frontier": frontier_drawing,
    }
    if "specification_curve" in frames:
        every["specification_curve"] = lambda: curve_figure.specification_curve(frames["specification_curve"])
    if "separation" in frames:
        every["separation"] = lambda: figures.separation(frames["separation"])
    return every
