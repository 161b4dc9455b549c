"""Regression tables in the field's layout, from the published results, as LaTeX, HTML, Markdown and CSV."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape as escape_html
from math import floor, log10

import pandas as pd
from pandas.io.formats.style import Styler

from analysis.core.errors import AnalysisError

HEADLINE_COVARIANCE = "cluster_state"
STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
STAR_LEGEND = "* p < 0.05, ** p < 0.01, *** p < 0.001 (two-sided)"
SYNTHETIC = "SYNTHETIC sample: the figures say nothing about the world."
UNCERTAINTY = {
    "stata_robust": "robust standard errors (Stata's: sandwich times n/(n-1))",
    "cluster_state": "standard errors clustered by state, times G/(G-1)",
    "cluster_state_jackknife": "standard errors of the jackknife by state (CV3)",
    "cluster_state_year": "standard errors clustered by state and by year (two-way)",
    "score_bootstrap": "95 per cent intervals of the score cluster bootstrap by state",
}
RULES = {
    "military": "military (any obligation but pure non-aggression)",
    "defense": "defense",
    "any": "any (every alliance, whatever its obligations)",
}
TERM_LABELS = {
    "cinc": "Capabilities (CINC)",
    "w_over_s": "W/S",
    "relevant_environment_disputes": "Disputes in the relevant environment",
    "infant_mortality_rate": "Infant mortality (deaths per 1,000 births)",
    "infant_mortality_rose": "Infant mortality rose (0/1)",
}
SIZE_ROWS = (  # label, column of results.models, format
    ("State-years (n)", "n", "{:,.0f}"),
    ("Formations (events)", "events", "{:,.0f}"),
    ("States", "clusters", "{:,.0f}"),
    ("Left out: a value missing", "n_dropped_missing", "{:,.0f}"),
    ("Log-likelihood", "log_likelihood", "{:,.2f}"),
    ("Pseudo-R² (McFadden)", "pseudo_r2", "{:.3f}"),
)
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
    """A table as text. cells: columns are models, the index is the row's label, blank for the rows of standard errors
    or intervals (`below` says which); the last n_size_rows rows state the sizes."""

    cells: pd.DataFrame
    caption: str
    note: str
    below: str
    n_size_rows: int = len(SIZE_ROWS)

    def to_latex(self, label: str) -> str:
        """A complete table environment, no wider than the text; needs the packages booktabs and graphicx."""
        cells = self.cells.map(latex_cell)
        cells.index, cells.columns = ([latex_text(name) for name in axis] for axis in (cells.index, cells.columns))
        lines = cells.to_latex(column_format="l" + "r" * cells.shape[1], escape=False).splitlines()
        foot = next(place for place, line in enumerate(lines) if line.startswith(r"\bottomrule"))
        lines.insert(foot - self.n_size_rows, r"\midrule")
        return "\n".join(
            [
                r"\begin{table}[htbp]",
                r"\centering",
                rf"\caption{{{latex_text(self.caption)}}}",
                rf"\label{{{label}}}",
                r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{" + lines[0],
                *lines[1:-1],
                lines[-1] + r"}",
                r"\par\medskip",
                rf"\begin{{minipage}}{{\linewidth}}\footnotesize {latex_text(self.note)}\end{{minipage}}",
                r"\end{table}",
                "",
            ]
        )

    def to_html(self) -> str:
        """A figure element with its own style: a table with caption and header cells, and the note below it."""
        right, rule = "text-align: right; font-weight: normal; padding: 0.1em 0.6em", "1px solid currentColor"
        first_size_row = len(self.cells) - self.n_size_rows + 1
        styles = [
            {"selector": "", "props": f"border-collapse: collapse; border-top: {rule}; border-bottom: {rule}"},
            {"selector": "caption", "props": "text-align: left; font-weight: bold; padding-bottom: 0.4em"},
            {"selector": "td, thead th", "props": f"{right}; white-space: nowrap"},
            {"selector": "tbody th", "props": "text-align: left; font-weight: normal; padding: 0.1em 0.6em 0.1em 0"},
            {"selector": "thead th", "props": f"border-bottom: {rule}"},
            {"selector": f"tbody tr:nth-child({first_size_row}) > *", "props": f"border-top: {rule}"},
        ]
        cells = self.cells.map(lambda cell: cell.replace("-", "−"))
        styler = Styler(cells, uuid=self.identity(), cell_ids=False, caption=escape_html(self.caption))
        styler.format(escape="html").format_index(escape="html", axis=0).format_index(escape="html", axis=1)
        table = styler.set_table_styles(styles).to_html().replace("<th ", '<th scope="row" ')
        head, body = table.split("</thead>")
        head = head.replace('<th scope="row" ', '<th scope="col" ')
        note = f'<figcaption style="max-width: 60em; font-size: 85%">{escape_html(self.note)}</figcaption>'
        return (
            f'<figure class="regression-table" style="margin: 0 0 1.5em; overflow-x: auto">\n'
            f"{head}</thead>{body}{note}\n</figure>\n"
        )

    def to_markdown(self) -> str:
        """A pipe table (GitHub's) under its caption, the note below."""
        cells = self.cells.map(lambda cell: cell.translate(MARKDOWN))
        cells.index, cells.columns = (
            [name.translate(MARKDOWN) for name in axis] for axis in (cells.index, cells.columns)
        )
        table = cells.to_markdown(disable_numparse=True, colalign=("left", *["right"] * cells.shape[1]))
        return f"**{self.caption.translate(MARKDOWN)}**\n\n{table}\n\n{self.note.translate(MARKDOWN)}\n"

    def to_csv(self) -> str:
        """The same rows, figures bare, since a spreadsheet takes (0.1) for -0.1; caption and note in two rows below."""
        cells = self.cells.map(lambda cell: re.sub(r"^\(|\)$|(?<=\d),(?=\d)", "", cell))
        cells.index = [label or self.below for label in cells.index]
        foot = pd.DataFrame("", index=[self.caption, self.note], columns=cells.columns)
        return pd.concat([cells, foot]).to_csv(index_label="", lineterminator="\n")

    def identity(self) -> str:
        """A name for the table's styles that no other table on a page has."""
        whole = f"{self.caption}\n{self.note}\n{self.cells.to_csv()}"
        return sha256(whole.encode()).hexdigest()[:8]


def latex_text(text: str) -> str:
    return text.translate(LATEX)


def latex_cell(cell: str) -> str:
    """A cell of figures: minus signs as such, stars raised."""
    return re.sub(r"(\*+)$", r"\\textsuperscript{\1}", latex_text(cell)).replace("-", "$-$")


def regression_table(
    models: pd.DataFrame,
    coefficients: pd.DataFrame,
    names: Sequence[str],
    covariance: str = HEADLINE_COVARIANCE,
) -> RegressionTable:
    """The table of the models `names`, in that order, from the frames of results.models and results.coefficients.

    A model that could not be fitted has no column; the note names it and says why. Raises AnalysisError for an unknown
    model or covariance, where a model's n is missing though nothing is said to have failed, and where no model is left.
    """
    if covariance not in UNCERTAINTY:
        raise AnalysisError(f"unknown covariance {covariance!r}; known: {', '.join(UNCERTAINTY)}")
    rows = models.set_index("model")
    unknown = [name for name in names if name not in rows.index]
    if unknown:
        raise AnalysisError(f"no model {unknown[0]!r} in results.models; it has: {', '.join(rows.index)}")
    rows = rows.loc[list(names)]
    failed = rows[~rows["converged"].astype(bool) & rows["problem"].notna()]
    fitted = rows.drop(index=failed.index)
    if fitted.empty:
        raise AnalysisError(
            f"no table: none of {', '.join(names)} could be fitted; their problems are in results.models"
        )
    without = fitted.index[fitted["n"].isna()]
    if len(without):
        raise AnalysisError(f"no table without its n: results.models has none for {', '.join(without)}")
    chosen = coefficients[
        (coefficients["covariance"] == covariance) & coefficients["model"].isin(fitted.index)
    ].sort_values("term_order", kind="stable")
    bare = fitted.index.difference(chosen["model"])
    if len(bare):
        raise AnalysisError(f"no coefficients under {covariance} for {', '.join(bare)} in results.coefficients")
    terms = sorted(chosen["term"].unique(), key=lambda term: (term == "constant", order_of(chosen, term)))
    estimates = [row for term in terms for row in term_rows(chosen[chosen["term"] == term], list(fitted.index))]
    sizes = [
        (label, ["" if pd.isna(value) else form.format(value) for value in fitted[column]])
        for label, column, form in SIZE_ROWS
    ]
    labels, cells = zip(*estimates, *sizes, strict=True)
    return RegressionTable(
        pd.DataFrame(list(cells), index=list(labels), columns=[short_name(name) for name in fitted.index]),
        caption(fitted),
        note(fitted, failed, covariance),
        "95% interval" if covariance == "score_bootstrap" else "standard error",
    )


def table_groups(models: pd.DataFrame) -> dict[str, list[str]]:
    """Which models belong side by side: those of one publication, rule and sample, under a name fit for a file.

    Groups none of whose models could be fitted are left out.
    """
    groups: dict[str, list[str]] = {}
    for row in models.itertuples():
        parts = (row.model.split("/")[0], row.rule, row.sample)
        groups.setdefault("_".join(str(part) for part in parts if pd.notna(part)), []).append(row.model)
    fitted = set(models["model"][models["converged"].astype(bool)])
    return {name: members for name, members in groups.items() if fitted.intersection(members)}


def order_of(chosen: pd.DataFrame, term: str) -> float:
    return float(chosen.loc[chosen["term"] == term, "term_order"].astype(float).mean())


def term_rows(chosen: pd.DataFrame, names: list[str]) -> list[tuple[str, list[str]]]:
    """The row of estimates of one term, starred, and below it that of their standard errors or intervals."""
    by_model = chosen.set_index("model").reindex(names)
    width = by_model["std_error"].fillna((by_model["conf_high"] - by_model["conf_low"]) / 4.0)
    digits = decimals(width)
    above, below = [], []
    for row in by_model.itertuples():
        above.append("" if pd.isna(row.estimate) else f"{row.estimate:.{digits}f}{stars(row.p_value)}")
        if pd.notna(row.std_error):
            below.append(f"({row.std_error:.{digits}f})")
        elif pd.isna(row.estimate):
            below.append("")
        else:
            ends = ["?" if pd.isna(end) else f"{end:.{digits}f}" for end in (row.conf_low, row.conf_high)]
            below.append(f"[{ends[0]}; {ends[1]}]")
    return [(term_label(chosen["term"].iloc[0]), above), ("", below)]


def decimals(errors: pd.Series) -> int:
    """Three; where errors are below 0.01 or above 10, as many as show the smallest of the row with two figures."""
    smallest = errors[errors > 0].min()
    return 3 if pd.isna(smallest) or 0.01 <= smallest < 10 else max(0, 1 - floor(log10(smallest)))


def stars(p_value: float) -> str:
    return next((mark for limit, mark in STARS if p_value < limit), "")


def term_label(term: str) -> str:
    """A term's name in words: dispute_rivals_lag_1 is Dispute rivals (1 year before)."""
    name, _, lag = term.partition("_lag_")
    words = TERM_LABELS.get(name) or name.replace("_spline_", ", spline ").replace("_", " ").capitalize()
    return f"{words} ({lag} year{'s' if lag != '1' else ''} before)" if lag else words


def short_name(model: str) -> str:
    """A model's name without its publication: t1_m1b/defense."""
    return model.split("/", 1)[-1]


def caption(fitted: pd.DataFrame) -> str:
    outcomes, samples = joined(fitted["outcome"]), joined(fitted["sample"])
    mark = "SYNTHETIC sample. " if fitted["is_synthetic"].any() else ""
    publications = ", ".join(dict.fromkeys(name.split("/")[0] for name in fitted.index))
    return f"{mark}{joined(fitted['family']).capitalize()} of {outcomes}, {samples} ({publications})"


def note(fitted: pd.DataFrame, failed: pd.DataFrame, covariance: str) -> str:
    uncertainty = UNCERTAINTY[covariance]
    sentences = [f"Coefficients of the linear index; below them {uncertainty}. {STAR_LEGEND}."]
    rules = [RULES.get(rule, rule) for rule in fitted["rule"].dropna().unique()]
    if rules:
        sentences.append(f"Obligation rule: {'; '.join(rules)}.")
    dropped = [f"{short_name(name)}: {text}" for name, text in fitted["terms_dropped"].dropna().items()]
    sentences.append(f"Terms dropped: {'; '.join(dropped) if dropped else 'none'}.")
    sentences += [f"To know of {short_name(name)}: {text}." for name, text in fitted["problem"].dropna().items()]
    sentences += [f"Not estimated: {short_name(name)} ({text})." for name, text in failed["problem"].items()]
    sentences.append(f"Mart {joined(fitted['mart_fingerprint'].str[:12])}.")
    return " ".join(([SYNTHETIC] if fitted["is_synthetic"].any() else []) + sentences)


def joined(values: pd.Series) -> str:
    return ", ".join(str(value) for value in values.dropna().unique())
