"""Tables of the page that compare the published commands with the models of this project."""

from typing import Any

import pandas

from analysis.core.conventions import HEADLINE_COVARIANCE
from analysis.studies.kimball import ROSE
from orchestration.outputs.report.elements import PageTable, number

Frames = dict[str, pandas.DataFrame]
MISSING = "—"


def crosswalk_models_table(frames: Frames) -> PageTable:
    """The eight published commands, each with our model and the model nearest to the article.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Results tables.

    Returns
    -------
    PageTable
        One row for each command; n and the coefficient of the rise in both models.
    """
    crosswalk, models = frames["crosswalk"], frames["models"].set_index("model")
    rows = crosswalk[crosswalk["kind"] == "model"].to_dict("records")
    rise = _rise(frames["coefficients"])
    sizes = models.loc[[row[name] for row in rows for name in ("ours", "as_published")], "n"].dropna()
    return PageTable(
        "crosswalk_models",
        "The published commands and our models",
        f"n = {sizes.min():,.0f} to {sizes.max():,.0f} state-years" if len(sizes) else "n = 0 state-years",
        ["Published", "Command", "Our model", "n", "Rose (s.e.)", "Nearest to the article: n", "Rose (s.e.)"],
        [
            (
                "",
                [
                    [
                        row["published"],
                        row["command"],
                        row["ours"],
                        number(models["n"][row["ours"]], 0),
                        rise.get(row["ours"], MISSING),
                        number(models["n"][row["as_published"]], 0),
                        rise.get(row["as_published"], MISSING),
                    ]
                    for row in rows
                ],
            )
        ],
        "Rose: coefficient of a rise of infant mortality, with its error clustered by state. The models nearest"
        " to the article have the names of ours with /as_published at the end. The public commands come without their"
        " estimates, which therefore cannot be compared.",
    )


def crosswalk_variables_table(frames: Frames) -> PageTable:
    """The variables and options of the published commands, ours, and what differs.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Results tables.

    Returns
    -------
    PageTable
        One row for each variable or option.
    """
    rows = frames["crosswalk"][frames["crosswalk"]["kind"] != "model"].to_dict("records")
    return PageTable(
        "crosswalk_variables",
        "The variables of the published commands and ours",
        f"{len(rows)} variables and options",
        ["Published", "Meaning", "Ours", "Nearest to the article", "What differs"],
        [("", [[row[name] for name in ("published", "command", "ours", "as_published", "differs")] for row in rows])],
    )


def _rise(coefficients: pandas.DataFrame) -> dict[Any, str]:
    """Coefficient and standard error of the rise, by model."""
    rows = coefficients[(coefficients["term"] == ROSE) & (coefficients["covariance"] == HEADLINE_COVARIANCE)]
    return {
        row["model"]: f"{number(row['estimate'], 4)} ({number(row['std_error'], 4)})" for row in rows.to_dict("records")
    }
