"""Tables and figures of the publication, as files for a paper or a page: data/publication/{tables,figures}, replaced whole."""

import base64
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas

from orchestration.errors import WarehouseError
from orchestration.publication import published_tables
from orchestration.query import open_published
from orchestration.settings import Settings

INLINE_WIDTH, INLINE_COLOURS = 720, 64
TABLE_FORMATS = (".tex", ".html", ".md", ".csv")


def write_presentation(settings: Settings) -> list[Path]:
    """Draw and tabulate what is published, and return the files in data/publication.

    The folder of the publication before is replaced only when all of the new one is there. WarehouseError where the
    disk does not take it.
    """
    target = settings.presentation_dir
    scratch, old = target.with_name(".publication.new"), target.with_name(".publication.old")
    try:
        for leftover in (scratch, old):
            shutil.rmtree(leftover, ignore_errors=True)
        with open_published(settings.warehouse_path) as connection:
            frames = {
                name.split(".")[1]: connection.execute(f"from {name} order by all").df()
                for name in published_tables(settings.warehouse_path)
                if name.startswith("results.") or name in ("marts.country_years", "marts.coverage")
            }
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


def results_frames(settings: Settings) -> dict[str, pandas.DataFrame]:
    """The published results tables as frames, by name."""
    tables = sorted(name for name in published_tables(settings.warehouse_path) if name.startswith("results."))
    with open_published(settings.warehouse_path) as connection:
        return {name.split(".")[1]: connection.execute(f"from {name}").df() for name in tables}


def _write_tables(frames: dict[str, pandas.DataFrame], folder: Path) -> None:
    from analysis.regression_tables import regression_table, table_groups

    folder.mkdir(parents=True)
    for name, members in table_groups(frames["models"]).items():
        table = regression_table(frames["models"], frames["coefficients"], members)
        texts = (table.to_latex(f"tab:{name}"), table.to_html(), table.to_markdown(), table.to_csv())
        for ending, text in zip(TABLE_FORMATS, texts, strict=True):
            (folder / f"{name}{ending}").write_text(text, encoding="utf-8")


def _write_figures(frames: dict[str, pandas.DataFrame], folder: Path, is_synthetic: bool) -> None:
    from analysis.drawing import save

    folder.mkdir(parents=True)
    for name, drawing in _drawings(frames, is_synthetic):
        save(drawing, folder / name)


def _drawings(frames: dict[str, pandas.DataFrame], is_synthetic: bool) -> Iterator[tuple[str, object]]:
    from analysis import figures
    from analysis.drawing import Drawing
    from analysis.frontier_figure import frontier_alt_text, frontier_figure

    yield (
        "predicted_probabilities",
        figures.predicted_probabilities(frames["predicted_probabilities"], frames["models"]),
    )
    yield "rise_by_model", figures.rise_by_model(frames["coefficients"], frames["models"])
    yield "formation_over_time", figures.formation_over_time(frames["country_years"], is_synthetic=is_synthetic)
    yield "coverage", figures.coverage(frames["coverage"], is_synthetic=is_synthetic)
    yield "frontier", Drawing(frontier_figure(), frontier_alt_text())
    if "specification_curve" in frames:
        yield "specification_curve", figures.specification_curve(frames["specification_curve"])
    if "separation" in frames:
        yield "separation", figures.separation(frames["separation"])
