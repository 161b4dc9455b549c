"""Shared parts of all figures: style, title and note, SYNTHETIC mark, alternative text and reproducible files."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.core.errors import AnalysisError

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

WIDTH = 6.4  # inches; on a page 600 pixels wide, 9 points are 12 pixels high
# Okabe & Ito (2008): distinguishable with every common form of colour blindness.
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
GREY = "#8c8c8c"
SHADES = "Blues"
SOURCE = "Source: alliance-formation warehouse"
STYLE: "dict[RcKeyType, Any]" = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # shipped with matplotlib, so files do not depend on installed fonts
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.titlesize": 10.5,
    "figure.titleweight": "bold",
    "legend.frameon": False,
    "svg.hashsalt": "alliance-formation",
}


class Drawing(NamedTuple):
    """A figure and the words that belong to it.

    Attributes
    ----------
    figure : Figure
        The matplotlib figure, title and note included.
    alt : str
        Alternative text: what the figure shows, in words.
    title : str
        Title of the caption.
    sample : str
        What was observed, with its n; or a statement that the figure shows no observations.
    notes : str
        Remaining caption text: how to read the figure, and its source.
    """

    figure: Figure
    alt: str
    title: str
    sample: str
    notes: str


@contextmanager
def styled() -> Iterator[None]:
    """Apply matplotlib's defaults and STYLE, and restore the user's settings afterwards.

    Yields
    ------
    None
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def save(drawing: Drawing, path_stem: Path | str) -> list[Path]:
    """Write a figure as PNG (150 dots per inch) and SVG, with its alternative text as metadata.

    The same drawing always gives the same bytes.

    Parameters
    ----------
    drawing : Drawing
        The figure to write. Its layout is fixed afterwards.
    path_stem : Path or str
        Path without the file extension.

    Returns
    -------
    list of Path
        ``<path_stem>.png`` and ``<path_stem>.svg``.

    Raises
    ------
    AnalysisError
        If the drawing has no alternative text.
    """
    if not drawing.alt.strip():
        raise AnalysisError(f"figure {Path(path_stem).name} has no alternative text")
    png, svg = (Path(path_stem).with_name(Path(path_stem).name + suffix) for suffix in (".png", ".svg"))
    figure = drawing.figure
    with styled():  # the canvases are called directly because savefig would draw everything twice
        figure.set_dpi(150)
        png_metadata = {"Software": None, "Description": drawing.alt}
        FigureCanvasAgg(figure).print_png(png, metadata=png_metadata)  # type: ignore[no-untyped-call]
        figure.set_layout_engine("none")  # keep the layout computed for the PNG
        svg_metadata = {"Date": None, "Creator": None, "Description": drawing.alt}
        FigureCanvasSVG(figure).print_svg(svg, metadata=svg_metadata)  # type: ignore[no-untyped-call]
    return [png, svg]


def make_drawing(figure: Figure, title: str, findings: str, sample: str, notes: str, is_synthetic: bool) -> Drawing:
    """Add title and note to a figure and write its alternative text.

    Parameters
    ----------
    figure : Figure
        The figure, complete except for title and note.
    title, sample, notes : str
        As in `Drawing`.
    findings : str
        The main numbers the figure shows; they go into the alternative text.
    is_synthetic : bool
        Whether the figure is marked as showing the synthetic sample.

    Returns
    -------
    Drawing
    """
    add_title_and_note(figure, title, f"{sample}. {notes}", is_synthetic)
    mark = "SYNTHETIC sample. " if is_synthetic else ""
    return Drawing(figure, _alternative_text(title, findings, sample, is_synthetic), mark + title, sample, notes)


def add_title_and_note(figure: Figure, title: str, note: str, is_synthetic: bool) -> None:
    """Write the title above a figure and the note below it; mark synthetic data in the title and across the figure.

    Parameters
    ----------
    figure : Figure
        Changed in place.
    title, note : str
        Wrapped to the width of the figure.
    is_synthetic : bool
        Whether the figure shows the synthetic sample.
    """
    figure.suptitle(fill(("SYNTHETIC sample. " if is_synthetic else "") + title, 66), x=0.01, ha="left")
    figure.supxlabel(fill(note, 112, break_on_hyphens=False), x=0.01, ha="left", fontsize=7.5, color="#333333")
    if is_synthetic:
        figure.text(0.5, 0.5, "SYNTHETIC", fontsize=54, color=ORANGE, alpha=0.22, rotation=30, ha="center", va="center")


def bare_svg(drawing: Drawing, width: float = WIDTH) -> bytes:
    """SVG of a figure without title and note, for a page that writes these as text.

    The same drawing always gives the same bytes.

    Parameters
    ----------
    drawing : Drawing
        Changed in place: its figure has no title and no note afterwards.
    width : float, default WIDTH
        Width in inches; the figure is laid out again for it.

    Returns
    -------
    bytes
        The SVG document, with coordinates rounded to a hundredth of a point.
    """
    figure, out = drawing.figure, BytesIO()
    with styled():
        figure.suptitle("")
        figure.supxlabel("")
        figure.set_figwidth(width)
        figure.savefig(
            out, format="svg", dpi=150, metadata={"Date": None, "Creator": None, "Type": None, "Format": None}
        )
    svg = re.sub(r"<!--.*?-->", "", out.getvalue().decode(), flags=re.DOTALL)
    svg = re.sub(r' d="[^"]+"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)
    return re.sub(r"\s*\n\s*", "\n", svg).encode()


def is_synthetic_frame(frame: pd.DataFrame) -> bool:
    """Whether a results table comes from the synthetic sample.

    Parameters
    ----------
    frame : DataFrame
        A results table with its column ``is_synthetic``.

    Returns
    -------
    bool
        True if any row is marked as synthetic.
    """
    return bool(frame["is_synthetic"].any())


def mart_source(models: pd.DataFrame) -> str:
    """Source line of a figure, with the fingerprint of the mart the models were estimated on.

    Parameters
    ----------
    models : DataFrame
        ``results.models``.

    Returns
    -------
    str
    """
    return f"{SOURCE}, mart {', '.join(mark[:12] for mark in models['mart_fingerprint'].dropna().unique())}"


def value_range(values: pd.Series) -> str:
    """Smallest and largest of some whole numbers in words, e.g. ``"1,200 to 7,962"``.

    Parameters
    ----------
    values : Series
        Whole numbers, at least one.

    Returns
    -------
    str
        One number if both are the same.
    """
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _alternative_text(title: str, findings: str, sample: str, is_synthetic: bool) -> str:
    mark = "SYNTHETIC sample, not real data. " if is_synthetic else ""
    return f"{mark}{title}. {findings[:1].upper()}{findings[1:]}. Sample: {sample}."
