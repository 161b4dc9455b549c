"""Figures and tables of the page: each with its caption and its n, a figure with its alternative text, or an error."""

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas

from orchestration.outputs.presentation import incomplete

if TYPE_CHECKING:
    from analysis.reporting.drawing import Drawing

NARROW = 4.6  # inches: at the 343 pixels that a phone leaves, 9 points are 9 pixels high


@dataclass(frozen=True)
class PageFigure:
    """A figure in two layouts, as data addresses, for wide and for narrow screens; the words are the drawing's."""

    alt: str
    title: str
    sample: str
    notes: str
    wide: str
    narrow: str


@dataclass(frozen=True)
class PageTable:
    """head: column labels, the first that of the row labels; groups: a heading and the rows under it, cells as text,
    the row's label first. A group without a heading has "".

    n: what was counted, in words. below: the label of rows that belong to the row above them. WarehouseError where
    there is no n.
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
    from analysis.reporting.drawing import WIDTH, bare_svg

    wide, narrow = (data_address(bare_svg(drawing, width)) for width in (WIDTH, NARROW))
    return PageFigure(drawing.alt, drawing.title, drawing.sample, drawing.notes, wide, narrow)


def data_address(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + b64encode(svg).decode("ascii")


def number(value: float | None, digits: int = 3) -> str:
    """A figure with its minus sign; an em dash where there is none."""
    return "—" if pandas.isna(value) else f"{value:z,.{digits}f}".replace("-", "−")


def span(low: float, high: float, digits: int = 3) -> str:
    return "—" if number(low) == number(high) == "—" else f"{number(low, digits)} to {number(high, digits)}"


def p_value(value: float | None) -> str:
    return "< 0.001" if value is not None and value < 0.001 else number(value)
