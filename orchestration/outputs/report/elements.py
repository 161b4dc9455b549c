"""Figures, tables and numbers of the page; a table without its n is an error."""

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas

from orchestration.outputs.presentation import incomplete

if TYPE_CHECKING:
    from analysis.reporting.drawing import Drawing

NARROW = 4.6  # inches: scaled to the 343 pixels of a phone, 9 points are 9 pixels high


@dataclass(frozen=True)
class PageFigure:
    """A figure in two layouts.

    Attributes
    ----------
    alt, title, sample, notes : str
        Text of the drawing.
    wide, narrow : str
        The figure for wide and for narrow screens, as data addresses.
    """

    alt: str
    title: str
    sample: str
    notes: str
    wide: str
    narrow: str


@dataclass(frozen=True)
class PageTable:
    """A table whose cells are text.

    Attributes
    ----------
    name, title : str
        Name in addresses, and caption.
    n : str
        Size of the sample, in words.
    head : list of str
        Column labels, the label column first.
    groups : list of (str, list of list of str)
        Heading, or "", and the rows below it; the label of a row comes first.
    notes : str
        Notes below the table.
    below : str
        Label of rows that belong to the row above them.

    Raises
    ------
    WarehouseError
        If ``n`` has no number.
    """

    name: str
    title: str
    n: str
    head: list[str]
    groups: list[tuple[str, list[list[str]]]]
    notes: str = ""
    below: str = ""

    def __post_init__(self) -> None:
        if not any(character.isdigit() for character in self.n):
            raise incomplete("table", self.name, "no n")


def page_figure(drawing: "Drawing") -> PageFigure:
    """Render a figure in both layouts.

    Parameters
    ----------
    drawing : Drawing
        The figure.

    Returns
    -------
    PageFigure
        With SVG pictures.
    """
    from analysis.reporting.drawing import WIDTH, bare_svg

    wide, narrow = (data_address(bare_svg(drawing, width)) for width in (WIDTH, NARROW))
    return PageFigure(drawing.alt, drawing.title, drawing.sample, drawing.notes, wide, narrow)


def data_address(svg: bytes) -> str:
    """Encode an SVG picture as a data address."""
    return "data:image/svg+xml;base64," + b64encode(svg).decode("ascii")


def number(value: float | None, digits: int = 3) -> str:
    """Format a number with a minus sign; a missing one is an em dash.

    Parameters
    ----------
    value : float or None
        None, NaN and NA are missing.
    digits : int
        Decimals.

    Returns
    -------
    str
        The text of a cell.
    """
    return "—" if pandas.isna(value) else f"{value:z,.{digits}f}".replace("-", "−")


def span(low: float | None, high: float | None, digits: int = 3) -> str:
    """Format an interval; an em dash if both ends are missing.

    Parameters
    ----------
    low, high : float or None
        Ends of the interval.
    digits : int
        Decimals.

    Returns
    -------
    str
        The text of a cell.
    """
    return "—" if number(low) == number(high) == "—" else f"{number(low, digits)} to {number(high, digits)}"


def p_value(value: float | None) -> str:
    """Format a p value; small ones as ``< 0.001``."""
    return "< 0.001" if value is not None and value < 0.001 else number(value)


def state_years(sizes: "pandas.Series[Any]") -> str:
    """Format sample sizes as one number or a range.

    Parameters
    ----------
    sizes : Series
        State-years of each fit, possibly missing.

    Returns
    -------
    str
        For example ``n = 7,962 state-years``; empty if every size is missing.
    """
    known = sizes.dropna()
    if known.empty:
        return ""
    low, high = int(known.min()), int(known.max())
    return f"n = {low:,} state-years" if low == high else f"n = {low:,} to {high:,} state-years"
