"""A regression table as LaTeX, HTML, Markdown and CSV."""

import re
from dataclasses import dataclass
from hashlib import sha256
from html import escape as escape_html

import pandas as pd
from pandas.io.formats.style import Styler
from pandas.io.formats.style_render import CSSDict

LATEX = str.maketrans(
    {character: "\\" + character for character in "&%$#_{}"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "²": r"\textsuperscript{2}",
        "–": "--",
    }
)
MARKDOWN = str.maketrans({character: "\\" + character for character in "\\*_|<>[]`"})


@dataclass(frozen=True)
class RegressionTable:
    """A regression table whose cells are text.

    Parameters
    ----------
    cells : DataFrame
        One column per model; the index holds the row labels, blank for the rows of standard errors or intervals.
    caption : str
        Caption above the table.
    note : str
        Note below the table.
    below : str
        What the rows with a blank label hold, e.g. ``"standard error"``.
    n_size_rows : int
        Number of rows at the end that give the sizes of the models.
    """

    cells: pd.DataFrame
    caption: str
    note: str
    below: str
    n_size_rows: int

    def to_latex(self, label: str) -> str:
        """LaTeX code of a complete table environment, no wider than the text.

        Parameters
        ----------
        label : str
            Label for cross-references.

        Returns
        -------
        str
            Needs the packages booktabs and graphicx.
        """
        cells = self.cells.map(_latex_cell)
        cells.index, cells.columns = (
            pd.Index([name.translate(LATEX) for name in axis]) for axis in (cells.index, cells.columns)
        )
        lines = cells.to_latex(column_format="l" + "r" * cells.shape[1], escape=False).splitlines()
        foot = next(number for number, line in enumerate(lines) if line.startswith(r"\bottomrule"))
        lines.insert(foot - self.n_size_rows, r"\midrule")
        return "\n".join(
            [
                r"\begin{table}[htbp]",
                r"\centering",
                rf"\caption{{{self.caption.translate(LATEX)}}}",
                rf"\label{{{label}}}",
                r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{" + lines[0],
                *lines[1:-1],
                lines[-1] + r"}",
                r"\par\medskip",
                rf"\begin{{minipage}}{{\linewidth}}\footnotesize {self.note.translate(LATEX)}\end{{minipage}}",
                r"\end{table}",
                "",
            ]
        )

    def to_html(self) -> str:
        """HTML figure element with its own style: the table with caption and header cells, and the note.

        Returns
        -------
        str
        """
        cells = self.cells.map(lambda cell: cell.replace("-", "−"))
        styler = Styler(cells, uuid=self._identity(), cell_ids=False, caption=escape_html(self.caption))
        styler.format(escape="html").format_index(escape="html", axis=0).format_index(escape="html", axis=1)
        table = styler.set_table_styles(self._html_styles()).to_html().replace("<th ", '<th scope="row" ')
        head, body = table.split("</thead>")
        head = head.replace('<th scope="row" ', '<th scope="col" ')
        note = f'<figcaption style="max-width: 60em; font-size: 85%">{escape_html(self.note)}</figcaption>'
        return (
            f'<figure class="regression-table" style="margin: 0 0 1.5em; overflow-x: auto">\n'
            f"{head}</thead>{body}{note}\n</figure>\n"
        )

    def to_markdown(self) -> str:
        """GitHub-flavoured Markdown table with the caption above it and the note below.

        Returns
        -------
        str
        """
        cells = self.cells.map(lambda cell: cell.translate(MARKDOWN))
        cells.index, cells.columns = (
            pd.Index([name.translate(MARKDOWN) for name in axis]) for axis in (cells.index, cells.columns)
        )
        table = cells.to_markdown(disable_numparse=True, colalign=("left", *["right"] * cells.shape[1]))
        return f"**{self.caption.translate(MARKDOWN)}**\n\n{table}\n\n{self.note.translate(MARKDOWN)}\n"

    def to_csv(self) -> str:
        """CSV of the same rows, with caption and note in two rows below.

        Returns
        -------
        str
            Numbers without parentheses and thousands separators: a spreadsheet reads (0.1) as -0.1.
        """
        cells = self.cells.map(lambda cell: re.sub(r"^\(|\)$|(?<=\d),(?=\d)", "", cell))
        cells.index = pd.Index([label or self.below for label in cells.index])
        foot = pd.DataFrame("", index=[self.caption, self.note], columns=cells.columns)
        return pd.concat([cells, foot]).to_csv(index_label="", lineterminator="\n")

    def _html_styles(self) -> list[CSSDict]:
        right, rule = "text-align: right; font-weight: normal; padding: 0.1em 0.6em", "1px solid currentColor"
        first_size_row = len(self.cells) - self.n_size_rows + 1
        return [
            {"selector": "", "props": f"border-collapse: collapse; border-top: {rule}; border-bottom: {rule}"},
            {"selector": "caption", "props": "text-align: left; font-weight: bold; padding-bottom: 0.4em"},
            {"selector": "td, thead th", "props": f"{right}; white-space: nowrap"},
            {"selector": "tbody th", "props": "text-align: left; font-weight: normal; padding: 0.1em 0.6em 0.1em 0"},
            {"selector": "thead th", "props": f"border-bottom: {rule}"},
            {"selector": f"tbody tr:nth-child({first_size_row}) > *", "props": f"border-top: {rule}"},
        ]

    def _identity(self) -> str:
        """An identifier that keeps the styles of the tables on one page apart."""
        content = f"{self.caption}\n{self.note}\n{self.cells.to_csv()}"
        return sha256(content.encode()).hexdigest()[:8]


def _latex_cell(cell: str) -> str:
    """A cell of numbers, with true minus signs and raised stars."""
    return re.sub(r"(\*+)$", r"\\textsuperscript{\1}", cell.translate(LATEX)).replace("-", "$-$")
