"""What every figure shares: style, marks of n, source and SYNTHETIC, alternative text, and files with the same bytes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

import matplotlib
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.core.errors import AnalysisError

WIDTH = 6.4  # inches: at 600 pixels 9 points are 12 pixels high
BLUE, ORANGE, GREEN, PURPLE, GREY = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#8c8c8c",
)  # Okabe & Ito: told apart by the colour-blind
SHADES = "Blues"
SOURCE = "Source: alliance-formation warehouse"
STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same letters everywhere
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
    """A figure; in words what it shows, for those who cannot see it; and its caption: title, sample (n) and notes.

    sample says what was observed, with its n; a figure that shows no observations says that.
    """

    figure: Figure
    alt: str
    title: str
    sample: str
    notes: str


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib's own defaults and STYLE, whatever the user's settings; restored afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def save(drawing: Drawing, path_stem: Path | str) -> list[Path]:
    """Write <path_stem>.png (150 dots an inch) and <path_stem>.svg, the alternative text in both.

    The same drawing gives the same bytes. Raises AnalysisError for a drawing without alternative text.
    """
    if not drawing.alt.strip():
        raise AnalysisError(f"figure {Path(path_stem).name} has no alternative text")
    png, svg = (Path(path_stem).with_name(Path(path_stem).name + ending) for ending in (".png", ".svg"))
    figure = drawing.figure
    with styled():  # the canvases themselves: savefig draws everything twice
        figure.set_dpi(150)
        FigureCanvasAgg(figure).print_png(png, metadata={"Software": None, "Description": drawing.alt})
        figure.set_layout_engine("none")  # stays as it was laid out for the first
        FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None, "Creator": None, "Description": drawing.alt})
    return [png, svg]


def drawn(figure: Figure, title: str, shown: str, sample: str, notes: str, is_synthetic: bool) -> Drawing:
    """The finished figure with its words: `shown` is the main figures it shows, for the alternative text."""
    finish(figure, title, f"{sample}. {notes}", is_synthetic)
    mark = "SYNTHETIC sample. " if is_synthetic else ""
    return Drawing(figure, alt_text(title, shown, sample, is_synthetic), mark + title, sample, notes)


def finish(figure: Figure, title: str, foot: str, is_synthetic: bool) -> None:
    """Title above, n and source below; across everything and in the title SYNTHETIC where the data are made up."""
    figure.suptitle(fill(("SYNTHETIC sample. " if is_synthetic else "") + title, 66), x=0.01, ha="left")
    figure.supxlabel(fill(foot, 112, break_on_hyphens=False), x=0.01, ha="left", fontsize=7.5, color="#333333")
    if is_synthetic:
        figure.text(0.5, 0.5, "SYNTHETIC", fontsize=54, color=ORANGE, alpha=0.22, rotation=30, ha="center", va="center")


def bare_svg(drawing: Drawing, width: float = WIDTH) -> bytes:
    """The figure alone as SVG, laid out anew for a width in inches, for a page that writes title and notes itself.

    The drawing is changed: it has no title and no foot afterwards. The same drawing gives the same bytes.
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
    svg = re.sub(r' d="[^"]+"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)  # a hundredth of a point
    return re.sub(r"\s*\n\s*", "\n", svg).encode()


def alt_text(title: str, shown: str, sample: str, is_synthetic: bool) -> str:
    mark = "SYNTHETIC sample, not data on the world. " if is_synthetic else ""
    return f"{mark}{title}. {shown[:1].upper()}{shown[1:]}. Sample: {sample}."


def is_synthetic_frame(frame: pd.DataFrame) -> bool:
    return bool(frame["is_synthetic"].any())


def mart_source(models: pd.DataFrame) -> str:
    return f"{SOURCE}, mart {', '.join(mark[:12] for mark in models['mart_fingerprint'].dropna().unique())}"


def span(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
